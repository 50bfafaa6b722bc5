"""amounts.csv: one row per amount, numbers stay numbers, texts do no harm."""

from __future__ import annotations

import csv
import io

from cleanup.reconcile import reconcile
from dictionaries.identities import load_identities
from document.types import Document
from document.writers.amounts_csv import COLUMNS, write_amounts_csv
from tests.amount_tables import EXPENDITURE, changed, document, table


def lines(doc: Document) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(write_amounts_csv(doc).decode("utf-8-sig"))))


def test_every_amount_with_its_place() -> None:
    doc = reconcile(document(table(EXPENDITURE, number="公开03表", unit="万元")), load_identities())
    found = lines(doc)
    assert tuple(found[0]) == COLUMNS
    assert len(found) == sum(c.amount is not None for c in doc.tables[0].cells) == 21
    leaf = next(f for f in found if f["row_code"] == "2080505" and f["column_path"] == "基本支出")
    assert leaf["row_path"] == "社会保障和就业支出 / 行政事业单位养老支出 / 机关事业单位基本养老保险缴费支出"
    assert (leaf["amount"], leaf["unit"], leaf["amount_yuan"]) == ("231.49", "万元", "2314900.00")
    assert (leaf["page"], leaf["left"], leaf["bottom"], leaf["status"]) == ("1", "10.00", "40.00", "verified")
    assert (leaf["year"], leaf["table_number"], leaf["table_title"]) == ("2023", "公开03表", "支出决算表")


def test_statuses() -> None:
    corrected = lines(reconcile(document(table(changed(4, 2, "237.49"))), load_identities()))
    assert [f["status"] for f in corrected if f["amount"] == "231.49"] == ["corrected", "verified"]
    unproved = lines(document(table(EXPENDITURE)))
    assert {f["status"] for f in unproved} == {"unverified"}
    doubted = lines(reconcile(document(table(changed(4, 2, "918.27"))), load_identities()))
    assert next(f for f in doubted if f["amount"] == "918.27")["status"] == "needs_review"


def test_negative_amounts_stay_numbers_and_formulas_do_no_harm() -> None:
    rows = [["项目", "金额"], ["=HYPERLINK(1)", "-262.00"], ["@某费", "12%"], ["（一）车辆数合计（辆）", "6"]]
    found = lines(document(table(rows, title="+表", unit="-万元")))
    assert [f["amount"] for f in found] == ["-262.00", "12", "6"]
    assert [f["row_name"] for f in found][:2] == ["'=HYPERLINK(1)", "'@某费"]
    assert [f["unit"] for f in found] == ["'-万元", "%", "辆"]
    assert [f["amount_yuan"] for f in found] == ["", "", ""]
    assert {f["table_title"] for f in found} == {"'+表"}


def test_pieces_of_a_code_are_one_code() -> None:
    rows = [["类", "款", "项", "科目名称", "合计"], ["201", "03", "01", "行政运行", "16.42"]]
    (only,) = lines(document(table(rows, unit="元")))
    assert (only["row_code"], only["row_name"], only["amount_yuan"]) == ("2010301", "行政运行", "16.42")


def test_a_document_without_amounts_has_only_a_header() -> None:
    assert write_amounts_csv(document()).decode("utf-8-sig").strip() == ",".join(COLUMNS)
