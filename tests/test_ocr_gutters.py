"""Columns of text show by the white between them, whatever their rows hold."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from document.geometry import Box
from document.types import TextLine
from ocr.gutters import find_gutters
from ocr.rows import Row, segment

SIZE = 10.0


def row(top: float, *spans: tuple[float, float]) -> Row:
    """A row of pieces between these left and right ends."""
    return tuple(segment((TextLine("文", Box(a, top, b, top + SIZE), 0.9, size=SIZE),)) for a, b in spans)


@given(
    widths=st.lists(st.floats(30, 90), min_size=2, max_size=6),
    gaps=st.lists(st.floats(14, 40), min_size=6, max_size=6),
    shares=st.lists(st.lists(st.floats(0.2, 1), min_size=6, max_size=6), min_size=3, max_size=9),
)
def test_every_gap_that_all_rows_leave_is_a_gutter(
    widths: list[float], gaps: list[float], shares: list[list[float]]
) -> None:
    """Texts as long as they like in their columns, set left: the white to the right of the longest parts columns."""
    lefts = [50.0]
    for width, gap in zip(widths, gaps, strict=False):
        lefts.append(lefts[-1] + width + gap)
    rows = [
        row(100 + 15 * n, *((a, a + w * share) for a, w, share in zip(lefts, widths, line, strict=False)))
        for n, line in enumerate(shares)
    ]
    found = find_gutters(rows, SIZE, 0.1)
    assert len(found) == len(widths) - 1
    for x, (a, b) in zip(found, pairwise(lefts), strict=False):
        assert a < x < b


def test_a_title_over_all_columns_hides_no_gutter() -> None:
    rows = [row(0, (50, 120), (150, 300)), *(row(15 * n, (50, 100), (200, 240)) for n in range(1, 9))]
    assert len(find_gutters(rows, SIZE, 0.15)) == 1


def test_a_narrow_gap_parts_what_is_aligned_to_it() -> None:
    """Amounts end where the next column's codes begin."""
    aligned = [row(15 * n, (60 - 3 * n, 100), (103, 130 + 5 * n)) for n in range(6)]
    assert len(find_gutters(aligned, SIZE, 0.1)) == 1
    ragged = [row(15 * n, (20, 100 - 8 * n), (143 - 8 * n, 150)) for n in range(6)]
    assert find_gutters(ragged, SIZE, 0.1) == ()


def test_one_column_has_none() -> None:
    assert find_gutters([row(15 * n, (50, 300)) for n in range(5)], SIZE, 0.1) == ()
    assert find_gutters([], SIZE, 0.1) == ()
