"""Streaks of a scanner: lines from edge to edge go, everything printed stays."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr.grid import build_grids
from ocr.rulings import find_rulings
from ocr.seams import with_hidden_columns
from ocr.streaks import without_streaks
from ocr.types import PageImage, Pixels

HEIGHT, WIDTH = 1100, 800


def page(pixels: Pixels) -> PageImage:
    return PageImage(1, pixels, 100, np.eye(3), pixels.shape[1] * 0.72, pixels.shape[0] * 0.72)


def sheet() -> Pixels:
    """White paper with a ruled table of three columns and some text."""
    pixels = np.full((HEIGHT, WIDTH), 255, np.uint8)
    for y in range(200, 601, 40):
        cv2.line(pixels, (100, y), (700, y), 0, 2)
    for x in (100, 300, 500, 700):
        cv2.line(pixels, (x, 200), (x, 600), 0, 2)
    for y in range(230, 600, 40):
        cv2.putText(pixels, "1234.56", (520, y), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 0, 1)
    return pixels


def streaked(pixels: Pixels, column: int, level: int = 0, width: int = 1) -> Pixels:
    dirty = pixels.copy()
    dirty[:, column : column + width] = np.minimum(dirty[:, column : column + width], level)
    return dirty


def columns_of(pixels: Pixels) -> int:
    (grid,) = build_grids(find_rulings(page(pixels)))
    return grid.n_cols


def test_a_streak_cuts_no_column_in_two() -> None:
    clean = without_streaks(page(streaked(sheet(), 400)))
    assert columns_of(clean.pixels) == columns_of(sheet()) == 3


def test_the_halo_of_a_streak_makes_no_hidden_column() -> None:
    """JPEG makes the rules beside a streak lighter, as the seam of a column is whose edge is never printed."""
    dirty = streaked(np.where(sheet() < 128, 90, 200).astype(np.uint8), 400, 120, 2)
    noisy = np.clip(dirty + np.random.default_rng(1).normal(0, 3, dirty.shape), 0, 255).astype(np.uint8)
    _, packed = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, 35])
    clean = without_streaks(page(np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.uint8)))
    rulings = find_rulings(clean)
    (grid,) = with_hidden_columns(clean, build_grids(rulings), rulings)
    assert grid.n_cols == 3


@settings(max_examples=30, deadline=None)
@given(column=st.integers(20, WIDTH - 20), level=st.integers(0, 200), width=st.integers(1, 2), turned=st.booleans())
def test_only_the_streak_goes(column: int, level: int, width: int, turned: bool) -> None:
    before = sheet()
    if any(abs(column - rule) < 6 for rule in (100, 300, 500, 700)):
        return  # a streak along a rule
    dirty = streaked(before, column, level, width)
    clean = without_streaks(page(np.ascontiguousarray(dirty.T) if turned else dirty)).pixels
    clean = clean.T if turned else clean
    beside = np.ones(WIDTH, bool)
    beside[column - 2 : column + width + 2] = False
    assert (clean[:, beside] == before[:, beside]).all()
    assert (clean[:190, ~beside] == 255).all()


def test_a_page_without_streaks_is_the_same_value() -> None:
    image = page(sheet())
    assert without_streaks(image) is image


def test_rules_of_a_table_cut_out_of_its_page_stay() -> None:
    """A picture of a table alone: its rules reach the picture's edges, as do the rules across them."""
    image = page(np.ascontiguousarray(sheet()[200:602, 99:702]))
    assert without_streaks(image) is image


def test_rules_that_the_edge_cuts_between_two_rows_stay() -> None:
    """Half a table: four rules reach both edges of the picture in the middle of a row, beside figures."""
    image = page(np.ascontiguousarray(sheet()[210:590, 90:710]))
    assert without_streaks(image) is image


def test_a_rule_that_ends_before_the_paper_does_stays() -> None:
    pixels = sheet()
    cv2.line(pixels, (60, 20), (60, HEIGHT - 20), 0, 2)
    image = page(pixels)
    assert without_streaks(image) is image


def test_a_streak_between_the_dark_edges_of_a_scan_is_found() -> None:
    pixels = streaked(sheet(), 400)
    pixels[:15] = 20
    pixels[-9:] = 20
    assert columns_of(without_streaks(page(pixels)).pixels) == 3


def test_a_coloured_page_keeps_its_colours() -> None:
    pixels = np.dstack([sheet()] * 3)
    pixels[:, :, 2] = 180
    dirty = pixels.copy()
    dirty[:, 400] = 0
    clean = without_streaks(page(dirty))
    assert clean.pixels.shape == pixels.shape
    assert (clean.pixels[100, 400] == (255, 255, 180)).all()


@pytest.mark.parametrize("shape", [(1, 1), (5, 2000), (2000, 5), (40, 40)])
def test_a_picture_too_small_to_tell_stays(shape: tuple[int, int]) -> None:
    image = page(np.zeros(shape, np.uint8))
    assert without_streaks(image) is image
