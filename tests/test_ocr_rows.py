"""Printed rows from pieces in any order; texts joined as Chinese and Latin are."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typeset import line, shaken

from document.geometry import Box
from document.types import TextLine
from ocr.rows import build_rows, first_token_width, join_texts, merged, segment, type_size

WORDS = st.text(alphabet="科目名称预算支出合计0123456789", min_size=1, max_size=8)


@given(st.lists(st.lists(WORDS, min_size=1, max_size=5), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_pieces_side_by_side_are_a_row_whatever_their_order(rows: list[list[str]], rng: random.Random) -> None:
    """Columns 100 points apart, rows one and a half type sizes, boxes off by a tenth of the type."""
    pieces = [
        line(text, 20 + 100 * col, 50 + 15 * row, 10)
        for row, texts in enumerate(rows)
        for col, text in enumerate(texts)
    ]
    pieces = shaken(pieces, rng, by=0.1)
    rng.shuffle(pieces)
    found = build_rows(pieces)
    assert [[s.text for s in row] for row in found] == rows
    assert all(a.box.left < b.box.left for row in found for a, b in pairwise(row))


def test_near_pieces_are_one_segment_and_far_ones_two() -> None:
    near = [line("一般公共预算", 50, 100, 10), line("财政拨款", 112, 100, 10)]
    assert [s.text for s in build_rows(near)[0]] == ["一般公共预算财政拨款"]
    far = [near[0], line("财政拨款", 130, 100, 10)]
    assert [s.text for s in build_rows(far)[0]] == ["一般公共预算", "财政拨款"]
    assert [s.text for s in build_rows(near, near=0.1)[0]] == ["一般公共预算", "财政拨款"]


def test_a_lone_digit_that_touches_its_neighbour_stays_in_its_row() -> None:
    pieces = [line("1,614.", 50, 100, 10), line("4", 79, 101, 10), line("5万元", 84, 100, 10)]
    (row,) = build_rows(pieces)
    assert [s.text for s in row] == ["1,614.45万元"]


def test_lines_below_each_other_are_two_rows() -> None:
    assert len(build_rows([line("本年收入合", 50, 100, 10), line("计", 70, 112, 10)])) == 2


def test_captions_side_by_side_stay_apart() -> None:
    pieces = [line("2024年度", 50, 100, 9), line("金额单位：万元", 98, 100, 9)]
    assert [s.text for s in build_rows(pieces)[0]] == ["2024年度", "金额单位：万元"]


def test_a_gap_inside_a_segment_is_written_as_a_space() -> None:
    assert segment([line("第一部分", 50, 100, 10), line("部门概况", 99, 100, 10)]).text == "第一部分 部门概况"
    assert segment([line("第一部分", 50, 100, 10), line("部门概况", 92, 100, 10)]).text == "第一部分部门概况"


@pytest.mark.parametrize(
    ("before", "after", "gap", "joined"),
    [
        ("预算", "支出", False, "预算支出"),
        ("GDP", "growth", False, "GDP growth"),
        ("12", "34", False, "1234"),
        ("目录", "1", True, "目录 1"),
        ("", "支出", True, "支出"),
    ],
)
def test_joining(before: str, after: str, gap: bool, joined: str) -> None:
    assert join_texts(before, after, gap) == joined


def test_the_type_is_no_larger_than_its_characters_are_wide() -> None:
    """A recogniser's box may be half as high again as the type."""
    high = TextLine("一般公共预算", Box(50, 100, 110, 116), 0.9)
    assert type_size(high) == pytest.approx(11.5)
    assert type_size(TextLine("12.50", Box(50, 100, 75, 116), 0.9)) == 16  # digits tell nothing
    assert merged(build_rows([high])[0]).size == pytest.approx(11.5)


@pytest.mark.parametrize(
    ("text", "ems"),
    [("预算支出", 1), ("1,614.45万元", 8 * 0.55), ("（一）收入", 2 + 1), ("支，出", 2), ("2024年", 4 * 0.55)],
)
def test_what_a_line_break_cannot_divide(text: str, ems: float) -> None:
    assert first_token_width(segment([line(text, 0, 0, 10)])) == pytest.approx(10 * ems)


def test_no_lines_no_rows() -> None:
    assert build_rows([]) == ()
