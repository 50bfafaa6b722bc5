"""An outline around a table gives it no rows and columns; narrow ones of the table's own stay."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.grid import build_grids
from ocr.rulings import find_rulings
from ocr.types import Grid, PageImage, Ruling, Rulings
from tests.drawn_tables import DrawnTable, Scan, page, regular, spans_of

TABLE = regular(6, 5, merges=((0, 0, 2, 1), (0, 1, 1, 2), (0, 3, 1, 2), (2, 0, 1, 2)))


def framed(table: DrawnTable, distance: float) -> DrawnTable:
    """One frame, ``distance`` points outside the table."""
    rows = (table.rows[0] - distance, table.rows[-1] + distance)
    cols = (table.cols[0] - distance, table.cols[-1] + distance)
    return DrawnTable(rows, cols, ((0, 0, 1, 1),))


def found(image: PageImage) -> tuple[Grid, ...]:
    return build_grids(find_rulings(image))


@pytest.mark.parametrize("distance", [2.0, 3.0, 4.5, 6.0])
@pytest.mark.parametrize("scan", [Scan(), Scan(skew=0.3, noise=4), Scan(dpi=150, thickness=1.0, noise=6)])
def test_an_outline_is_no_row_and_no_column(distance: float, scan: Scan) -> None:
    scan = replace(scan, text=False)
    (grid,) = found(page((TABLE, framed(TABLE, distance)), scan))
    assert spans_of(grid) == TABLE.cells


def test_a_repeated_head_and_a_body_with_an_outline_each() -> None:
    head = DrawnTable((40, 56), (30, 130, 230), ((0, 0, 1, 1), (0, 1, 1, 1)))
    body = DrawnTable((56, 72, 88, 104), head.cols, tuple((r, c, 1, 1) for r in range(3) for c in range(2)))
    grids = found(page((head, framed(head, 2.0), body, framed(body, 2.0))))
    assert [(g.n_rows, g.n_cols) for g in grids] == [(4, 2)]


def test_rules_that_run_over_the_border_hide_no_outline() -> None:
    image = page((TABLE, framed(TABLE, 2.5)))
    pixels, unit = image.pixels.copy(), image.dpi / 72
    y = round(TABLE.rows[4] * unit)
    cv2.line(pixels, (round(10 * unit), y), (round(TABLE.cols[2] * unit), y), (60,), 2)
    (grid,) = found(replace(image, pixels=np.asarray(pixels)))
    assert spans_of(grid) == TABLE.cells


@pytest.mark.parametrize("row", [0, -1])
def test_the_first_rule_may_reach_the_outline_on_one_side(row: int) -> None:
    """Two points apart, blur joins the table's own border to the outline: the blank between is still no row."""
    outline = framed(TABLE, 2.0)
    level = [Ruling(y, TABLE.cols[0], TABLE.cols[-1] + (1.8 if y == TABLE.rows[row] else 0)) for y in TABLE.rows]
    level += [Ruling(y, outline.cols[0], outline.cols[1]) for y in outline.rows]
    upright = [Ruling(x, TABLE.rows[0], TABLE.rows[-1]) for x in TABLE.cols]
    upright += [Ruling(x, outline.rows[0], outline.rows[1]) for x in outline.cols]
    (grid,) = build_grids(Rulings(tuple(level), tuple(upright)))
    assert (grid.n_rows, grid.n_cols) == (6, 5)


def test_a_broken_rule_of_the_outline_is_one_all_the_same() -> None:
    outline = framed(TABLE, 2.0)
    left, right = outline.cols
    level = [Ruling(y, TABLE.cols[0], TABLE.cols[-1]) for y in TABLE.rows]
    level += [Ruling(outline.rows[1], left, right)]
    level += [Ruling(outline.rows[0], a, b) for a, b in ((left, 90), (96, 180), (188, right))]
    upright = [Ruling(x, TABLE.rows[0], TABLE.rows[-1]) for x in TABLE.cols]
    upright += [Ruling(x, outline.rows[0], outline.rows[1]) for x in outline.cols]
    (grid,) = build_grids(Rulings(tuple(level), tuple(upright)))
    assert (grid.n_rows, grid.n_cols) == (6, 5)


@given(st.floats(1.8, 6.5), st.sampled_from(["first row", "last row", "first column", "last column"]))
def test_a_narrow_blank_row_or_column_of_the_table_stays(width: float, where: str) -> None:
    rows, cols = [40.0 + 16 * i for i in range(6)], [30.0 + 40 * i for i in range(5)]
    edges = rows if where.endswith("row") else cols
    if where.startswith("first"):
        edges[0] = edges[1] - width
    else:
        edges[-1] = edges[-2] + width
    rules = Rulings(
        tuple(Ruling(y, cols[0], cols[-1]) for y in rows), tuple(Ruling(x, rows[0], rows[-1]) for x in cols)
    )
    (grid,) = build_grids(rules)
    assert (grid.n_rows, grid.n_cols) == (5, 4)


def test_an_open_column_of_merged_cells_is_a_column() -> None:
    table = regular(10, 3, merges=((0, 0, 1, 1), (1, 0, 4, 1), (5, 0, 5, 1)))
    (grid,) = found(page(table, Scan(open_sides=True)))
    assert spans_of(grid) == table.cells


def test_a_rule_or_two_that_run_on_open_no_side() -> None:
    rows = [40.0 + 16 * i for i in range(8)]
    level = tuple(Ruling(y, 10.0 if i in (2, 5) else 30.0, 190) for i, y in enumerate(rows))
    (grid,) = build_grids(Rulings(level, tuple(Ruling(x, rows[0], rows[-1]) for x in (30.0, 110.0, 190.0))))
    assert grid.n_cols == 2


def test_a_table_without_an_outline_keeps_all_its_rules() -> None:
    (grid,) = found(page(TABLE))
    assert spans_of(grid) == TABLE.cells
