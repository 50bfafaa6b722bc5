"""Every identity of a disclosure: on an invented document it holds, fails in words, and is rounded where that is said.

A document that is wrong in print comes out as it is printed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from cleanup.identities import bare_title
from cleanup.reconcile import reconcile
from dictionaries.identities import load_identities
from document.types import BlockKind, Cell, Document, Reading, Table, TextBlock
from tests.amount_tables import BOX, EXPENDITURE, Spans, cell, document, table

IDENTITIES = load_identities()
Rows = Sequence[Sequence[str | None]]


@dataclass(frozen=True)
class Case:
    """A document in which one identity holds, and a cell with which it does not."""

    name: str
    tables: tuple[tuple[str, Rows], ...]
    at: tuple[int, int, int]
    """Table, row and column of the cell that is changed."""
    wrong: str
    """What no misreading makes of it: it must be wrong in print."""
    rounded: str | None = None
    """A value that rounding makes; None for an amount that two tables print: it is the same in both."""
    spans: Spans | None = None


FUNCTIONAL = [row[:3] for row in EXPENDITURE]
OVERVIEW = [
    ["项目", "行次", "金额", "项目", "行次", "金额"],
    ["一、一般公共预算财政拨款收入", "1", "915.52", "一、社会保障和就业支出", "4", "366.00"],
    ["二、上级补助收入", "2", "80.00", "二、卫生健康支出", "5", "629.52"],
    ["本年收入合计", "3", "995.52", "本年支出合计", "6", "995.52"],
]
BUDGET = [
    ["项目", "2023年", "项目", "2023年合计"],
    ["一、一般公共预算", "915.52", "一、社会保障和就业支出", "366.00"],
    ["二、单位资金", "80.00", "二、卫生健康支出", "629.52"],
    ["本年收入合计", "995.52", "本年支出合计", "995.52"],
]
FISCAL = [
    ["项目", "行次", "金额", "项目", "行次", "合计", "一般公共预算财政拨款", "政府性基金预算财政拨款"],
    ["一、一般公共预算财政拨款", "1", "915.52", "一、社会保障和就业支出", "4", "366.00", "366.00", ""],
    ["二、政府性基金预算财政拨款", "2", "80.00", "二、卫生健康支出", "5", "629.52", "549.52", "80.00"],
    ["本年收入合计", "3", "995.52", "本年支出合计", "6", "995.52", "915.52", "80.00"],
]
ECONOMIC = [
    ["科目编码", "科目名称", "决算数", "科目编码", "科目名称", "决算数"],
    ["301", "工资福利支出", "600.30", "302", "商品和服务支出", "112.00"],
    ["30101", "基本工资", "400.10", "30201", "办公费", "70.00"],
    ["30102", "津贴补贴", "200.20", "30211", "差旅费", "42.00"],
    ["人员经费合计", None, "600.30", "公用经费合计", None, "112.00"],
]
ECONOMIC_SPANS: Spans = {(4, 0): (1, 2), (4, 3): (1, 2)}
THREE_PUBLIC = [
    ["合计", "因公出国（境）费", "公务用车购置及运行维护费", None, None, "公务接待费"],
    ["", "", "小计", "公务用车购置费", "公务用车运行维护费", ""],
    ["57.31", "12.05", "31.12", "19.80", "11.32", "14.14"],
    ["57.31", "12.05", "31.12", "19.80", "11.32", "14.14"],
]
THREE_SPANS: Spans = {(0, 2): (1, 3)}
INCOME = [["科目编码", "科目名称", "本年收入合计"], ["合计", "", "995.52"], ["208", "社会保障和就业支出", "995.52"]]
PLANNED = [["科目编码", "科目名称", "合计"], ["合计", "", "995.52"], ["208", "社会保障和就业支出", "995.52"]]
GENERAL = [["科目编码", "科目名称", "小计", "基本支出", "项目支出"], *EXPENDITURE[1:]]
FORM = [
    ["项目资金", "年度资金总额：", "120.00"],
    ["项目资金", "其中：中央财政资金", "40.00"],
    ["项目资金", "省级财政资金", "50.00"],
    ["项目资金", "单位自筹", "30.00"],
]
GROUPS = [
    ["项目", "合计", "一般公共预算"],
    ["合计", "57.31", "57.31"],
    ["1.因公出国（境）费用", "12.05", "12.05"],
    ["2.公务接待费", "14.14", "14.14"],
    ["3.公务用车购置及运行费", "31.12", "31.12"],
    ["①公务用车购置费", "19.80", "19.80"],
    ["②公务用车运行维护费", "11.32", "11.32"],
]
ROUNDED = [
    ["科目编码", "科目名称", "合计", "基本支出", "项目支出"],
    ["212", "城乡社区支出", "3832.36", "1572.70", "2259.65"],
    ["21201", "城乡社区管理事务", "1092.80", "1084.02", "8.77"],
    ["2120101", "行政运行", "1092.80", "1084.02", "8.77"],
    ["21202", "城乡社区规划与管理", "2739.56", "488.68", "2250.88"],
    ["2120201", "城乡社区规划与管理", "2739.56", "488.68", "2250.88"],
]
"""Amounts that rounding has put out by a cent, each proved by the other direction."""
CASES = [
    Case("上级科目=下级科目合计", (("支出决算表", FUNCTIONAL),), (0, 2, 2), "388.88", "366.01"),
    Case("合计=各类科目合计", (("支出决算表", FUNCTIONAL),), (0, 1, 2), "888.88", "915.53"),
    Case("合计=各列之和", (("支出决算表", EXPENDITURE[:1] + EXPENDITURE[4:6]),), (0, 1, 2), "888.88", "231.48"),
    Case("合计=各列之和", (("三公经费支出表", THREE_PUBLIC),), (0, 2, 0), "88.88", "57.32", THREE_SPANS),
    Case("合计=各行之和", (("收入支出决算总表", OVERVIEW),), (0, 3, 2), "888.88", "995.53"),
    Case(
        "收入总计=支出总计",
        (("收支总表", [OVERVIEW[0], ["收入总计", "1", "9.50", "支出总计", "2", "9.50"]]),),
        (0, 1, 2),
        "8.88",
        "9.51",
    ),
    Case("大项=小项之和", (("三公经费支出预算表", GROUPS),), (0, 4, 1), "88.88", "31.11"),
    Case("资金总额=各级资金之和", (("项目支出绩效目标表", FORM),), (0, 0, 2), "888.88", "120.01"),
    Case("收入决算表=收支总表本年收入", (("收入支出决算总表", OVERVIEW), ("收入决算表", INCOME)), (1, 1, 2), "888.88"),
    Case(
        "支出决算表=收支总表本年支出",
        (("收入支出决算总表", OVERVIEW), ("支出决算表", [["科目编码", "科目名称", "本年支出合计"], *INCOME[1:]])),
        (1, 1, 2),
        "888.88",
    ),
    Case(
        "预算收入总表=收支总表本年收入",
        (("表一2023年预算收支总表", BUDGET), ("表二2023年预算收入总表", PLANNED)),
        (1, 1, 2),
        "888.88",
    ),
    Case(
        "预算支出总表=收支总表本年支出",
        (("2023年预算收支总表", BUDGET), ("2023年预算支出总表", PLANNED)),
        (1, 1, 2),
        "888.88",
    ),
    Case(
        "财政拨款总表收入=决算总表收入",
        (("收入支出决算总表", OVERVIEW), ("财政拨款收入支出决算总表", FISCAL)),
        (1, 1, 2),
        "888.88",
    ),
    Case(
        "一般公共预算支出=财政拨款总表本年支出",
        (("四、财政拨款收入支出决算总表", FISCAL), ("一般公共预算财政拨款支出决算表", GENERAL)),
        (1, 1, 2),
        "888.88",
    ),
    Case(
        "基本支出=人员经费+公用经费",
        (("一般公共预算财政拨款支出决算表", GENERAL), ("一般公共预算财政拨款基本支出决算表", ECONOMIC)),
        (1, 4, 2),
        "888.88",
        "600.31",
        ECONOMIC_SPANS,
    ),
    Case(
        "一般公共预算基本支出=经济科目合计",
        (
            ("2023年一般公共预算支出预算表（不含上年结转）", [EXPENDITURE[0], *EXPENDITURE[1:]]),
            (
                "2023年一般公共预算安排基本支出分经济科目表(不含上年结转)",
                [["经济科目", "合计"], ["合计", "712.30"], ["工资福利支出", "712.30"]],
            ),
        ),
        (1, 1, 1),
        "888.88",
    ),
]


def made(case: Case, text: str | None = None, note: str | None = None) -> Document:
    """The case's document after reconciliation, one cell changed, or with a note on rounding and a proof of it."""
    tables = []
    for number, (title, rows) in enumerate(case.tables):
        at = case.at[1:] if case.at[0] == number and text is not None else None
        texts = [[text if (r, c) == at else t for c, t in enumerate(row)] for r, row in enumerate(rows)]
        tables.append(table(texts, title, case.spans if number == case.at[0] else None, unit="万元"))
    if note:
        tables.append(table(ROUNDED, "另一张决算表"))
    return reconcile(document(*tables, notes=[note] if note else []), IDENTITIES)


