"""Amounts add up: what holds is verified, what is beyond doubt repaired, the rest flagged; nothing silent."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from timing import shortest

from cleanup.reconcile import ReconcileOptions, reconcile
from dictionaries.identities import load_identities
from document.types import Document, Rule, Table
from tests.amount_tables import EXPENDITURE, cell, changed, document, heard, table

IDENTITIES = load_identities()


def reconciled(*tables: Table, notes: tuple[str, ...] = ()) -> Document:
    return reconcile(document(*tables, notes=notes), IDENTITIES)


def flagged(doc: Document, number: int = 0) -> set[tuple[int, int]]:
    return {(c.row, c.col) for c in doc.tables[number].cells if c.reading.needs_review}


def texts(doc: Document, number: int = 0) -> list[str]:
    return [c.reading.text for c in doc.tables[number].cells]


def test_a_table_that_adds_up_is_verified_and_unchanged() -> None:
    doc = reconciled(table(EXPENDITURE))
    assert texts(doc) == [t for row in EXPENDITURE for t in row]
    assert not flagged(doc)
    assert not doc.tables[0].reasons
    assert all(c.verified_by for c in doc.tables[0].cells if c.amount)
    assert set(cell(doc, 3, 2).verified_by) == {"上级科目=下级科目合计", "合计=各列之和"}


@pytest.mark.parametrize(
    ("read", "what"),
    [
        ("237.49", "a digit"),
        ("23149", "the point"),
        ("31.49", "a digit lost"),
        ("2331.49", "a digit doubled"),
        ("2B1.49", "a letter"),
    ],
)
def test_a_misread_amount_that_two_sums_deny_is_repaired(read: str, what: str) -> None:
    doc = reconciled(table(changed(4, 2, read)))
    got = cell(doc, 4, 2)
    assert got.reading.text == "231.49", what
    assert got.amount == "231.49"
    last = got.reading.corrections[-1]
    assert last.rule is Rule.IDENTITY
    assert last.source is not None
    assert "上级科目=下级科目合计" in last.source
    assert got.reading.raw == read
    assert not flagged(doc)


def test_one_sum_alone_repairs_nothing() -> None:
    rows = [["科目编码", "科目名称", "金额"], ["301", "工资福利支出", "90.00"]]
    rows += [[f"3010{i}", f"某某费{i}", f"{i}0.00"] for i in (1, 2, 3)] + [["30199", "其他", "33.00"]]
    doc = reconciled(table(rows))
    assert texts(doc) == [t for row in rows for t in row]
    assert flagged(doc) == {(r, 2) for r in range(1, 6)}
    (reason,) = cell(doc, 1, 2).reading.reasons
    assert "差 3.00" in reason


def test_one_sum_and_the_recognisers_second_thought_repair() -> None:
    rows = [["科目编码", "科目名称", "金额"], ["301", "工资福利支出", "90.00"]]
    rows += [[f"3010{i}", f"某某费{i}", f"{i}0.00"] for i in (1, 2, 3)] + [["30199", "其他", "33.00"]]
    doc = document(table(rows))
    cells = tuple(
        replace(c, lines=(heard("33.00", 1, "0", 0.3),)) if (c.row, c.col) == (5, 2) else c for c in doc.tables[0].cells
    )
    got = reconcile(replace(doc, blocks=(replace(doc.tables[0], cells=cells),)), IDENTITIES)
    assert cell(got, 5, 2).reading.text == "30.00"
    assert not flagged(got)


def test_a_copy_in_another_table_settles_it() -> None:
    single = [[row[0], row[1], row[2]] for row in EXPENDITURE]
    single[0][2] = "金额"
    damaged = [list(row) for row in single]
    damaged[4][2] = "281.49"
    doc = reconciled(table(damaged, "收入决算表"), table(single, "支出决算表"))
    assert cell(doc, 4, 2).reading.text == "231.49"
    assert "同《支出决算表》" in cell(doc, 4, 2).verified_by


def test_values_in_each_others_column_go_back() -> None:
    rows = changed(9, 3, "203.22")
    rows[9][4] = ""
    doc = reconciled(table(rows))
    assert (cell(doc, 9, 3).reading.text, cell(doc, 9, 4).reading.text) == ("", "203.22")


def test_a_speck_read_as_a_digit_goes() -> None:
    doc = reconciled(table(changed(4, 4, "1")))
    assert cell(doc, 4, 4).reading.text == ""
    assert cell(doc, 4, 4).amount is None


def with_ink(doc: Document, *places: tuple[int, int]) -> Document:
    """The document with these blanks flagged for ink that nobody read."""
    inked = tuple(
        replace(c, reading=replace(c.reading, needs_review=True, reasons=("有墨迹",)))
        if (c.row, c.col) in places
        else c
        for c in doc.tables[0].cells
    )
    return replace(doc, blocks=(replace(doc.tables[0], cells=inked),))


BLANK_CLASS = [
    ["科目编码", "科目名称", "金额"],
    ["", "合计", "100.00"],
    ["301", "工资福利支出", "100.00"],
    ["30101", "基本工资", "60.00"],
    ["30102", "津贴补贴", "40.00"],
    ["30103", "奖金", ""],
    ["309", "资本性支出（基本建设）", ""],
    ["30901", "房屋建筑物购建", ""],
    ["30902", "办公设备购置", ""],
]


def test_ink_in_a_blank_is_residue_where_the_sums_leave_no_room_for_an_amount() -> None:
    """Beside amounts that add up, and under a class that is itself proved to be nothing."""
    doc = reconcile(with_ink(document(table(BLANK_CLASS)), (5, 2), (6, 2), (8, 2)), IDENTITIES)
    assert not flagged(doc)
    assert cell(doc, 8, 2).verified_by == ("上级科目=下级科目合计",)


def test_ink_in_a_blank_stays_said_where_a_sum_fails_or_the_table_prints_zeros() -> None:
    rows = [list(row) for row in BLANK_CLASS]
    rows[1][2] = "107.00"
    assert (6, 2) in flagged(reconcile(with_ink(document(table(rows)), (6, 2)), IDENTITIES))
    rows = [*BLANK_CLASS, *([f"3020{i}", "某费", "0.00"] for i in range(1, 5))]
    assert (5, 2) in flagged(reconcile(with_ink(document(table(rows)), (5, 2)), IDENTITIES))


def test_wrong_in_print_is_left_and_said() -> None:
    doc = reconciled(table(changed(4, 2, "918.27")))
    assert cell(doc, 4, 2).reading.text == "918.27"
    assert (4, 2) in flagged(doc)
    assert doc.tables[0].reasons


def test_a_blank_whole_over_printed_parts_is_said() -> None:
    """Its parts are said too: one of them may be a stray digit."""
    rows = [["项目", "统计数"], ["（一）车辆数合计（辆）", ""], ["1.应急保障用车", "1"], ["2.其他用车", "8"]]
    assert (1, 1) in flagged(reconciled(table(rows)))


def test_a_lost_row_makes_the_table_suspect() -> None:
    rows = [row for i, row in enumerate(EXPENDITURE) if i != 5]
    doc = reconciled(table(rows))
    assert texts(doc) == [t for row in rows for t in row]
    assert doc.tables[0].needs_review
    assert any("差 134.51" in reason for reason in doc.tables[0].reasons)


def test_rounding_is_tolerated_where_the_document_has_it() -> None:
    rows = [
        ["科目编码", "科目名称", "合计", "基本支出", "项目支出"],
        ["212", "城乡社区支出", "3832.36", "1572.70", "2259.65"],
        ["21201", "城乡社区管理事务", "1092.80", "1084.02", "8.77"],
        ["2120101", "行政运行", "1092.80", "1084.02", "8.77"],
        ["21202", "城乡社区规划与管理", "2739.56", "488.68", "2250.88"],
        ["2120201", "城乡社区规划与管理", "2739.56", "488.68", "2250.88"],
    ]
    doc = reconciled(table(rows), notes=("本套报表金额单位转换时可能存在尾数误差。",))
    assert not flagged(doc)
    assert texts(doc) == [t for row in rows for t in row]


def test_a_last_digit_is_no_rounding_where_all_else_adds_up() -> None:
    doc = reconciled(table(changed(1, 2, "915.53")), notes=("可能存在尾数误差。",))
    assert cell(doc, 1, 2).reading.text == "915.52" or (1, 2) in flagged(doc)


def test_side_by_side_totals_and_items() -> None:
    rows = [
        ["收入", None, "支出", None],
        ["项目", "金额", "项目", "金额"],
        ["一、一般公共预算", "100.00", "一、教育支出", "60.00"],
        ["二、政府性基金预算", "20.00", "二、农林水支出", "75.00"],
        ["本年收入合计", "120.00", "本年支出合计", "135.00"],
        ["上年结转", "15.00", "年终结转", ""],
        ["收入总计", "135.00", "支出总计", "135.00"],
    ]
    spans = {(0, 0): (1, 2), (0, 2): (1, 2)}
    doc = reconciled(table(rows, "收支总表", spans))
    assert not flagged(doc)
    assert "收入总计=支出总计" in cell(doc, 6, 1).verified_by
    assert "合计=各行之和" in cell(doc, 5, 1).verified_by
    rows[6][1] = "185.00"
    assert cell(reconciled(table(rows, "收支总表", spans)), 6, 1).reading.text == "135.00"


def test_the_levels_of_a_code_in_three_columns() -> None:
    rows = [
        ["类", "款", "项", "科目名称", "合计", "基本支出", "项目支出"],
        ["201", "", "", "一般公共服务支出", "82.42", "15.42", "67.00"],
        ["201", "03", "", "政府办公厅（室）及相关机构事务", "82.42", "15.42", "67.00"],
        ["201", "03", "01", "行政运行", "16.42", "15.42", "1.00"],
        ["201", "03", "02", "一般行政管理事务", "66.80", "", "66.00"],
        ["合计", None, None, None, "82.42", "15.42", "67.00"],
    ]
    doc = reconciled(table(rows, spans={(5, 0): (1, 4)}))
    assert cell(doc, 4, 4).reading.text == "66.00"
    assert not flagged(doc)


def test_groups_with_subtotals_under_a_grand_total() -> None:
    rows = [["项目名称", None, "金额"], ["收入总计", None, "130.00"]]
    rows += [["一般公共预算资金", "小计", "100.00"], [None, "财政拨款资金", "90.00"], [None, "专项收入", "10.00"]]
    rows += [["其他资金", "小计", "30.00"], [None, "事业收入", "30.00"], [None, "其中：动用结余", "5.00"]]
    spans = {(0, 0): (1, 2), (1, 0): (1, 2), (2, 0): (3, 1), (5, 0): (3, 1)}
    doc = reconciled(table(rows, "收入预算总表", spans))
    assert not flagged(doc)
    assert [bool(cell(doc, r, 2).verified_by) for r in range(1, 8)] == [True] * 6 + [False]


FORM = [
    ["项目资金（元）", "实施期资金总额：", "341,600", "年度资金总额：", "341,600"],
    [None, "其中：中央财政资金", "41,600", "其中：中央财政资金", "0"],
    [None, "省级财政资金", "0", "省级财政资金", "0"],
    [None, "市县（区）财政资金", "300,000", "市县（区）财政资金", "341,600"],
    [None, "单位自筹", "0", "单位自筹", "0"],
]
NAMED = [["项目名称", "平台建设项目", None, None, None], ["主管部门", "某局", None, None, None]]


def test_the_money_of_a_target_form() -> None:
    spans = {(0, 1): (1, 4), (1, 1): (1, 4), (2, 0): (5, 1)}
    doc = reconciled(table([*NAMED, *FORM], "项目绩效目标表", spans))
    assert not flagged(doc)
    assert cell(doc, 2, 2).verified_by == ("资金总额=各级资金之和",)
    wrong = [list(row) for row in FORM]
    wrong[3][2] = "308,000"
    assert (5, 2) in flagged(reconciled(table([*NAMED, *wrong], "项目绩效目标表", spans)))


@pytest.mark.parametrize(("rate", "doubted"), [("76.30", False), ("16.30", True)])
def test_a_rate_that_is_written_out(rate: str, doubted: bool) -> None:
    text = f"预算执行率（实际执行金额/实际到位金额×100%）=（111.40/146×100%）={rate}%"
    doc = reconciled(table([["项目", "内容"], ["执行情况", text]], "自评表"))
    assert bool(flagged(doc)) is doubted


HEAD = EXPENDITURE[:1]


def test_sums_go_on_in_a_piece_that_was_not_joined() -> None:
    above, below = EXPENDITURE[:8], [*HEAD, *EXPENDITURE[8:]]
    doc = reconciled(table(above), table(below, None))
    assert not flagged(doc)
    assert "上级科目=下级科目合计" in cell(doc, 7, 2).verified_by
    assert "上级科目=下级科目合计" in cell(doc, 1, 2, 1).verified_by


def test_a_piece_whose_codes_cannot_be_told_denies_nothing() -> None:
    rest = [[row[0][:3], *row[1:]] for row in EXPENDITURE[8:]]  # 210, 210: no codes of a tree
    doc = reconciled(table(EXPENDITURE[:8]), table([["", "", "1.00", "1.00", ""], *rest], None))
    assert not flagged(doc)
    assert not doc.tables[0].reasons


def test_an_odd_reading_proves_nothing_for_others() -> None:
    rows = [["项目名称", None, "金额"], ["收入总计", None, "27,664.2"]]
    rows += [["一般公共预算资金", "小计", "27,664.22"], [None, "财政拨款资金", "27,664.2"], [None, "专项收入", ""]]
    rows += [["其他资金", "小计", "0.00"], [None, "事业收入", "0.00"], ["结余", "小计", "0.00"]]
    spans = {(0, 0): (1, 2), (1, 0): (1, 2), (2, 0): (3, 1), (5, 0): (2, 1)}
    doc = reconciled(table(rows, "收入预算总表", spans))
    assert cell(doc, 2, 2).reading.text == "27,664.22"


def test_whole_numbers_among_amounts_have_no_point_to_lose() -> None:
    rows = [["项目", "行次", "统计数"], ["（一）行政单位", "1", "92.23"], ["（二）车辆数合计（辆）", "2", "5"]]
    rows += [["1.机要通信用车", "3", "500"], ["2.其他用车", "4", ""], ["（三）设备（台）", "5", "3"]]
    doc = reconciled(table(rows, "信息统计表"))
    assert cell(doc, 3, 2).reading.text == "500"
    assert (3, 2) in flagged(doc)


def test_repair_can_be_turned_off() -> None:
    doc = reconcile(document(table(changed(4, 2, "231.48"))), IDENTITIES, ReconcileOptions(repair=False))
    assert cell(doc, 4, 2).reading.text == "231.48"
    assert (4, 2) in flagged(doc)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([(r, c) for r, row in enumerate(EXPENDITURE) for c, t in enumerate(row) if r and c >= 2 and t]),
    st.text("0123456789.,-", min_size=1, max_size=9).filter(lambda t: any(c.isdigit() for c in t)),
)
def test_whatever_is_read_comes_out_right_or_flagged(place: tuple[int, int], read: str) -> None:
    true = EXPENDITURE[place[0]][place[1]]
    doc = reconciled(table(changed(*place, read)))
    got = cell(doc, *place)
    assert got.reading.text == true or got.reading.needs_review or doc.tables[0].needs_review
    others = [c for c in doc.tables[0].cells if (c.row, c.col) != place]
    assert all(c.reading.text == EXPENDITURE[c.row][c.col] for c in others)


def test_hostile_tables_take_no_time() -> None:
    rows = [["科目编码", "科目名称", "合计", "基本支出", "项目支出"]]
    rows += [[f"{201 + i % 30}{i:04d}"[:7], "甲", "9" * 30, "1.00", "7" * 25] for i in range(3000)]
    assert shortest(lambda: reconciled(table(rows)), 8.0, tries=5) < 8.0


def test_a_repair_in_a_table_without_a_form_of_its_own_keeps_the_decimals_that_were_read() -> None:
    """4,0498.90 becomes 4,498.90, not 4,498.9."""
    rows = [
        ["项目", "预算数", "辆"],
        ["合计", "4,0498.90", "3"],
        ["一、办公费", "4,000.40", "1"],
        ["二、差旅费", "498.50", "2"],
        ["总计", "4,498.90", "3"],
    ]
    doc = reconcile(document(table(rows)), IDENTITIES)
    text = cell(doc, 1, 1).reading.text
    assert text in ("4,498.90", "4,0498.90")
    assert text == "4,498.90" or cell(doc, 1, 1).reading.needs_review


def test_a_repair_is_printed_as_its_table_prints_thousands() -> None:
    """A comma in a garbled reading is no sign of one in print."""
    rows = [["科目编码", "科目名称", "合计", "基本支出", "项目支出"]]
    rows += [
        ["205", "教育支出", "1614.72", "1000.00", "614.72"],
        ["20501", "教育管理事务", "16f4,.72", "1000.00", "614.72"],
    ]
    rows += [["2050101", "行政运行", "1614.72", "1000.00", "614.72"], ["", "合计", "1614.72", "1000.00", "614.72"]]
    doc = reconcile(document(table(rows)), IDENTITIES)
    assert cell(doc, 2, 2).reading.text == "1614.72"
