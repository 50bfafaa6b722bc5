"""The head of a table (表头) from where its names stand: its rows, and what each name spans.

A head without upright rules is a page of a riddle: every name stands in the middle of its cell, from left to right
and from top to bottom. So the heights between the rows of the head are those that make every name's middle the
middle of some run of rows; and the names of a row share out the columns so that each stands in the middle of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

from document.geometry import Box
from ocr.rows import Row

__all__ = ["centred_edges", "centred_spans", "fit_tiers", "shared_out", "standing"]

_OFF = 4.0
"""How far the last edge may miss the end of the rules, and a middle that of its columns, points."""
_BEGUN = 4.0
"""A label that begins this near its column's edge belongs to it, points."""
_APART = 3.0
"""Rules nearer than this are one, points."""
_MOST_TIERS = 6
"""Rows of a head at most."""
_LOWEST = 0.9
"""The lowest row of a head, as a share of the height of its lowest name."""
_EACH_ROW = 1.0
"""How much nearer to its middle a name must be for each further row that it is to span, points."""
_UNNAMED = 50.0
"""What a column without a name costs where names share out columns: as much as a middle 7 points off (points²)."""
_OVERHANG = 4.0
"""What text beyond the columns of its name costs, for each point² of it."""


def centred_edges(middles: Sequence[float], left: float, right: float) -> tuple[float, ...] | None:
    """The column edges around the ``middles`` of a row between ``left`` and ``right``; None where they do not fit.

    From the left end of the rules every middle gives the next edge, and the last must be the right end of the rules.
    """
    edges = [left]
    for middle in middles:
        edges.append(2 * middle - edges[-1])
    rising = all(a + 4 < b for a, b in pairwise(edges))
    if not middles or not rising or abs(edges[-1] - right) > _OFF:
        return None
    return (*edges[:-1], right)


def fit_tiers(
    names: Sequence[Box],
    fixed: Sequence[float],
    head: tuple[float, float],
    tolerance: float,
    misfits: int = 0,
    walls: Sequence[float] = (),
) -> tuple[float, ...] | None:
    """The heights above, between and below the rows of a head: the fewest whose runs have the names in their middles.

    ``head`` is its top and bottom, ``fixed`` the heights of rules inside it, ``walls`` of those that run over its
    whole width, ``tolerance`` how far a middle may be off, all in points. None where no heights fit all names but
    ``misfits``.
    """
    middles = _distinct([n.center[1] for n in names])
    if not names or len(middles) > 2 * _MOST_TIERS:
        return None
    inner = [y for y in _distinct(fixed) if head[0] + _APART < y < head[1] - _APART]
    least = _LOWEST * min(n.height for n in names)
    fits = (
        edges
        for edges in _stairs((head[0],), middles, inner, head[1], least)
        if standing(names, edges, tolerance, misfits, walls)
    )
    return min(fits, key=lambda e: (len(e), _residual(names, e)), default=None)


def _distinct(values: Sequence[float]) -> list[float]:
    """The values in order, those that are one but for noise as their mean."""
    groups: list[list[float]] = []
    for value in sorted(values):
        if groups and value - groups[-1][0] < 1.2:
            groups[-1].append(value)
        else:
            groups.append([value])
    return [sum(g) / len(g) for g in groups]


def _stairs(
    edges: tuple[float, ...], middles: Sequence[float], fixed: Sequence[float], bottom: float, least: float
) -> Iterator[tuple[float, ...]]:
    """All ways on from ``edges`` down to ``bottom``: every row ends at a rule, or has a name in its middle."""
    last = edges[-1]
    ahead = next((y for y in fixed if y > last + _APART), bottom)
    if ahead == bottom and bottom - last >= least:
        yield (*edges, bottom)
    if len(edges) >= _MOST_TIERS:
        return
    steps = {round(2 * m - last, 1) for m in middles if least <= 2 * (m - last) and 2 * m - last < ahead - _APART}
    for step in sorted(steps | ({ahead} if ahead < bottom else set())):
        if step == ahead or ahead - step >= least:
            yield from _stairs((*edges, step), middles, fixed, bottom, least)


