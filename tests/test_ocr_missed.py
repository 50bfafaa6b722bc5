"""Lines that the detector passed over are found by their ink; rules, pictures and pale residue are no lines."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from document.geometry import Box
from ocr.ink import ink_of
from ocr.missed import missed_lines
from ocr.types import Grid, GridCell, PageImage, Pixels

DPI = 144.0
UNIT = 2.0
LINES = tuple(Box(50, top, 350, top + 14) for top in (40, 60, 80, 120, 140, 160))
GAP = Box(50, 100, 350, 114)


def draw_line(pixels: Pixels, box: Box, tone: int = 0, sink: float = 0.0) -> None:
    """Strokes as a line of type has them; ``sink``: points by which its right end lies lower."""
    for x in np.arange(box.left + 1, box.right - 9, 11):
        left, top = round(x * UNIT), round((box.top + 2 + sink * (x - box.left) / box.width) * UNIT)
        cv2.rectangle(pixels, (left, top), (left + 16, top + 19), tone, 3)
        cv2.line(pixels, (left, top + 10), (left + 16, top + 10), tone, 2)


def page() -> Pixels:
    pixels = np.full((500, 800), 250, np.uint8)
    for box in LINES:
        draw_line(pixels, box)
    return pixels


def missed(pixels: Pixels, found: tuple[Box, ...] = LINES, grids: tuple[Grid, ...] = ()) -> list[Box]:
    height, width = pixels.shape
    image = PageImage(1, pixels, DPI, np.eye(3), width / UNIT, height / UNIT)
    return missed_lines(ink_of(image, found, 0.55), found, grids)


@pytest.mark.parametrize("sink", [0.0, 2.0])
def test_a_line_that_was_passed_over_is_found_where_it_stands(sink: float) -> None:
    pixels = page()
    draw_line(pixels, GAP, sink=sink)
    lines = missed(pixels)
    around = Box.around(lines)
    assert GAP.cover(around) > 0.8
    assert all(GAP.grown(4, 5).cover(line) > 0 for line in lines)
    assert around.top >= GAP.top - 4
    assert around.bottom <= GAP.bottom + 4 + sink


def test_the_half_of_a_line_that_was_left_out_is_found() -> None:
    half = Box(50, 120, 180, 134)
    found = tuple(half if box.top == 120 else box for box in LINES)
    (line,) = missed(page(), found)
    assert 178 <= line.left <= 190
    assert 340 <= line.right <= 352


def test_what_was_found_is_not_missed() -> None:
    assert missed(page()) == []


@pytest.mark.parametrize("thing", ["rule", "dots", "bar", "picture", "pale", "short", "edge"])
def test_what_is_no_line_of_type_is_not_read(thing: str) -> None:
    pixels = page()
    if thing == "rule":
        cv2.line(pixels, (100, 214), (700, 214), 0, 3)
    elif thing == "dots":
        for x in range(100, 700, 10):
            cv2.circle(pixels, (x, 214), 1, 0, -1)
    elif thing == "bar":
        cv2.rectangle(pixels, (100, 206), (700, 224), 0, -1)
    elif thing == "picture":
        chance = np.random.default_rng(1)
        pixels[350:480, 100:700] = chance.integers(0, 255, (130, 600), dtype=np.uint8)
    elif thing == "pale":
        draw_line(pixels, GAP, tone=170)
    elif thing == "short":
        draw_line(pixels, Box(50, 100, 82, 114))
    elif thing == "edge":
        cv2.rectangle(pixels, (0, 480), (799, 499), 90, 5)
    assert missed(pixels) == []


def test_a_table_sees_to_its_own_cells_and_words_far_from_any_line_are_left() -> None:
    pixels = page()
    draw_line(pixels, GAP)
    cell = GridCell(0, 0, 1, 1, Box(40, 96, 360, 118))
    assert missed(pixels, grids=(Grid(cell.box, 1, 1, (cell,)),)) == []
    alone = page()
    draw_line(alone, Box(50, 225, 350, 239))
    assert len(missed(alone)) == 0


def test_a_page_with_hardly_any_line_does_not_say_how_high_type_is() -> None:
    pixels = page()
    draw_line(pixels, GAP)
    assert missed(pixels, LINES[:3]) == []