def words(doc: Document) -> list[str]:
    return [r for t in doc.tables for c in t.cells for r in c.reading.reasons]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_where_it_holds_its_cells_are_verified_by_it(case: Case) -> None:
    doc = made(case)
    assert case.name in cell(doc, *case.at[1:], case.at[0]).verified_by
    assert not words(doc)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_where_it_fails_in_print_nothing_is_changed_and_the_table_says_so(case: Case) -> None:
    doc = made(case, case.wrong)
    found = cell(doc, *case.at[1:], case.at[0])
    assert found.reading.text == case.wrong
    assert not [c for t in doc.tables for x in t.cells for c in x.reading.corrections]
    assert found.reading.needs_review
    assert any(r.startswith(case.name) and "差" in r for r in found.reading.reasons)
    assert any(r.startswith(case.name) for t in doc.tables for r in t.reasons)


@pytest.mark.parametrize("case", [case for case in CASES if case.rounded], ids=lambda case: case.name)
def test_a_last_digit_is_told_unless_the_document_says_that_it_rounds(case: Case) -> None:
    exact = made(case, case.rounded)
    assert any(r.startswith(case.name) for r in words(exact)) or case.rounded not in texts(exact)
    rounding = made(case, case.rounded, "注：部分合计数因四舍五入存在尾数误差。")
    assert case.rounded in texts(rounding)
    assert not [r for r in words(rounding) if r.startswith(case.name)]


