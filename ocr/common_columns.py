"""One set of columns for two parts of a table (统一列): a part shows only the column edges that its own rows have.

A form (绩效目标表, 自评表) is divided differently in each of its rows. Cut by the page break, its upper part may
have a column that the lower one lacks, and the other way round; the sides and some edges lie at the same places.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from document.types import Cell, Table

__all__ = ["column_edges", "with_common_columns"]

SAME_EDGE = 0.012
"""Edges nearer than this share of the table's width, and two points, may be the same."""

SAME_WIDTH = 0.05
"""Two parts whose widths differ by more than this share are not of one table."""

FORM_ROWS = 2
"""Rows below the first one with cells over several columns that make a form, at least."""


def column_edges(table: Table) -> list[float]:
    """Left edges of the columns and the right edge of the last, in points, as far as cells show them."""
    left: dict[int, float] = {}
    for cell in table.cells:
        for col, x in ((cell.col, cell.box.left), (cell.col + cell.col_span, cell.box.right)):
            left.setdefault(col, x)
    known = sorted(left.items())
    edges, at = [], 0
    for col in range(table.n_cols + 1):
        while at + 1 < len(known) and known[at + 1][0] <= col:
            at += 1
        edges.append(known[at][1])
    return edges


def with_common_columns(one: Table, other: Table) -> tuple[Table, Table] | None:
    """Both tables with the columns of both, where those of one are among the other's, or ``one`` is a form.

    None where they are no parts of one table: other sides, or too few edges at the same places.
    """
    first, second = column_edges(one), column_edges(other)
    width = first[-1] - first[0]
    if width <= 0 or abs((second[-1] - second[0]) / width - 1) > SAME_WIDTH:
        return None
    scale = width / (second[-1] - second[0])
    second = [first[0] + (x - second[0]) * scale for x in second]
    pairs = _pairs(first[1:-1], second[1:-1], SAME_EDGE * width + 2)
    fewer = min(len(first), len(second)) - 2
    if len(pairs) < max(1, 0.5 * fewer) or (len(pairs) < fewer and not _is_form(one)):
        return None
    at = {0: 0, len(second) - 1: len(first) - 1, **{b + 1: a + 1 for a, b in pairs}}
    places = sorted([*first, *(x for i, x in enumerate(second) if i not in at)])
    ours = [places.index(x) for x in first]
    theirs = [ours[at[i]] if i in at else places.index(x) for i, x in enumerate(second)]
    if len(set(ours)) < len(ours) or any(a >= b for a, b in pairwise(theirs)):
        return None
    return _with_columns(one, ours, len(places) - 1), _with_columns(other, theirs, len(places) - 1)


def _pairs(one: Sequence[float], other: Sequence[float], reach: float) -> list[tuple[int, int]]:
    """The places of ``one`` and ``other``, by number, that are nearest to each other and within ``reach``."""
    pairs: list[tuple[int, int]] = []
    for a, x in enumerate(one):
        b = min(range(len(other)), key=lambda i: abs(other[i] - x), default=None)
        if b is None or abs(other[b] - x) > reach:
            continue
        if min(range(len(one)), key=lambda i: abs(one[i] - other[b])) == a:
            pairs.append((a, b))
    return pairs


def _is_form(table: Table) -> bool:
    """Whether several rows below the first one have cells over several columns."""
    return len({c.row for c in table.cells if c.row and c.col_span > 1}) >= FORM_ROWS


def _with_columns(table: Table, places: Sequence[int], n_cols: int) -> Table:
    """The table with its column edges at ``places`` among those of ``n_cols`` columns."""
    return replace(table, n_cols=n_cols, cells=tuple(_moved(c, places) for c in table.cells))


def _moved(cell: Cell, places: Sequence[int]) -> Cell:
    col = places[cell.col]
    return replace(cell, col=col, col_span=places[cell.col + cell.col_span] - col)
