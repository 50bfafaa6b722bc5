"""document.xlsx and the tables as CSV, opened with openpyxl and the csv module, against the document."""

import csv
import io
import time
from dataclasses import replace
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from writers_sample import HOSTILE, accounts, cell, document, hostile_table, reading

from document.exceptions import ContractError
from document.types import Table
from document.writers.csv_tables import table_csv, write_csv_tables
from document.writers.grid import fitted_rows, table_names
from document.writers.safe import is_formula, plain, spreadsheet_text
from document.writers.xlsx import CONTENTS, number_format, write_xlsx


@pytest.fixture(scope="module")
def book() -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(write_xlsx(document())["document.xlsx"]))


def test_every_cell_of_every_table_is_in_its_sheet(book: openpyxl.Workbook) -> None:
    for sheet, table in zip(book.worksheets[1:], document().tables, strict=True):
        for c in table.cells:
            value = sheet.cell(c.row + 1, c.col + 1).value
            if c.amount is not None:
                percent = c.reading.text.endswith("%")
                assert Decimal(repr(value)) == Decimal(c.amount) / (100 if percent else 1)
            else:
                assert (value or "") == plain(c.reading.text).replace("_x0041_", "_x005F_x0041_")


def test_merged_cells_are_merged_as_printed(book: openpyxl.Workbook) -> None:
    assert {str(r) for r in book.worksheets[1].merged_cells.ranges} == {"A1:B1", "C1:C2", "D1:D2", "A3:B3"}


def test_numbers_look_as_printed(book: openpyxl.Workbook) -> None:
    sheet = book.worksheets[1]
    assert [sheet[at].number_format for at in ("C3", "D3", "C4", "D4")] == ["#,##0.00", "0%", "0.00", "0.00%"]
    assert sheet["A4"].value == "2101102"
    assert sheet["A4"].number_format == "@"


def test_sheets_bear_the_real_names_as_far_as_excel_takes_them(book: openpyxl.Workbook) -> None:
    assert book.sheetnames == [CONTENTS, "公开01表-收入支出决算总表", "收入-支出-总-表"]


def test_doubts_and_corrections_are_coloured_and_explained(book: openpyxl.Workbook) -> None:
    sheet = book.worksheets[1]
    doubt, corrected, untouched = sheet["C5"], sheet["B4"], sheet["B5"]
    assert "与下级科目合计不符（差 0.30）" in doubt.comment.text
    assert "事业单位医疗人" in corrected.comment.text
    assert untouched.comment is None
    assert doubt.fill.start_color.rgb != corrected.fill.start_color.rgb != untouched.fill.start_color.rgb


def test_the_first_sheet_tells_contents_and_checks(book: openpyxl.Workbook) -> None:
    texts = [str(c.value) for row in book[CONTENTS].iter_rows() for c in row if c.value is not None]
    assert "青石县水利局2024年度决算" in texts
    assert "收入支出决算总表" in texts
    assert "合计＝各类之和" in texts
    assert any("与下级科目合计不符" in text for text in texts)
    assert any("第3页" in text and "damaged" in text for text in texts)
    links = [c.hyperlink.location for row in book[CONTENTS].iter_rows() for c in row if c.hyperlink]
    assert links == ["'公开01表-收入支出决算总表'!A1", "'收入-支出-总-表'!A1"]


def test_nothing_in_the_workbook_is_a_formula(book: openpyxl.Workbook) -> None:
    cells = [c for sheet in book for row in sheet.iter_rows() for c in row if isinstance(c.value, str)]
    assert {c.data_type for c in cells} == {"s"}
    formulas = [c for c in cells if is_formula(c.value)]
    assert formulas
    assert all(c.quotePrefix for c in formulas)


def test_the_same_document_gives_the_same_workbook() -> None:
    first = write_xlsx(document())
    time.sleep(1.1)
    assert write_xlsx(document()) == first


