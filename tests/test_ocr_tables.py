"""Words get into the right cells: regions cut at rules, unread ink found, lines cut, wrapped lines joined."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from document.geometry import Box
from document.types import Character, TextLine
from ocr.grid import build_grids
from ocr.rulings import find_rulings
from ocr.tables import fill_grids, join_lines, reading_order, split_regions, unread_cells
from ocr.types import FilledGrid, Grid, GridCell
from tests.drawn_tables import DrawnTable, Scan, page, regular, tables


def grid_of(table: DrawnTable) -> Grid:
    cells = tuple(GridCell(*cell, Box(*table.box(cell))) for cell in table.cells)
    return Grid(
        Box.around(c.box for c in cells), len(table.rows) - 1, len(table.cols) - 1, cells, table.rows, table.cols
    )


def line(text: str, left: float, top: float, size: float = 8.0, confidence: float = 0.9) -> TextLine:
    """A line of characters each as wide as ``size``."""
    characters = tuple(Character(c, confidence, left + i * size, left + (i + 1) * size) for i, c in enumerate(text))
    return TextLine(text, Box(left, top, left + size * len(text), top + size), confidence, characters, size=size)


def texts(filled: FilledGrid) -> dict[tuple[int, int], str]:
    return {(c.row, c.col): c.reading.text for c in filled.cells if c.reading.text}


GRID = grid_of(regular(3, 4))
"""Cells of 60 × 16 points from (30, 40)."""


# -- regions


def test_a_region_over_a_rule_is_cut_there() -> None:
    parts = split_regions((Box(40, 43, 140, 53),), (GRID,))
    assert len(parts) == 2
    assert parts[0].right < 90 < parts[1].left
    assert parts[0].left == 40
    assert parts[1].right == 140


def test_a_margin_over_a_rule_is_trimmed_not_cut() -> None:
    (part,) = split_regions((Box(35, 41, 92, 58),), (GRID,))
    assert part.right < 90
    assert part.bottom < 56


def test_regions_outside_tables_are_left_alone() -> None:
    regions = (Box(35, 10, 300, 22), Box(400, 43, 500, 53))
    assert split_regions(regions, (GRID,)) == regions


def test_a_region_in_a_merged_cell_is_not_cut() -> None:
    merged = grid_of(regular(3, 4, merges=((0, 0, 1, 3),)))
    assert split_regions((Box(40, 43, 180, 53),), (merged,)) == (Box(40, 43, 180, 53),)


@given(tables(), st.floats(0, 300), st.floats(0, 200), st.floats(4, 150), st.floats(4, 14))
def test_parts_lie_in_the_region(table: DrawnTable, left: float, top: float, width: float, height: float) -> None:
    region = Box(left, top, left + width, top + height)
    for part in split_regions((region,), (grid_of(table),)):
        assert part == region or part.cover(region) > 0.999


# -- ink that nobody read


def test_a_lone_digit_without_a_region_is_reported() -> None:
    image = page(regular(3, 4), Scan(text=False))
    pixels = image.pixels.copy()
    unit = image.dpi / 72
    for col, text in ((0, "12.50"), (1, "3.75"), (3, "1")):
        place = (round((30 + 60 * col + 20) * unit), round(53 * unit))
        cv2.putText(pixels, text, place, cv2.FONT_HERSHEY_SIMPLEX, unit * 0.26, (20,), 2)
    image = replace(image, pixels=pixels)
    grids = build_grids(find_rulings(image))
    regions = (Box(49, 44, 78, 54), Box(109, 44, 132, 54))
    (box,) = unread_cells(image, grids, regions)
    assert Box(228, 44, 240, 54).contains(*box.center)
    assert grids[0].cells[3].box.cover(box) > 0


@pytest.mark.parametrize("scan", [Scan(speckles=400, noise=8), Scan(broken=0.2), Scan(bilevel=True, speckles=400)])
def test_specks_and_broken_rules_are_not_reported(scan: Scan) -> None:
    image = page(regular(3, 4), replace(scan, text=False))
    pixels = image.pixels.copy()
    cv2.putText(pixels, "12.50", (120, 145), cv2.FONT_HERSHEY_SIMPLEX, 0.75, (20,), 2)
    image = replace(image, pixels=pixels)
    assert unread_cells(image, build_grids(find_rulings(image)), (Box(42, 44, 75, 54),)) == ()


def test_pale_residue_is_not_reported() -> None:
    image = page(regular(3, 4), Scan(text=False))
    pixels = image.pixels.copy()
    cv2.putText(pixels, "12.50", (120, 145), cv2.FONT_HERSHEY_SIMPLEX, 0.75, (20,), 2)
    cv2.putText(pixels, "4", (450, 145), cv2.FONT_HERSHEY_SIMPLEX, 0.75, (190,), 2)
    image = replace(image, pixels=pixels)
    assert unread_cells(image, build_grids(find_rulings(image)), (Box(42, 44, 75, 54),)) == ()


# -- lines into cells


def test_each_line_goes_to_its_cell_and_the_rest_comes_back() -> None:
    title = line("收入总表", 100, 20)
    (filled,), rest = fill_grids((GRID,), (title, line("项目", 40, 44), line("金额", 100, 44)), 7)
    assert rest == (title,)
    assert texts(filled) == {(0, 0): "项目", (0, 1): "金额"}
    assert {c.page for c in filled.cells} == {7}
    assert len(filled.cells) == 12


def test_a_line_over_two_cells_is_cut_between_its_characters() -> None:
    wide = TextLine(
        "201一般",
        Box(70, 44, 110, 54),
        0.8,
        tuple(
            Character(c, p, x, x + 5)
            for c, p, x in zip("201一般", (0.9, 0.9, 0.9, 0.5, 0.7), (70, 75, 80, 95, 103), strict=True)
        ),
    )
    (filled,), _ = fill_grids((GRID,), (wide,), 1)
    assert texts(filled) == {(0, 0): "201", (0, 1): "一般"}
    cells = {(c.row, c.col): c for c in filled.cells}
    assert cells[0, 0].reading.confidence == pytest.approx(0.9)
    assert cells[0, 1].reading.confidence == pytest.approx(0.6)
    assert cells[0, 1].lines[0].box.left == 95


def test_text_that_runs_over_its_cell_without_a_gap_stays_whole() -> None:
    (filled,), _ = fill_grids((GRID,), (line("机关事业单位", 46, 44, size=8.5),), 1)
    assert texts(filled) == {(0, 0): "机关事业单位"}


def test_an_amount_at_its_rule_does_not_run_into_the_next_cells_words() -> None:
    (filled,), _ = fill_grids((GRID,), (line("1,234.56一般公共", 46, 44, size=6.8),), 1)
    assert texts(filled) == {(0, 0): "1,234.56", (0, 1): "一般公共"}


def test_an_amount_is_not_cut_at_an_edge_that_no_rule_shows() -> None:
    """Between columns without rules the edge is put where white is, and may lie a digit inside one amount."""
    amount = line("1,234.56", 34, 44, size=7.4)
    last = replace(amount.characters[-1], left=92.0, right=95.0)  # a little apart, over the edge at 90
    amount = replace(amount, characters=(*amount.characters[:-1], last), box=Box(34, 44, 95, 51.4))
    (ruled,) = fill_grids((GRID,), (amount,), 1)[0]
    assert len(texts(ruled)) == 2
    (free,) = fill_grids((replace(GRID, ruled=False),), (amount,), 1)[0]
    assert texts(free) == {(0, 0): "1,234.56"}


def test_wrapped_lines_are_joined_in_order() -> None:
    tall = grid_of(regular(2, 3, row=40))
    lines = (line("缴费支出", 32, 54), line("机关养老保险", 32, 44))
    (filled,), _ = fill_grids((tall,), lines, 1)
    assert texts(filled) == {(0, 0): "机关养老保险缴费支出"}
    assert [k.text for k in filled.cells[0].lines] == ["机关养老保险", "缴费支出"]


@pytest.mark.parametrize(
    ("pieces", "joined"),
    [
        ((("基本", 0, 0), ("支出", 0, 10)), "基本支出"),
        ((("public", 0, 0), ("budget", 0, 10)), "public budget"),
        ((("1,234,", 0, 0), ("567.89", 0, 10)), "1,234,567.89"),
        ((("12.50", 0, 0), ("3.75", 60, 0)), "12.50 3.75"),
        ((("其中：", 0, 0), ("PC", 0, 10)), "其中：PC"),
        ((("", 0, 0), ("支出", 0, 10)), "支出"),
        ((), ""),
    ],
)
def test_joining(pieces: tuple[tuple[str, float, float], ...], joined: str) -> None:
    assert join_lines([line(text, left, top) for text, left, top in pieces]) == joined


@given(st.permutations(range(6)))
def test_reading_order_does_not_depend_on_the_order_given(order: list[int]) -> None:
    lines = [line(str(n), 10 + 30 * (n % 2), 10 + 10 * (n // 2) + (n % 2)) for n in range(6)]
    assert [k.text for k in reading_order(lines[n] for n in order)] == list("012345")


@given(tables(), st.lists(st.tuples(st.floats(0, 350), st.floats(0, 250), st.text("预算123", max_size=8)), max_size=12))
def test_no_character_is_lost_or_doubled(table: DrawnTable, pieces: list[tuple[float, float, str]]) -> None:
    lines = tuple(line(text, left, top, size=5) for left, top, text in pieces)
    filled, rest = fill_grids((grid_of(table),), lines, 1)
    inside = [c.text for f in filled for cell in f.cells for k in cell.lines for c in k.characters]
    outside = [c.text for k in rest for c in k.characters]
    assert sorted(inside + outside) == sorted("".join(text for _, _, text in pieces))


def test_confidence_is_that_of_the_least_sure_line() -> None:
    tall = grid_of(regular(2, 3, row=40))
    (filled,), _ = fill_grids((tall,), (line("机关", 32, 44), line("支出", 32, 54, confidence=0.4)), 1)
    assert filled.cells[0].reading.confidence == pytest.approx(0.4)


def test_positions_of_a_skewed_page_are_found() -> None:
    image = page(regular(8, 5, row=20, col=100), Scan(skew=0.3, width=600, height=300))
    grids = build_grids(find_rulings(image))
    turn = cv2.getRotationMatrix2D((300, 150), 0.3, 1)
    lines = []
    for row in range(8):
        for col in range(5):
            x, y = turn @ np.array([35 + 100 * col, 47 + 20 * row, 1.0])
            lines.append(line(f"{row}{col}", x, y, size=6))
    (filled,), rest = fill_grids(grids, tuple(lines), 1)
    assert not rest
    assert texts(filled) == {(row, col): f"{row}{col}" for row in range(8) for col in range(5)}