def standing(
    names: Sequence[Box], edges: Sequence[float], tolerance: float, misfits: int = 0, walls: Sequence[float] = ()
) -> tuple[range, ...] | None:
    """The rows of the head that each name stands in the middle of; None where more than ``misfits`` fit none, or rows
    stay empty.

    A name does not stand in a row that has one above or below it, nor on both sides of one of the ``walls``.
    """
    own = [_row_at(name.center[1], edges) for name in names]
    allowed = [
        r for r in _all_runs(edges) if not any(edges[r.start] + _APART < y < edges[r.stop] - _APART for y in walls)
    ]
    found: list[range] = []
    off = 0
    for name in names:
        others = {row for row, other in zip(own, names, strict=True) if other is not name and _share(name, other)}
        runs = [r for r in allowed if not others & set(r)] or [range(row := _row_at(name.center[1], edges), row + 1)]
        found.append(min(runs, key=lambda r: _off(name, edges, r) + _EACH_ROW * len(r)))
        off += _off(name, edges, found[-1]) > tolerance
        if off > misfits:
            return None
    alone = {r.start for r in found if len(r) == 1}
    return None if len(alone) < len(edges) - 1 else tuple(found)


def _row_at(height: float, edges: Sequence[float]) -> int:
    return max(0, min(len(edges) - 2, sum(edge <= height for edge in edges) - 1))


def _off(name: Box, edges: Sequence[float], rows: range) -> float:
    return abs(name.center[1] - (edges[rows.start] + edges[rows.stop]) / 2)


def _share(one: Box, other: Box) -> bool:
    """Whether two names stand above one another."""
    return min(one.right, other.right) - max(one.left, other.left) > 0.2 * min(one.width, other.width)


def _residual(names: Sequence[Box], edges: Sequence[float]) -> float:
    return sum(min(_off(name, edges, r) for r in _all_runs(edges)) for name in names)


def _all_runs(edges: Sequence[float]) -> list[range]:
    """Every run of rows between the edges."""
    return [range(a, b) for a, b in combinations(range(len(edges)), 2)]


def shared_out(names: Sequence[Box], cols: Sequence[float]) -> tuple[range, ...]:
    """The columns of each name of a row, from left to right, so that all stand as near to their middles as may be.

    ``cols`` are the edges of the columns that they share; those that no name stands over stay free.
    """
    number = len(cols) - 1
    best: list[tuple[float, tuple[range, ...]] | None] = [(_UNNAMED * c, ()) for c in range(number + 1)]
    for count, name in enumerate(names, 1):
        ways: list[tuple[float, tuple[range, ...]] | None] = [None] * (number + 1)
        for end in range(count, number + 1):
            here = [
                (before[0] + _cost(name, cols[start], cols[end]), (*before[1], range(start, end)))
                for start in range(count - 1, end)
                if (before := best[start]) is not None
            ]
            if (blank := ways[end - 1]) is not None:
                here.append((blank[0] + _UNNAMED, blank[1]))
            ways[end] = min(here, key=lambda w: w[0], default=None)
        best = ways
    return () if (whole := best[number]) is None else whole[1]


def _cost(name: Box, left: float, right: float) -> float:
    """How badly a name stands between two edges, points²."""
    over = max(0.0, left - name.left - 3) + max(0.0, name.right - right - 3)
    return float((name.center[0] - (left + right) / 2) ** 2 + _OVERHANG * over**2)


def centred_spans(row: Row, cols: Sequence[float], starts: Sequence[float] = ()) -> dict[int, int]:
    """Labels centred over several columns (合计, 栏次, 一、政府采购情况): first column to number of columns.

    The columns must be free of others' words, and the label neither centred in its own column nor begun there, nor at
    one of the ``starts`` of other rows' labels (points): an edge that no rule shows may lie well before those.
    """
    spans: dict[int, int] = {}
    for index, part in enumerate(row):
        before = row[index - 1].box.right if index else cols[0]
        after = row[index + 1].box.left if index + 1 < len(row) else cols[-1]
        begun = any(abs(part.box.left - start) < _BEGUN for start in starts)
        over = None if begun or any(c.isdigit() for c in part.text) else _over(part.box, before, after, cols)
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