def test_a_number_too_long_for_a_spreadsheet_stays_exact_as_text() -> None:
    long = "12345678901234567.89"
    table = Table("b1", (1,), 1, 1, (cell(0, 0, long, amount=long),))
    data = write_xlsx(replace(document(), blocks=(table,)))["document.xlsx"]
    assert openpyxl.load_workbook(io.BytesIO(data)).worksheets[1]["A1"].value == long


@pytest.mark.parametrize(
    ("amount", "separated", "percent", "expected"),
    [("5", False, False, "0"), ("1.50", True, False, "#,##0.00"), ("95", False, True, "0%")],
)
def test_number_formats(amount: str, separated: bool, percent: bool, expected: str) -> None:
    assert number_format(Decimal(amount), separated, percent) == expected


# --- csv --------------------------------------------------------------------------------------------------


def test_each_table_is_a_csv_that_excel_opens() -> None:
    files = write_csv_tables(document())
    assert list(files) == ["tables/01-公开01表-收入支出决算总表.csv", "tables/02-收入-支出-总-表.csv"]
    rows = list(csv.reader(io.StringIO(files["tables/01-公开01表-收入支出决算总表.csv"].decode("utf-8-sig"))))
    assert rows == [
        ["项目", "", "金额", "占比"],
        ["科目编码", "科目名称", "", ""],
        ["合计", "", "37188.34", "100%"],
        ["2101102", "事业单位医疗", "-20.50", "0.55%"],
        ["2210201", "住房公积金", "820.66", ""],
    ]


def test_formulas_get_an_apostrophe_and_negative_amounts_do_not() -> None:
    fields = [field for row in csv.reader(io.StringIO(table_csv(hostile_table()))) for field in row]
    assert len(fields) == len(HOSTILE)
    assert not any(field[0] in "=+-@＝\t\r" for field in fields)
    assert "-20.50" in table_csv(accounts())


@given(st.text(max_size=30))
def test_no_text_is_a_formula_afterwards(text: str) -> None:
    made = spreadsheet_text(text)
    assert not is_formula(made)
    assert not any(ord(c) < 32 or c == "\x7f" for c in made)
    assert made.lstrip("'") == plain(text).lstrip("'")


# --- grids and names --------------------------------------------------------------------------------------


def test_spans_that_run_over_another_cell_are_single_positions() -> None:
    table = Table("b1", (1,), 1, 2, (cell(0, 0, "甲", col_span=2), cell(0, 1, "乙")))
    assert [c.col_span for c in fitted_rows(table)[0]] == [1, 1]


def test_two_cells_at_one_position_lose_nothing() -> None:
    table = Table("b1", (1,), 1, 1, (cell(0, 0, "1", amount="1"), cell(0, 0, "2", amount="2")))
    ((one,),) = fitted_rows(table)
    assert (one.reading.text, one.amount, one.reading.needs_review) == ("1 2", None, True)


@pytest.mark.parametrize(
    "table",
    [
        Table("b1", (1,), 1, 1, (replace(cell(0, 0, "甲"), row=5),)),
        Table("b1", (1,), 10**9, 10**6, ()),
    ],
)
def test_impossible_grids_are_refused(table: Table) -> None:
    with pytest.raises(ContractError):
        fitted_rows(table)


@given(st.lists(st.text(max_size=40), max_size=12))
def test_names_are_short_and_differ(titles: list[str]) -> None:
    tables = [Table(f"b{n}", (1,), 0, 0, (), title) for n, title in enumerate(titles)]
    names = table_names(tables, 30)
    assert len({name.casefold() for name in names}) == len(tables)
    assert all(0 < len(name) <= 30 and not set(name) & set("[]:*?/\\'\"<>|\0") for name in names)


def test_an_escape_of_the_format_stays_text() -> None:
    table = Table("b1", (1,), 1, 1, (replace(cell(0, 0, ""), reading=reading("_x000D_")),))
    data = write_xlsx(replace(document(), blocks=(table,)))["document.xlsx"]
    assert openpyxl.load_workbook(io.BytesIO(data)).worksheets[1]["A1"].value == "_x005F_x000D_"
