"""What a removed mark left between level rules makes no table of its own; a real table with open sides stays."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ocr.grid import build_grids
from ocr.types import Ruling, Rulings

LEFT, RIGHT, TOP, PITCH = 50.0, 530.0, 100.0, 16.0


def level(count: int) -> tuple[Ruling, ...]:
    return tuple(Ruling(TOP + PITCH * n, LEFT, RIGHT) for n in range(count))


def strokes(*rows: tuple[float, int, int]) -> tuple[Ruling, ...]:
    """Upright strokes: x, the level rule each begins at, and how many rows it crosses."""
    return tuple(Ruling(x, TOP + PITCH * row, TOP + PITCH * (row + n)) for x, row, n in rows)


@given(rows=st.integers(6, 30), row=st.integers(0, 5), xs=st.lists(st.floats(70, 500), min_size=1, max_size=3))
def test_strokes_between_two_of_many_level_rules_are_no_table(rows: int, row: int, xs: list[float]) -> None:
    assert build_grids(Rulings(level(rows + 1), strokes(*((x, row, 1) for x in xs)))) == ()


def test_two_strips_of_one_mark_are_none_either() -> None:
    assert build_grids(Rulings(level(21), strokes((120, 3, 1), (400, 3, 1), (260, 9, 2)))) == ()


@given(rows=st.integers(2, 20))
def test_a_table_with_open_sides_is_one(rows: int) -> None:
    (grid,) = build_grids(Rulings(level(rows + 1), strokes((200, 0, rows), (380, 0, rows))))
    assert (grid.n_rows, grid.n_cols) == (rows, 3)


def test_a_small_table_with_sides_stays_whatever_stands_around_it() -> None:
    sides = strokes((LEFT, 3, 1), (RIGHT, 3, 1), (260, 3, 1))
    (grid,) = build_grids(Rulings(level(21), sides))
    assert (grid.n_rows, grid.n_cols) == (1, 2)


def test_a_table_far_from_other_level_rules_is_no_part_of_them() -> None:
    below = tuple(Ruling(TOP + 100 + PITCH * n, LEFT, RIGHT) for n in range(10))
    assert len(build_grids(Rulings(level(3) + below, strokes((260, 0, 2))))) == 1
