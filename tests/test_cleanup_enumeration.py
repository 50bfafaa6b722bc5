"""Numerals, line and column numbers: a sequence knows its members."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanup.enumeration import NUMERALS, mend_mark, mend_sequence, numeral, value_of
from cleanup.lexicon import lexicon
from cleanup.numbering import mend_numbering, vouched_numbers
from cleanup.table_roles import table_roles
from dictionaries.loader import load_dictionary
from document.geometry import Box
from document.types import Cell, Reading, Table

WORDS = lexicon(load_dictionary(), 2024)
CLASSES = ("一般公共服务支出", "外交支出", "国防支出", "公共安全支出", "教育支出", "科学技术支出")


def table_of(rows: list[list[str]]) -> Table:
    cells = tuple(
        Cell(r, c, 1, Box(0, 0, 1, 1), Reading(t, t)) for r, row in enumerate(rows) for c, t in enumerate(row)
    )
    return Table("t", (1,), len(rows), len(rows[0]), cells)


def sequenced(table: Table) -> Table:
    return mend_sequence(table, table_roles(table), WORDS)


def column(*labels: str) -> list[str]:
    mended = sequenced(table_of([["项目"], *([label] for label in labels)]))
    assert sequenced(mended) == mended
    return [c.reading.text for c in mended.cells[1:]]


def numbered(names: tuple[str, ...] = CLASSES, start: int = 1) -> list[str]:
    return [f"{numeral(i)}、{name}" for i, name in enumerate(names, start)]


@given(st.integers(1, 99))
def test_numerals_are_read_as_written(number: int) -> None:
    assert value_of(numeral(number)) == number
    assert set(numeral(number)) <= set(NUMERALS)


def test_some_numerals_by_hand() -> None:
    assert [numeral(n) for n in (1, 10, 11, 20, 23)] == ["一", "十", "十一", "二十", "二十三"]
    assert value_of("王十") is None


@pytest.mark.parametrize(
    ("at", "misread"),
    [
        (0, "一般公共服务支出"),
        (1, "、外交支出"),
        (2, "王、国防支出"),
        (3, "回、公共安全支出"),
        (4, "教育支出"),
        (5, "穴、科学技术支出"),
    ],
)
def test_a_misread_numeral_is_known_from_its_neighbours(at: int, misread: str) -> None:
    labels = numbered()
    assert column(*labels[:at], misread, *labels[at + 1 :]) == labels


def test_two_lost_at_the_top_come_back() -> None:
    labels = numbered()
    assert column("一般公共服务支出", "、外交支出", *labels[2:]) == labels


@pytest.mark.parametrize(("first", "second"), [("、国防支出", "三、公共安全支出"), ("十、国防支出", "公共安全支出")])
def test_two_broken_beside_each_other_come_back_where_those_around_count_on(first: str, second: str) -> None:
    labels = numbered()
    assert column(*labels[:2], first, second, *labels[4:]) == labels


def test_sections_over_the_whole_table_count_whatever_stands_between_them() -> None:
    labels = ["一、政府采购情况", "、机关运行经费", "三、国有资产占用情况"]
    cells: list[Cell] = []
    for i, label in enumerate(labels):
        cells.append(Cell(3 * i, 0, 1, Box(0, 0, 1, 1), Reading(label, label), 1, 2))
        for n, col in ((1, 0), (1, 1), (2, 0), (2, 1)):
            cells.append(Cell(3 * i + n, col, 1, Box(0, 0, 1, 1), Reading("货物", "货物")))
    mended = sequenced(Table("t", (1,), 9, 2, tuple(cells)))
    assert [c.reading.text for c in mended.cells if c.col_span == 2] == [labels[0], "二、机关运行经费", labels[2]]


def test_what_stands_between_on_purpose_stays() -> None:
    labels = ["一、基本支出", "其中：人员经费", "二、项目支出", "本年支出合计"]
    assert column(*labels) == labels
    skipping = ["一、外交支出", "三、国防支出", "四、教育支出"]
    assert column(*skipping) == skipping


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("十卫生健康支出", "十、卫生健康支出"),
        ("十二：城乡社区支出", "十二、城乡社区支出"),
        ("二十八，债务付息支出", "二十八、债务付息支出"),
        ("一般公共预算", "一般公共预算"),
        ("三级指标", "三级指标"),
        ("二期工程款", "二期工程款"),
    ],
)
def test_a_lost_mark_comes_back_only_before_an_entry(before: str, after: str) -> None:
    assert mend_mark(Reading(before, before), WORDS).text == after


def lines(*numbers: str) -> list[str]:
    rows = [["项目", "行次", "金额"], *([f"第{i}行某事", n, "1.00"] for i, n in enumerate(numbers))]
    table = table_of(rows)
    mended = mend_numbering(table, table_roles(table))
    assert mend_numbering(mended, table_roles(mended)) == mended
    return [c.reading.text for c in mended.cells if c.col == 1][1:]


def test_line_numbers_count() -> None:
    assert lines("1", "2", "8", "4", "s", "6", "7") == ["1", "2", "3", "4", "5", "6", "7"]
    assert lines("71", "2", "3", "4", "5") == ["1", "2", "3", "4", "5"]


def test_a_last_line_number_may_skip() -> None:
    assert lines("12", "13", "14", "15", "17") == ["12", "13", "14", "15", "17"]


def test_column_numbers_count_and_are_vouched_for() -> None:
    rows = [["项目", "合计", "基本", "项目", "其他", "备注"], ["栏次", "1", "2", "8", "4", "5"]]
    table = table_of([*rows, ["合计", "1.00", "1.00", "", "", ""]])
    mended = mend_numbering(table, table_roles(table))
    assert [c.reading.text for c in mended.cells if c.row == 1] == ["栏次", "1", "2", "3", "4", "5"]
    assert vouched_numbers(mended, table_roles(mended)) >= {(1, 2), (1, 3), (1, 4)}


def test_a_lost_point_after_a_digit_comes_back() -> None:
    assert mend_mark(Reading("1一般公共预算", "1一般公共预算"), WORDS).text == "1.一般公共预算"
    for text in ("3次专项检查", "2023年预算数", "1期工程建设款"):
        assert mend_mark(Reading(text, text), WORDS).text == text


def test_a_lost_line_number_comes_back_where_there_is_room_for_just_one() -> None:
    assert lines("1", "2", "", "4", "5", "6") == ["1", "2", "3", "4", "5", "6"]
    assert lines("1", "2", "", "3", "4", "5") == ["1", "2", "", "3", "4", "5"]
    assert lines("1", "2", "", "", "5", "6") == ["1", "2", "", "", "5", "6"]


def test_a_number_in_doubt_that_its_neighbours_confirm_is_in_doubt_no_more() -> None:
    table = table_of([["项目", "行次", "金额"], *([f"第{i}行某事", f"{i}", "1.00"] for i in range(1, 7))])
    doubted = [
        replace(c, reading=replace(c.reading, needs_review=True, reasons=("？",))) if c.reading.text == "3" else c
        for c in table.cells
    ]
    mended = mend_numbering(replace(table, cells=tuple(doubted)), table_roles(table))
    assert mended == table


def test_a_first_column_number_comes_back_in_lists_side_by_side() -> None:
    heads = ["项目", "行次", "金额", "项目", "行次", "合计", "其中", "其他"]
    rows = [heads, ["栏次", "", "", "栏次", "", "2", "3", "4"], ["收入", "1", "1.0", "支出", "2", "2.0", "3.0", ""]]
    table = table_of(rows)
    mended = mend_numbering(table, table_roles(table))
    assert [c.reading.text for c in mended.cells if c.row == 1] == ["栏次", "", "1", "栏次", "", "2", "3", "4"]


@pytest.mark.parametrize(("left", "right"), [("", "2"), ("1", "")])
def test_a_column_number_comes_back_where_each_half_has_one(left: str, right: str) -> None:
    heads = ["项目", "行次", "金额", "项目", "行次", "金额"]
    table = table_of([heads, ["栏次", "", left, "栏次", "", right], ["收入", "1", "1.00", "支出", "2", "2.00"]])
    mended = mend_numbering(table, table_roles(table))
    assert [c.reading.text for c in mended.cells if c.row == 1] == ["栏次", "", "1", "栏次", "", "2"]


def test_a_first_column_number_comes_back_before_two_and_three() -> None:
    table = table_of(
        [["科目编码", "名称", "甲", "乙", "丙"], ["栏次", "", "2", "3", "4"], ["201", "水费", "1.0", "2.0", "3.0"]]
    )
    mended = mend_numbering(table, table_roles(table))
    assert [c.reading.text for c in mended.cells if c.row == 1] == ["栏次", "1", "2", "3", "4"]


def test_a_last_column_number_comes_back_and_the_one_after_the_last_column_is_not_invented() -> None:
    rows = [
        ["科目编码", "名称", "甲", "乙", "丙", "丁"],
        ["栏次", "", "1", "2", "3", ""],
        ["201", "水费", "1.0", "", "", ""],
    ]
    table = table_of(rows)
    mended = mend_numbering(table, table_roles(table))
    assert [c.reading.text for c in mended.cells if c.row == 1] == ["栏次", "", "1", "2", "3", "4"]
    unsure = table_of([rows[0], ["栏次", "", "1", "3", "3", ""], rows[2]])
    assert [c.reading.text for c in mend_numbering(unsure, table_roles(unsure)).cells if c.row == 1][-1] == ""


def test_the_first_number_of_a_list_comes_back() -> None:
    table = table_of([["序号", "单位名称"], ["", "甲中心"], ["2", "乙站"], ["3", "丙所"]])
    mended = mend_numbering(table, table_roles(table))
    assert [c.reading.text for c in mended.cells if c.col == 0] == ["序号", "1", "2", "3"]
    assert mend_numbering(mended, table_roles(mended)) == mended
    later = table_of([["序号", "单位名称"], ["", "甲中心"], ["3", "乙站"], ["4", "丙所"]])
    assert mend_numbering(later, table_roles(later)) == later


def test_a_first_column_number_comes_back_beside_a_wide_head() -> None:
    """栏次 over code and name, nothing, 2, 3."""
    rows = [["科目编码", "名称", "甲", "乙", "丙"], ["栏次", "-", "", "2", "3"], ["201", "水费", "1.0", "2.0", "3.0"]]
    table = table_of(rows)
    wide = (replace(c, col_span=2) if c.reading.text == "栏次" else c for c in table.cells if c.reading.text != "-")
    table = replace(table, cells=tuple(wide))
    mended = mend_numbering(table, table_roles(table))
    assert [c.reading.text for c in mended.cells if c.row == 1] == ["栏次", "1", "2", "3"]


def test_a_blank_between_two_halves_of_a_table_is_no_lost_number() -> None:
    """栏次, blank under 行次, 1, 栏次, blank under 行次, 2, 3: the numbers go on in the right half."""
    heads = ["项目", "行次", "金额", "项目", "行次", "合计", "其中"]
    rows = [heads, ["栏次", "", "1", "栏次", "", "2", "3"], ["收入", "1", "1.0", "支出", "2", "2.0", "3.0"]]
    table = table_of(rows)
    assert mend_numbering(table, table_roles(table)) == table


THIRTY = tuple(f"第{i}类支出" for i in range(1, 31))
LOST_STROKES = {"一": ("", "一"), "二": ("", "一", "二"), "三": ("", "一", "二", "三")}


def worn(label: str, rng: random.Random) -> str:
    """The label as a fax shows it: level strokes of its numeral lost."""
    before, _, rest = label.partition("、")
    return "".join(rng.choice(LOST_STROKES.get(c, (c,))) for c in before) + "、" + rest


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 18), st.integers(0, 10**6))
def test_numerals_that_lost_strokes_beside_each_other_come_back(first: int, seed: int) -> None:
    """Whatever level strokes of twelve in thirty lines are lost, as long as the others count on."""
    labels, rng = numbered(THIRTY), random.Random(seed)
    broken = [worn(label, rng) if first <= i < first + 12 else label for i, label in enumerate(labels)]
    assert body(broken) == labels


def test_the_same_misreading_many_times_is_not_believed() -> None:
    """The right one among them was once mended to fit the others."""
    labels = numbered(THIRTY[:28])
    broken = [label.replace("二十", "十") if i > 20 and i != 24 else label for i, label in enumerate(labels)]
    assert broken[24] == "二十五、第25类支出"
    assert body(broken) == labels


def test_a_short_list_counts_from_one_where_one_numeral_is_left() -> None:
    read = ["、一般公共预算", "、政府性基金预算", "、国有资本经营预算", "四、财政专户管理资金", "fi、单位资金"]
    assert [text[0] for text in body(read)] == ["一", "二", "三", "四", "五"]


def test_a_first_numeral_lost_below_column_numbers_comes_back() -> None:
    read = ["栏次", "一般公共预算财政拨款", "二、政府性基金预算财政拨款", "三、国有资本经营预算财政拨款"]
    assert body(read) == ["栏次", f"一、{read[1]}", *read[2:]]
    unmarked = [text.replace("二、", "二") for text in read]
    assert body(unmarked) == ["栏次", f"一、{read[1]}", *unmarked[2:]], (
        "its mark comes back with the label's own correction"
    )


def test_lost_numerals_at_the_top_are_known_from_their_marks() -> None:
    assert body(["、一般公共预算", "、政府性基金预算", "国有资本经营预算"]) == [
        "一、一般公共预算",
        "二、政府性基金预算",
        "三、国有资本经营预算",
    ]


def body(labels: list[str]) -> list[str]:
    """The labels below a head, with an amount beside each, after mending."""
    rows = [["项目", "2024年"], *([label, "1.00"] for label in labels)]
    mended = sequenced(table_of(rows))
    assert sequenced(mended) == mended
    return [c.reading.text for c in mended.cells if c.col == 0][1:]


@pytest.mark.parametrize(
    "labels",
    [
        ["一、事业收入", "二、经营收入", "三、其他收入", "一、基本支出", "二、项目支出", "三、经营支出"],
        ["一、本年收入", "其他收入", "二、事业收入", "三、经营收入", "四、投资收益"],
        ["五、事业收入", "七、经营收入", "八、其他收入"],
        ["其他收入", "事业收入", "三次会议", "四级指标"],
        ["、其他", "事业收入"],
    ],
)
def test_lists_that_begin_again_skip_or_have_no_numbers_stay(labels: list[str]) -> None:
    assert body(labels) == labels


HALF_READ = [
    ["项目", "行", "金额", "项目", "", "金额"],
    ["样次", "", "1", "栏次", "", "2"],
    *([f"项目{n}", str(n), "1.00", f"内容{n}", str(n + 6), "2.00"] for n in range(1, 7)),
]


def test_half_read_words_over_and_before_counts_are_known_by_their_place() -> None:
    table = table_of(HALF_READ)
    mended = mend_numbering(table, table_roles(table))
    texts = [[c.reading.text for c in mended.cells if c.row == row] for row in (0, 1)]
    assert texts[0] == ["项目", "行次", "金额", "项目", "行次", "金额"]
    assert mend_numbering(mended, table_roles(mended)) == mended


def test_other_words_over_counts_stay() -> None:
    rows = [["序号", "名称", "金额"], *([str(n), f"内容{n}", "2.00"] for n in range(1, 7))]
    table = table_of(rows)
    assert mend_numbering(table, table_roles(table)) == table


def test_no_number_is_put_into_a_column_that_holds_nothing() -> None:
    rows = [["项目", "a", "b", "c", ""], ["栏次", "1", "2", "3", ""], ["合计", "1.00", "2.00", "3.00", ""]]
    table = table_of(rows)
    assert mend_numbering(table, table_roles(table)) == table


def test_a_digit_before_an_entry_gets_a_point_only_where_others_count() -> None:
    lone, counted = Reading("7本年支出合计", "7本年支出合计"), Reading("2公务接待费", "2公务接待费")
    assert mend_mark(lone, WORDS, frozenset({1, 2})) == lone
    assert mend_mark(counted, WORDS, frozenset({1, 2})).text == "2.公务接待费"
