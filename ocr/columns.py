"""Columns of a page (分栏): where a white gutter divides the text, the left one is read first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from document.geometry import Box
from ocr.rows import Row, Segment, segment

MIN_ROWS = 5
"""Fewest printed lines on each side of a gutter."""

MIN_FILL = 0.6
"""Share of a column's width that its lines fill, in the median; labels beside each other fill less."""


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the page that is read from top to bottom."""

    rows: tuple[Row, ...]
    box: Box


def split_columns(rows: Sequence[Row], tables: Sequence[Box], page: Box) -> tuple[Region, ...]:
    """The page's regions in reading order; without a gutter one region, the page."""
    span = _gutter(rows, tables, page)
    if span is None:
        return (Region(tuple(rows), page),)
    first, last, x = span
    top, bottom = rows[first][0].box.top - 0.5, rows[last][0].box.bottom + 0.5
    inner = rows[first : last + 1]
    left, right = _side(inner, x, True), _side(inner, x, False)
    return (
        Region(tuple(rows[:first]), Box(page.left, page.top, page.right, max(top, page.top))),
        Region(left, Box(page.left, top, x, bottom)),
        Region(right, Box(x, top, page.right, bottom)),
        *split_columns(rows[last + 1 :], tables, Box(page.left, min(bottom, page.bottom), page.right, page.bottom)),
    )


def _side(rows: Sequence[Row], x: float, left: bool) -> tuple[Row, ...]:
    sides = (tuple(s for s in row if (s.box.center[0] < x) == left) for row in rows)
    return tuple(side for side in sides if side)


def _gutter(rows: Sequence[Row], tables: Sequence[Box], page: Box) -> tuple[int, int, float] | None:
    """First and last row and x of the longest stretch of rows that a gutter about the middle divides."""
    best: tuple[int, int, float] | None = None
    for x in _gaps(rows, page):
        for first, last in _stretches(rows, tables, x):
            longer = best is None or last - first > best[1] - best[0]
            if longer and _divides(rows[first : last + 1], x, page):
                best = (first, last, x)
    return best


def _gaps(rows: Sequence[Row], page: Box) -> list[float]:
    """Where a gutter may be: the middles of gaps between segments side by side, near the page's middle."""
    middles = sorted((before.box.right + after.box.left) / 2 for row in rows for before, after in pairwise(row))
    near = [x for x in middles if 0.3 * page.width < x - page.left < 0.7 * page.width]
    step = max(len(near) // 8, 1)
    return near[step // 2 :: step]


def _stretches(rows: Sequence[Row], tables: Sequence[Box], x: float) -> list[tuple[int, int]]:
    """Runs of rows in which nothing stands at ``x`` and between which no table lies."""
    clear = [all(not s.box.left - 0.2 * s.em < x < s.box.right + 0.2 * s.em for s in row) for row in rows]
    runs: list[tuple[int, int]] = []
    start: int | None = None
    for index, free in enumerate([*clear, False]):
        broken = start is not None and index < len(rows) and _table_between(rows[index - 1], rows[index], tables)
        if start is not None and (not free or broken):
            runs.append((start, index - 1))
            start = None
        if free and start is None:
            start = index
    return runs


def _table_between(above: Row, below: Row, tables: Sequence[Box]) -> bool:
    return any(above[0].box.center[1] < t.center[1] < below[0].box.center[1] for t in tables)


def _divides(rows: Sequence[Row], x: float, page: Box) -> bool:
    """Whether both sides are columns of running text."""
    for left in (True, False):
        parts = [_as_one(row) for row in _side(rows, x, left)]
        if len(parts) < MIN_ROWS or median(len(p.text) for p in parts) < 8:
            return False
        width = max(p.box.right for p in parts) - min(p.box.left for p in parts)
        if width < 0.25 * page.width or median(p.box.width for p in parts) < MIN_FILL * width:
            return False
    return True


def _as_one(row: Row) -> Segment:
    return segment([line for s in row for line in s.lines])


__all__ = ["Region", "split_columns"]