def texts(doc: Document) -> list[str]:
    return [c.reading.text for t in doc.tables for c in t.cells]


@pytest.mark.parametrize(
    ("title", "bare"),
    [
        ("表一2023年预算收支总表", "预算收支总表"),
        ("2023年度收入支出决算总表", "收入支出决算总表"),
        ("附表12023年预算收支总表", "预算收支总表"),
        ("一般公共预算财政拨款支出决算表", "一般公共预算财政拨款支出决算表"),
        ("五、一般公共预算支出表", "一般公共预算支出表"),
        ("预算公开表3 预算支出总表", "预算支出总表"),
        ("公开02表 收入决算表", "收入决算表"),
    ],
)
def test_a_title_without_its_number_and_year(title: str, bare: str) -> None:
    assert bare_title(title) == bare


FORM_IN_YUAN = [
    ["项目名称", "某项目", "实施单位", "某单位"],
    ["实施期资金总额：", "2,859,600", "年度资金总额：", "1,859,600"],
    ["其中：中央财政资金", "1,000,000", "其中：中央财政资金", "0"],
    ["市县（区）财政资金", "1,859,600", "市县（区）财政资金", "1,859,600"],
]


@pytest.mark.parametrize("read", ["2,080,501", "1859.60", "7,777,777"])
def test_whole_amounts_that_look_like_a_code_or_a_decimal_are_amounts_of_a_form(read: str) -> None:
    rows = [list(row) for row in FORM_IN_YUAN]
    assert "资金总额=各级资金之和" in cell(reconcile(document(table(rows, "绩效目标表")), IDENTITIES), 1, 3).verified_by
    rows[3][3] = read
    found = cell(reconcile(document(table(rows, "绩效目标表")), IDENTITIES), 3, 3)
    assert found.reading.text == "1,859,600" or found.reading.needs_review


THREE_PUBLIC_ROWS = [
    ["项目", "2023年预算数", "2024年预算数"],
    ["合计", "56.92", "49.13"],
    ["因公出国（境）费", "1.29", "1.27"],
    ["公务接待费", "18.63", "11.68"],
    ["公务用车购置及运行费", "37.00", "36.18"],
    ["其中：公务用车购置费", "12.06", "13.90"],
    ["公务用车运行维护费", "24.94", "22.28"],
]


