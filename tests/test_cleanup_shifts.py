"""Rows and columns out of place: each mark is found, and a table as printed has none."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanup.completeness import JOINED, note_missing
from cleanup.shifts import find_shifts, note_shifts
from document.geometry import Box
from document.types import Reading, Table, TextLine
from tests.amount_tables import EXPENDITURE, cell, document, table


def noted(*rows: list[str] | list[str | None]) -> Table:
    """The table after both looks for what is missing."""
    return note_shifts(note_missing(document(table(rows)))).tables[0]


def flagged(found: Table) -> set[tuple[int, int]]:
    return {(c.row, c.col) for c in found.cells if c.reading.needs_review}


NUMBERED = [
    ["项目", "本年收入合计", "财政拨款收入", "上级补助收入", "事业收入", "经营收入", "其他收入"],
    ["栏次", "1", "2", "3", "4", "5", "6"],
    ["合计", "9.50", "9.50", "", "", "", ""],
    ["一般公共服务支出", "9.50", "9.50", "", "", "", ""],
]


def without(rows: list[list[str]], col: int) -> list[list[str]]:
    return [row[:col] + row[col + 1 :] for row in rows]


@given(st.integers(2, 5))
def test_a_column_lost_between_numbered_columns_is_said(col: int) -> None:
    found = noted(*without(NUMBERED, col))
    assert found.needs_review
    assert found.reasons == (f"栏次从{col - 1}跳到{col + 1}，可能少了1列",)
    assert flagged(found) == {(1, col)}


@pytest.mark.parametrize(
    "numbers", ["123456", "12345", ["1", "2", "3=4+5", "4", "5", "6"], ["1", "2", "8", "4", "5", "6"]]
)
def test_whole_formula_and_misread_column_numbers_lose_no_column(numbers: str | list[str]) -> None:
    rows = [NUMBERED[0], ["栏次", *numbers], *NUMBERED[2:]]
    found = noted(*[[*row, *[""] * (7 - len(row))] for row in rows])
    assert not found.needs_review


@given(st.integers(1, 5), st.sampled_from(["", " "]))
def test_two_column_numbers_in_one_cell_are_a_lost_column(col: int, gap: str) -> None:
    joined = [
        [*row[:col], gap.join(t for t in row[col : col + 2] if t) if n == 1 else row[col], *row[col + 2 :]]
        for n, row in enumerate(NUMBERED)
    ]
    found = noted(*joined)
    assert found.needs_review
    assert any("可能少了1列" in reason for reason in found.reasons)


def test_side_by_side_panels_count_over_their_label_columns() -> None:
    found = noted(
        ["收入", "", "支出", ""],
        ["项目", "金额", "项目", "金额"],
        ["栏次", "1", "栏次", "2"],
        ["一、财政拨款收入", "9.50", "一、一般公共服务支出", "9.50"],
    )
    assert not found.needs_review


def test_a_column_number_that_was_not_read_marks_its_cell_alone() -> None:
    rows = [NUMBERED[0], ["栏次", "1", "2", "", "4", "5", "6"], *NUMBERED[2:]]
    found = noted(*rows)
    assert flagged(found) == {(1, 3)}
    assert not found.needs_review


def test_a_printed_table_has_no_mark() -> None:
    assert find_shifts(document(table(EXPENDITURE)).tables[0]) == ()


@given(st.sets(st.integers(2, 9), min_size=1, max_size=2))
def test_rows_slid_by_a_column_are_said(slid: set[int]) -> None:
    rows = [[row[0], "", *row[1:4]] if n in slid else row for n, row in enumerate(EXPENDITURE)]
    found = noted(*rows)
    assert {(n, 2) for n in slid} <= flagged(found)
    assert found.needs_review == (len(slid) == 2)
    assert "可能错列" in cell(document(found), min(slid), 2).reading.reasons[-1]


def test_a_note_among_amounts_beside_a_label_of_its_own_is_no_shift() -> None:
    rows = [[*row[:4], "详见附表"] if n in (3, 4) else row for n, row in enumerate(EXPENDITURE)]
    assert not noted(*rows).needs_review


def test_two_amounts_in_several_cells_are_two_columns() -> None:
    found = noted(["合计", "公务接待费"], ["8.90 5.21", "1.24 0.89"], ["3.00 1.00", ""])
    assert found.reasons == ("3格内有并列的内容，可能有行或列并在一起",)
    assert {(1, 0), (1, 1), (2, 0)} <= flagged(found)


def test_what_stands_right_of_two_columns_read_as_one_is_said_as_well() -> None:
    rows = [
        ["合计", "小计", "购置费预算数决算数", "预算数", "决算数"],
        ["9.30", "8.10", "6.76 5.94", "1.17", ""],
        ["9.30", "8.10", "6.76 5.94", "1.17", ""],
        ["", "", "", "0.40", ""],
    ]
    assert flagged(noted(*rows)) == {(1, 2), (2, 2), *((r, c) for r in (1, 2) for c in (3, 4)), (3, 3)}


def test_amounts_that_add_up_are_in_their_columns_whatever_two_cells_beside_them_hold() -> None:
    whole = document(table(EXPENDITURE)).tables[0]
    joined = [
        replace(c, reading=replace(c.reading, reasons=(JOINED,))) if c.col == 1 and c.row in (4, 5) else c
        for c in whole.cells
    ]
    proved = [replace(c, verified_by=("合计=各列之和",)) if c.amount else c for c in joined]
    assert flagged(note_shifts(document(replace(whole, cells=tuple(proved)))).tables[0]) == {(4, 1), (5, 1)}
    assert (4, 2) in flagged(note_shifts(document(replace(whole, cells=tuple(joined)))).tables[0])


def test_two_amounts_in_one_cell_mark_that_cell_alone() -> None:
    found = noted(*[["合计", "8.90 5.21" if n == 2 else row[2], *row[2:]] for n, row in enumerate(EXPENDITURE)])
    assert not found.needs_review
    assert (2, 1) in flagged(found)


def head(*boxes: Box) -> Table:
    """A table whose second head cell was put together from texts in these boxes."""
    texts = ["小计", "基本支出", "项目支出"][: len(boxes)]
    whole = table([["科目", "".join(texts)], ["水费", "1.00"], ["电费", "2.00"]])
    lines = tuple(TextLine(t, b, 0.9) for t, b in zip(texts, boxes, strict=True))
    said = Reading("".join(texts), "".join(texts))
    return replace(
        whole, cells=tuple(replace(c, lines=lines, reading=said) if c.row < c.col else c for c in whole.cells)
    )


def test_three_heads_beside_each_other_in_one_cell_are_three_columns() -> None:
    apart = head(Box(0, 0, 20, 10), Box(30, 0, 70, 10), Box(80, 0, 120, 10))
    assert note_shifts(document(apart)).tables[0].needs_review


@pytest.mark.parametrize("second", [Box(0, 12, 40, 22), Box(22, 0, 62, 10)], ids=["wrapped", "read in two pieces"])
def test_a_head_in_two_lines_or_pieces_is_one(second: Box) -> None:
    assert find_shifts(document(head(Box(0, 0, 20, 10), second)).tables[0]) == ()


def test_two_rows_in_one_label_are_said() -> None:
    found = noted(*EXPENDITURE, ["", "小计其中：动用上年结转", "1.00", "1.00", ""], ["", "项目栏次", "", "", ""])
    assert {(10, 1), (11, 1)} <= flagged(found)
    assert not flagged(noted(*EXPENDITURE, ["", "其中：动用上年结转", "1.00", "1.00", ""]))


def test_line_numbers_before_the_counts_are_a_lost_column() -> None:
    rows = [["项目", "统计数"], *([f"{n}用车", f"{n} {n - 6}"] for n in range(7, 12)), ["面积", "3.00"]]
    found = noted(*rows)
    assert "第2列的数前有行次，可能少了一列" in found.reasons


def test_a_head_repeated_on_the_next_page_is_said_and_one_on_the_same_page_is_not() -> None:
    rows = [*EXPENDITURE, EXPENDITURE[0], ["2101103", "公务员医疗补助", "1.00", "1.00", ""]]
    same = table(rows)
    turned = replace(same, cells=tuple(replace(c, page=2) if c.row >= 10 else c for c in same.cells))
    assert find_shifts(document(same).tables[0]) == ()
    (shift,) = find_shifts(document(turned).tables[0])
    assert shift.words == "第11行是续页上重复的表头"
    assert shift.certain


def test_amounts_under_no_head_are_said() -> None:
    rows = [[*row, "" if n < 3 else "1.00"] for n, row in enumerate(EXPENDITURE)]
    assert "第6列有金额而没有表头，可能错列" in noted(*rows).reasons


@given(
    st.lists(
        st.lists(st.sampled_from(["", "栏次", "1", "3", "合计", "2.00", "2.00 3.00", "甲乙"]), min_size=3, max_size=3),
        min_size=1,
        max_size=6,
    )
)
def test_whatever_the_table_its_texts_stay_and_only_review_is_added(rows: list[list[str]]) -> None:
    before = note_missing(document(table(rows)))
    after = note_shifts(before)
    assert [c.reading.text for c in after.tables[0].cells] == [c.reading.text for c in before.tables[0].cells]
    assert flagged(before.tables[0]) <= flagged(after.tables[0])
    assert after.tables[0].needs_review or not before.tables[0].needs_review
