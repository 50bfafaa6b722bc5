"""Columns from a centred head (居中表头) where no upright rules show them: the edges between, and what spans them.

Over ruled levels only, each name of the last row of the head stands in the middle of its column. So from the
left end of the rules every middle gives the next edge, and the last must be the right end of the rules; where
it is not, the head is not centred and says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise

from document.geometry import Box
from ocr.rows import Row

__all__ = ["centred_edges", "centred_spans", "head_spans"]

_OFF = 4.0
"""How far the last edge may miss the end of the rules, and a middle that of its columns, points."""
_BEGUN = 4.0
"""A label that begins this near its column's edge belongs to it, points."""
_MOST = 12
"""A head with more columns left of a group than this is not tried, to bound the work."""


def centred_edges(middles: Sequence[float], left: float, right: float) -> tuple[float, ...] | None:
    """The column edges around the ``middles`` of a row between ``left`` and ``right``; None where they do not fit."""
    edges = [left]
    for middle in middles:
        edges.append(2 * middle - edges[-1])
    rising = all(a + 4 < b for a, b in pairwise(edges))
    if not middles or not rising or abs(edges[-1] - right) > _OFF:
        return None
    return (*edges[:-1], right)


def head_spans(row: Row, cols: Sequence[float]) -> tuple[int, ...] | None:
    """How many columns each piece of a row of the head runs over when together they fill it; None where none fit."""
    number = len(cols) - 1
    if not 1 < len(row) < number <= _MOST:
        return None
    middles = [s.box.center[0] for s in row]
    best: tuple[float, tuple[int, ...]] | None = None
    for inner in combinations(range(1, number), len(row) - 1):
        marks = (0, *inner, number)
        off = max(abs(m - (cols[a] + cols[b]) / 2) for m, (a, b) in zip(middles, pairwise(marks), strict=True))
        if off <= _OFF and (best is None or off < best[0]):
            best = (off, tuple(b - a for a, b in pairwise(marks)))
    return None if best is None else best[1]


def centred_spans(row: Row, cols: Sequence[float]) -> dict[int, int]:
    """Labels centred over several columns (合计, 栏次, 一、政府采购情况): first column to number of columns.

    The columns must be free of others' words, and the label neither centred in its own column nor begun there.
    """
    spans: dict[int, int] = {}
    for index, part in enumerate(row):
        before = row[index - 1].box.right if index else cols[0]
        after = row[index + 1].box.left if index + 1 < len(row) else cols[-1]
        over = None if any(c.isdigit() for c in part.text) else _over(part.box, before, after, cols)
        if over is not None:
            spans[over[0]] = over[1] - over[0]
    return spans


def _over(label: Box, before: float, after: float, cols: Sequence[float]) -> tuple[int, int] | None:
    """First and last edge of the columns between ``before`` and ``after`` that a label stands in the middle of."""
    middle = label.center[0]
    own = max(i for i in range(len(cols) - 1) if i == 0 or cols[i] <= middle)
    begun = cols[own] - _OFF <= label.left <= cols[own] + _BEGUN
    if begun or abs(middle - (cols[own] + cols[own + 1]) / 2) <= _OFF:
        return None
    ranges = [
        (i, k)
        for i in range(own + 1)
        for k in range(own + 1, len(cols))
        if k - i > 1 and cols[i] >= before - _OFF and cols[k] <= after + _OFF
    ]
    off = {r: abs(middle - (cols[r[0]] + cols[r[1]]) / 2) for r in ranges}
    best = min(ranges, key=lambda r: off[r], default=None)
    return best if best is not None and off[best] <= _OFF else None