@pytest.mark.parametrize("enumerators", [("", "", ""), ("1.", "2.", "3."), ("一、", "二、", "三、")])
def test_what_follows_a_part_may_be_the_next_part(enumerators: tuple[str, str, str]) -> None:
    """其中： is printed once, and the rows after it are parts too: the total is the sum of the three."""
    rows = [list(row) for row in THREE_PUBLIC_ROWS]
    for row, enumerator in zip(rows[2:5], enumerators, strict=True):
        row[0] = enumerator + row[0]
    doc = reconcile(document(table(rows, "“三公”经费支出表")), IDENTITIES)
    assert not words(doc)
    assert "合计=各行之和" in cell(doc, 1, 1).verified_by
    rows[4][1] = "37.77"
    assert any(reason.startswith("合计=各行之和") for reason in words(reconcile(document(table(rows)), IDENTITIES)))


def test_a_row_after_a_part_that_is_no_part_counts() -> None:
    rows = [["项目", "金额"], ["财政拨款", "40.00"], ["其中：专项", "8.00"], ["单位资金", "10.00"], ["合计", "50.00"]]
    doc = reconcile(document(table(rows, "收支总表")), IDENTITIES)
    assert not words(doc)
    assert "合计=各行之和" in cell(doc, 4, 1).verified_by


# --- forms and prose --------------------------------------------------------------------------------------

RATES = [
    ["预算资金", "年初预算数", "全年预算数", "全年执行数", "执行率"],
    ["年度资金总额", "40.00", "50.00", "47.31", "94.62%"],
    ["其中：财政拨款", "40.00", "40.00", "39.00", "97.5%"],
]


@pytest.mark.parametrize(("rate", "holds"), [("94.62%", True), ("94.63%", True), ("49.62%", False), ("94.26%", False)])
def test_a_rate_in_its_column(rate: str, holds: bool) -> None:
    rows = [list(row) for row in RATES]
    rows[1][4] = rate
    doc = reconcile(document(table(rows, "项目支出绩效自评表")), IDENTITIES)
    at = [cell(doc, 1, col) for col in (2, 3, 4)]
    assert [c.reading.text for c in at] == ["50.00", "47.31", rate]
    assert all(("预算执行率=执行数÷预算数" in c.verified_by) == holds for c in at)
    assert all(c.reading.needs_review != holds for c in at)
    assert not cell(doc, 2, 4).reading.needs_review


def said(text: str, rows: Rows = THREE_PUBLIC, **more: object) -> tuple[Reading, Cell]:
    """A paragraph beside the 三公 table; the paragraph and the cell of 公务接待费."""
    doc = document(table(rows, "财政拨款“三公”经费支出决算表", THREE_SPANS, **{"unit": "万元", **more}))
    prose = TextBlock("p", BlockKind.PARAGRAPH, (1,), BOX, Reading(text, text))
    doc = reconcile(replace(doc, blocks=(*doc.blocks, prose)), IDENTITIES)
    assert isinstance(doc.blocks[-1], TextBlock)
    assert isinstance(doc.blocks[0], Table)
    return doc.blocks[-1].reading, cell(doc, 2, 5)


@pytest.mark.parametrize(
    "text",
    ["公务接待费支出决算为14.14万元。", "其中：公务接待费141,400元；", "公务接待费预算14.14万元，比上年增加3.00万元。"],
)
def test_prose_that_says_what_the_table_prints_verifies_it(text: str) -> None:
    reading, found = said(text)
    assert "公务接待费文字=表中数" in found.verified_by
    assert not reading.needs_review


def test_prose_one_slip_from_the_table_is_told_and_nothing_changed() -> None:
    reading, found = said("“三公”经费决算57.31万元，其中公务接待费支出14.74万元。")
    assert reading.reasons == ("公务接待费文字=表中数：文字为14.74万元，表中为14.14万元",)
    assert "14.74" in reading.text
    assert found.reading.text == "14.14"
    assert not found.reading.needs_review  # the table's own sums prove it


def test_prose_of_another_year_or_purpose_says_nothing() -> None:
    for text in (
        "公务接待费比上年减少14.74万元。",
        "公务接待费上年为23.50万元。",
        "公务接待批次中，外宾接待支出14.74万元。",
    ):
        reading, _ = said(text)
        assert not reading.needs_review
