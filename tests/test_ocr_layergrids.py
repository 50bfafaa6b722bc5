"""Columns that no upright rule shows: they lie where all level rules of a drawn table are seamed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from document.geometry import Box
from ocr.layergrids import hidden_edges, with_seams
from ocr.types import Grid, GridCell

COLS, ROWS = (50.0, 150.0, 350.0), (100.0, 120.0, 140.0, 160.0)


def grid() -> Grid:
    """Three rows of two cells."""
    cells = tuple(
        GridCell(r, c, 1, 1, Box(COLS[c], ROWS[r], COLS[c + 1], ROWS[r + 1])) for r in range(3) for c in range(2)
    )
    return Grid(Box(50, 100, 350, 160), 3, 2, cells, ROWS, COLS)


def seamed(x: float, rows: tuple[float, ...] = ROWS) -> list[tuple[float, float]]:
    return [(x, y) for y in rows]


@given(st.floats(153, 347))
def test_a_seam_on_all_rules_is_a_column(x: float) -> None:
    found = with_seams(grid(), seamed(x))
    assert found.col_edges == (50, 150, pytest.approx(x), 350)
    assert [(c.col, c.col_span) for c in found.cells] == [(0, 1), (1, 2)] * 3
    assert [c.box for c in found.cells] == [c.box for c in grid().cells]  # nothing is cut


def test_cells_right_of_a_hidden_column_move_on() -> None:
    found = with_seams(grid(), seamed(100))
    assert [(c.col, c.col_span) for c in found.cells[:2]] == [(0, 2), (2, 1)]
    assert found.n_cols == 3


def test_a_seam_on_some_rules_is_where_a_piece_ended() -> None:
    assert hidden_edges(grid(), seamed(250, ROWS[:2])) == ()


def test_seams_at_a_known_edge_add_nothing() -> None:
    assert hidden_edges(grid(), seamed(151)) == ()


def test_seams_beside_the_table_are_another_tables() -> None:
    assert hidden_edges(grid(), seamed(400)) == ()


def test_several_hidden_columns_come_from_left_to_right() -> None:
    found = with_seams(grid(), [*seamed(300), *seamed(200.4), *seamed(200)])
    assert found.col_edges == (50, 150, pytest.approx(200.2, abs=0.3), 300, 350)
    assert {(c.col, c.col_span) for c in found.cells} == {(0, 1), (1, 3)}
