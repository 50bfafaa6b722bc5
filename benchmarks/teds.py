"""TEDS: how alike two tables are as trees (Zhong et al., PubTabNet, 2020).

A table is a tree of rows and cells. TEDS is 1 minus the tree edit distance over the size of the larger tree;
changing a cell's text costs its normalised Levenshtein distance, changing its spans 1. The distance is Zhang
and Shasha's (1989), a row of the forest table at a time with NumPy. TEDS of the structure leaves the texts out.

The cost grows with the product of the sizes: 0.3 s for a pair of 350 cells. Tables that are the same cost nothing,
and a pair of which one has more than ``LARGEST`` nodes is compared in strips of rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from benchmarks.metrics import align, normalise
from benchmarks.papers import Cell, Table

Matrix = NDArray[np.float64]
LARGEST = 1000
"""Nodes (cells and rows) up to which a table is compared whole: about 2 s for a pair of this size."""
STRIP = 250
"""Nodes of a strip of a larger table, about."""


@dataclass(frozen=True, slots=True)
class Tree:
    """An ordered tree in postorder."""

    tags: tuple[tuple[str, int, int], ...]
    """Of each node: table, tr or td, and the cell's row and column span."""
    texts: tuple[str, ...]
    lefts: NDArray[np.int64]
    """For each node the number of the leftmost leaf below it."""

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Number of nodes of each subtree."""
        return np.arange(len(self.lefts)) - self.lefts + 1

    @property
    def keyroots(self) -> list[int]:
        """The root and every node with a sibling to its left, in postorder; leaves left out."""
        last = {int(left): node for node, left in enumerate(self.lefts)}
        return [node for node in sorted(last.values()) if self.sizes[node] > 1]


Row = Sequence[Cell]


def _rows(table: Table) -> list[Row]:
    """The cells that begin in each row, from the left."""
    rows: list[list[Cell]] = [[] for _ in range(table.n_rows)]
    for cell in sorted(table.cells, key=lambda c: (c.row, c.col)):
        rows[cell.row].append(cell)
    return list(rows)


def tree(table: Table) -> Tree:
    """The table as a tree of rows and cells; a row in which no cell begins is a row without cells."""
    return _tree(_rows(table), texts=True)


def _tree(rows: Sequence[Row], *, texts: bool) -> Tree:
    tags: list[tuple[str, int, int]] = []
    said: list[str] = []
    lefts: list[int] = []
    for row in rows:
        first = len(tags)
        for cell in row:
            lefts.append(len(tags))
            tags.append(("td", cell.row_span, cell.col_span))
            said.append(normalise(cell.text) if texts else "")
        lefts.append(first)
        tags.append(("tr", 0, 0))
        said.append("")
    lefts.append(0)
    return Tree((*tags, ("table", 0, 0)), (*said, ""), np.array(lefts))


def _rename(a: Tree, b: Tree) -> Matrix:
    """What it costs to make each node of ``a`` into each node of ``b``."""
    apart = process.cdist(a.texts, b.texts, scorer=Levenshtein.normalized_distance, dtype=np.float64)
    codes = {tag: n for n, tag in enumerate({*a.tags, *b.tags})}
    same = np.equal.outer([codes[t] for t in a.tags], [codes[t] for t in b.tags])
    return np.where(same, apart, 1.0)


def _forest(a: Tree, b: Tree, i: int, j: int, rename: Matrix, done: Matrix) -> None:
    """Fill ``done`` for the pairs of subtrees on the left edges of ``i`` and ``j``."""
    top, left = int(a.lefts[i]), int(b.lefts[j])
    js = np.arange(left, j + 1)
    edge, before = b.lefts[js] == left, b.lefts[js] - left
    steps = np.arange(len(js) + 1, dtype=np.float64)
    rows = np.empty((i - top + 2, len(js) + 1))
    rows[0] = steps
    for n, di in enumerate(range(top, i + 1), 1):
        whole = rows[int(a.lefts[di]) - top, before] + done[di, js]
        on_edge = a.lefts[di] == top
        if on_edge:
            whole = np.where(edge, rows[n - 1, :-1] + rename[di, js], whole)
        rows[n, 0] = n
        rows[n, 1:] = np.minimum(whole, rows[n - 1, 1:] + 1)
        rows[n] = np.minimum.accumulate(rows[n] - steps) + steps
        if on_edge:
            done[di, js[edge]] = rows[n, 1:][edge]


def _leaves(a: Tree, b: Tree, rename: Matrix, done: Matrix) -> None:
    """Fill ``done`` for the leaves of ``a``: all but one node of the other subtree is new."""
    leaves = np.flatnonzero(a.sizes == 1)
    for j, size in enumerate(b.sizes):
        done[leaves, j] = size - 1 + rename[leaves, b.lefts[j] : j + 1].min(axis=1)


def distance(a: Tree, b: Tree) -> float:
    """Tree edit distance."""
    rename, done = _rename(a, b), np.zeros((len(a.tags), len(b.tags)))
    _leaves(a, b, rename, done)
    _leaves(b, a, rename.T, done.T)
    for i in a.keyroots:
        for j in b.keyroots:
            _forest(a, b, i, j, rename, done)
    return float(done[-1, -1])


def _nodes(rows: Sequence[Row]) -> int:
    return sum(len(row) + 1 for row in rows)


def _cuts(truth: Sequence[Row], found: Sequence[Row]) -> list[tuple[int, int]]:
    """Row numbers of both tables at which to cut: before rows that are alike, else the same share of the way."""
    lines = [["|".join(normalise(c.text) for c in row) for row in rows] for rows in (truth, found)]
    places = align(*lines)
    step = max(1, len(truth) * STRIP // max(_nodes(truth), _nodes(found)))
    cuts = [(0, 0)]
    for row in range(step, len(truth), step):
        place = places.get(row, row * len(found) // len(truth))
        cuts.append((row, max(place, cuts[-1][1])))
    return [*cuts, (len(truth), len(found))]


def _strips(truth: Sequence[Row], found: Sequence[Row]) -> list[tuple[Sequence[Row], Sequence[Row]]]:
    """The pair whole, or a large one in strips of rows."""
    if max(_nodes(truth), _nodes(found)) <= LARGEST:
        return [(truth, found)]
    return [(truth[i:k], found[j:n]) for (i, j), (k, n) in pairwise(_cuts(truth, found))]


def _apart(a: Tree, b: Tree) -> float:
    return 0.0 if (a.tags, a.texts) == (b.tags, b.texts) else distance(a, b)


def teds(truth: Table, found: Table | None, *, texts: bool = True) -> float:
    """1 for the same table, 0 for nothing alike or no table.

    Of a table compared in strips this is a lower bound: what is edited in each strip edits the whole.
    """
    if found is None:
        return 0.0
    rows, others = _rows(truth), _rows(found)
    pairs = ((_tree(a, texts=texts), _tree(b, texts=texts)) for a, b in _strips(rows, others))
    return max(0.0, 1 - sum(_apart(a, b) for a, b in pairs) / (1 + max(_nodes(rows), _nodes(others))))


def mean_teds(truth: Sequence[Table], found: Sequence[Table], partners: dict[int, int], *, texts: bool = True) -> float:
    """Mean over the truth's tables, each against its partner; 1 where there is no table."""
    pairs = ((table, found[partners[n]] if n in partners else None) for n, table in enumerate(truth))
    values = [teds(table, other, texts=texts) for table, other in pairs]
    return sum(values) / len(values) if values else 1.0
