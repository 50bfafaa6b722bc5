"""Grids of born-digital tables: exact rules, and columns that only the drawing order betrays.

A spreadsheet draws its borders cell by cell. A column whose cells are all merged with their neighbours has
no upright rule of its own, yet every level rule is broken at its edge; a reader of the file counts it as a
column, and so do the programs that wrote the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from ocr.grid import GridOptions, build_grids
from ocr.textlayer import TextLayer
from ocr.types import Grid, GridCell

EXACT = GridOptions(min_row=3.0, min_col=3.0)
"""Drawn rules have no noise, so rows and columns may be as low and narrow as printers make them."""

NEAR = 2.5
"""A seam nearer than this (points) to a column's edge is that edge."""

SHARE = 0.9
"""Share of a grid's level rules that a seam divides where it stands for a column's edge."""


def layer_grids(layer: TextLayer) -> tuple[Grid, ...]:
    """The grids of a born-digital page, in points on the upright page."""
    return tuple(with_seams(grid, layer.seams) for grid in build_grids(layer.rulings, EXACT))


def with_seams(grid: Grid, seams: Sequence[tuple[float, float]]) -> Grid:
    """The grid with a column edge wherever nearly all of its level rules are seamed at one x.

    ``seams`` are points (x, y) on level rules. Cells that the new edge crosses span one column more.
    """
    for x in hidden_edges(grid, seams):
        grid = _divided(grid, x)
    return grid


def hidden_edges(grid: Grid, seams: Sequence[tuple[float, float]]) -> tuple[float, ...]:
    """x positions of column edges without an upright rule, from left to right."""
    inside = sorted(
        (x, y)
        for x, y in seams
        if grid.box.grown(1).contains(x, y) and all(abs(x - edge) > NEAR for edge in grid.col_edges)
    )
    groups: list[list[tuple[float, float]]] = []
    for seam in inside:
        if groups and seam[0] - groups[-1][-1][0] <= 1.0:
            groups[-1].append(seam)
        else:
            groups.append([seam])
    return tuple(median(x for x, _ in g) for g in groups if _seams_all(grid, g))


def _seams_all(grid: Grid, seams: Sequence[tuple[float, float]]) -> bool:
    """Whether the seams lie on nearly all row edges that a rule crosses there, three at least."""
    x = seams[0][0]
    crossed = {
        y
        for cell in grid.cells
        if cell.box.left - 1 <= x <= cell.box.right + 1
        for y in (grid.row_edges[cell.row], grid.row_edges[cell.row + cell.row_span])
    }
    met = sum(any(abs(y - edge) <= 1.5 for _, y in seams) for edge in crossed)
    return len(crossed) >= 3 and met >= SHARE * len(crossed)


def _divided(grid: Grid, x: float) -> Grid:
    """The grid with one more column edge at x, between two others; no cell is cut."""
    col = max(i for i, edge in enumerate(grid.col_edges) if edge < x)
    return replace(
        grid,
        n_cols=grid.n_cols + 1,
        cells=tuple(_shifted(c, col) for c in grid.cells),
        col_edges=(*grid.col_edges[: col + 1], x, *grid.col_edges[col + 1 :]),
    )


def _shifted(cell: GridCell, col: int) -> GridCell:
    """The cell after column ``col`` became two."""
    if cell.col > col:
        return replace(cell, col=cell.col + 1)
    return replace(cell, col_span=cell.col_span + 1) if cell.col + cell.col_span > col else cell
