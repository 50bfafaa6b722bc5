"""What a cell's neighbours say of it: odd blanks, targets without a unit, lone enumerators; print has none of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cleanup.neighbours import (
    BLANK_TWIN,
    LONE_CHARACTER,
    LONE_ORDINAL,
    LOST_WORD,
    NO_SIGN,
    NO_UNIT,
    find_odd_ones,
    note_odd_ones,
)
from document.types import Table
from tests.amount_tables import EXPENDITURE, document, table


def odd(*rows: list[str]) -> dict[tuple[int, int], tuple[str, ...]]:
    return dict(find_odd_ones(document(table(rows)).tables[0]))


SERVICES = [
    ["单位名称", "服务内容", "是否政府采购", "金额", "备注"],
    ["合计", "", "", "50.00", ""],
    ["甲中心", "物业管理服务", "是", "10.00", ""],
    ["甲中心", "餐饮服务", "是", "11.00", "续签"],
    ["乙站", "数据处理服务", "否", "12.00", ""],
    ["乙站", "维修保养服务", "是", "17.00", ""],
]


def without(row: int, col: int) -> list[list[str]]:
    return [["" if (r, c) == (row, col) else t for c, t in enumerate(texts)] for r, texts in enumerate(SERVICES)]


@given(st.integers(2, 5))
def test_a_short_word_that_all_rows_like_it_have_is_missed(row: int) -> None:
    assert odd(*without(row, 2)) == {(row, 2): (LOST_WORD,)}


@given(st.integers(1, 5), st.sampled_from([0, 1, 3, 4]))
def test_amounts_names_and_remarks_are_there_or_not(row: int, col: int) -> None:
    assert not odd(*without(row, col))


def test_two_rows_without_a_word_are_print_where_three_have_one() -> None:
    rows = without(2, 2)
    rows[3][2] = ""
    assert not odd(*rows)


def test_lists_side_by_side_end_in_blanks() -> None:
    rows = [["收入", "行次", "金额", "支出", "行次", "金额"]]
    rows += [["某项收入", f"{i}", f"{i}.00", "某项支出", f"{i + 5}" if i < 5 else "", f"{i}.00"] for i in range(1, 6)]
    assert not odd(*rows)


def test_the_printed_table_has_nothing_odd() -> None:
    assert not odd(*SERVICES)
    assert not odd(*EXPENDITURE)


@pytest.mark.parametrize(
    ("targets", "doubted"),
    [
        (["≥95", "≥3次", "≤300元/人", "≥90%", "≥12份"], {1}),
        (["≥95%", "≥3次", "≤300元/人", "≥90%", "≥12份"], set()),
        (["≥95", "≥3", "≤300元/人", "≥90", "≥12"], set()),
    ],
)
def test_a_target_without_its_unit_is_said_where_the_form_prints_units(targets: list[str], doubted: set[int]) -> None:
    rows = [["三级指标", "指标值"], *([f"某项指标{i}", t] for i, t in enumerate(targets))]
    assert odd(*rows) == {(row, 1): (NO_UNIT,) for row in doubted}


def test_a_target_and_its_outcome_have_the_same_unit() -> None:
    rows = [["三级指标", "年度指标值", "实际完成值"], ["合格率", "≥95%", "≥95"], ["完成时间", "12月底前", "12月"]]
    assert odd(*rows) == {(1, 2): (NO_UNIT,)}


@pytest.mark.parametrize(
    ("last", "doubted"),
    [
        ("544万元", True),
        ("96%", True),
        ("≤544万元", False),
        ("100%", False),
        ("2024年12月", False),
        ("有效提升", False),
    ],
)
def test_the_one_target_without_a_sign_is_said(last: str, doubted: bool) -> None:
    targets = ["≥3次", "≥95%", "≤5%", "≥200份", last]
    rows = [["三级指标", "指标值"], *([f"某项指标{i}", t] for i, t in enumerate(targets))]
    assert odd(*rows) == ({(5, 1): (NO_SIGN,)} if doubted else {})
    if doubted:
        assert odd(*rows, ["某项指标", "12家"]) == {}, "two without a sign are print"


def test_a_target_that_its_row_says_again_has_no_sign_in_print() -> None:
    head = ["三级指标", "年度指标值", "全年完成值"]
    rows = [head, *([f"某项指标{i}", t, "100%"] for i, t in enumerate(["≥3次", "≥95%", "≤5%", "≥200份"]))]
    assert not odd(*rows, ["软件服务商数量", "5家", "5家"])
    assert odd(*rows, ["软件服务商数量", "5家", "6家"]) == {(5, 1): (NO_SIGN,)}


def test_a_rates_target_is_in_percent() -> None:
    rows = [["三级指标", "指标值"], ["培训合格率", "≥95"], ["服务对象满意度", "≥90%"], ["培训次数", "≥6"]]
    assert odd(*rows) == {(1, 1): (NO_UNIT,)}
    assert not odd(["三级指标", "指标值", "计量单位"], ["培训合格率", "≥95", "%"], ["培训次数", "≥6", "次"])


def test_a_garbled_neighbour_does_not_hide_a_lost_word() -> None:
    """Cells that are flagged already say nothing for or against the others of their column."""
    doc = document(table(without(3, 2)))
    spoilt = {(1, 2): "ssog", (4, 0): "乙tv站"}
    cells = tuple(
        replace(c, reading=replace(c.reading, text=spoilt[c.row, c.col], needs_review=True))
        if (c.row, c.col) in spoilt
        else c
        for c in doc.tables[0].cells
    )
    assert set(find_odd_ones(replace(doc.tables[0], cells=cells))) == {(3, 2)}


def test_a_row_with_amounts_has_a_name_of_more_than_one_character() -> None:
    rows = [["科目编码", "科目名称", "金额"], ["", "合", "9.00"], ["201", "一般公共服务支出", "9.00"]]
    rows += [["20101", "人大事务", "9.00"], ["2010101", "行政运行", "9.00"], ["", "类", ""]]
    assert odd(*rows) == {(1, 1): (LONE_CHARACTER,)}


def test_an_enumerator_that_nothing_leads_to_is_said() -> None:
    rows = [["项目", "金额"], ["一、财政拨款收入", "9.00"], ["二、其他收入", "1.00"], ["7.本年收入合计", "10.00"]]
    assert odd(*rows) == {(3, 0): (LONE_ORDINAL,)}
    rows[3][0] = "1.本年收入合计"
    assert not odd(*rows)


def test_a_second_item_without_a_first_doubts_the_row_above_as_well() -> None:
    rows = [["项目", "金额"], ["一、公务接待费", "9.00"], ["公务用车购置费", "1.00"], ["②公务用车运行费", "8.00"]]
    assert set(odd(*rows)) == {(2, 0), (3, 0)}


def test_a_form_in_two_halves_says_a_nought_in_both() -> None:
    rows = [
        ["资金", "实施期资金总额：", "9,900", "年度资金总额：", "9,900"],
        ["资金", "其中：上级财政资金", "", "其中：上级财政资金", "0"],
        ["资金", "单位自筹", "", "单位自筹", ""],
    ]
    assert odd(*rows) == {(1, 2): (BLANK_TWIN,)}


TEXTS = st.sampled_from(["", "", "是", "甲中心", "1.00", "≥95", "≥95%", "7.某费", "合计", "2080501"])


@given(st.lists(st.lists(TEXTS, min_size=4, max_size=4), min_size=2, max_size=8))
@example(
    [
        ["", "", "", "是"],
        ["", "", "7.某费", "1.00"],
        ["是", "7.某费", "是", ""],
        ["合计", "", "是", ""],
        ["合计", "", "7.某费", ""],
    ]
)
def test_whatever_the_table_its_texts_stay_and_only_review_is_added(rows: list[list[str]]) -> None:
    doc = document(table(rows))
    noted = note_odd_ones(doc)
    assert note_odd_ones(noted) == noted
    for before, after in zip(doc.tables[0].cells, noted.tables[0].cells, strict=True):
        assert (after.reading.text, after.amount) == (before.reading.text, before.amount)
        assert after.reading.needs_review >= before.reading.needs_review
    assert isinstance(noted.tables[0], Table)
