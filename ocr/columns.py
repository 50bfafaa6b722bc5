"""Columns of a page (分栏), and pages side by side on one sheet: what a white gutter divides, left before right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from document.geometry import Box
from document.types import TextLine
from ocr.rows import Row, Segment, build_rows, segment

MIN_ROWS = 5
"""Fewest printed lines on each side of a gutter."""

MIN_FILL = 0.6
"""Share of a column's width that its lines fill, in the median; labels beside each other fill less."""


FOLD = 0.03
"""Share of a sheet's width that nothing may stand on about its middle, where two pages lie side by side."""

SHEET = 1.25
"""Width of such a sheet over its height, at least."""


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the page that is read from top to bottom."""

    rows: tuple[Row, ...]
    box: Box


def facing_pages(lines: Sequence[TextLine], tables: Sequence[Box], sheet: Box) -> tuple[Box, ...]:
    """The pages on a sheet: two where an open booklet was scanned or copied, left and right of its fold; else one.

    Nothing stands on the fold over the whole height, and on each side is what a page may hold: a table, columns of
    running text, or few lines (a cover) beside a page that has one of these.
    """
    if sheet.width < SHEET * sheet.height:
        return (sheet,)
    fold = _fold([k.box for k in lines] + list(tables), sheet)
    if fold is None:
        return (sheet,)
    leaves = Box(sheet.left, sheet.top, fold, sheet.bottom), Box(fold, sheet.top, sheet.right, sheet.bottom)
    sides = [
        _page_like([k for k in lines if (k.box.center[0] < fold) == (leaf is leaves[0])], tables, leaf)
        for leaf in leaves
    ]
    return leaves if None not in sides and any(sides) else (sheet,)


def _fold(boxes: Sequence[Box], sheet: Box) -> float | None:
    """The place nearest to the middle of the sheet that has the needed room; None where that is too far off."""
    middle = sheet.left + sheet.width / 2
    left = max((b.right for b in boxes if b.center[0] < middle), default=sheet.left) + FOLD * sheet.width / 2
    right = min((b.left for b in boxes if b.center[0] >= middle), default=sheet.right) - FOLD * sheet.width / 2
    fold = min(max(middle, left), right)
    return fold if left <= right and abs(fold - middle) < 0.05 * sheet.width else None


def _page_like(lines: Sequence[TextLine], tables: Sequence[Box], leaf: Box) -> bool | None:
    """Whether a leaf holds a table or running text; None where what it holds makes no page: cells, or nothing."""
    if any(leaf.contains(*t.center) for t in tables):
        return True
    rows = build_rows(lines)
    running = [s for row in rows for s in row if s.box.width >= 0.4 * leaf.width and len(s.text) >= 8]
    if len(running) >= MIN_ROWS:
        return True
    return False if 0 < len(rows) < 2 * MIN_ROWS else None


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


__all__ = ["Region", "facing_pages", "split_columns"]
