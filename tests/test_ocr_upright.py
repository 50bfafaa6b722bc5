"""Straightening re-measured: what is left after it, and that straight pages stay as they are."""

import cv2
import numpy as np
import pymupdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.draw import Plan, draw
from benchmarks.forms import Rules, Style
from benchmarks.scanner import PROFILES, scan
from document.geometry import Box
from document.types import TextLine
from ocr.pdf import page_image, rasterise
from ocr.types import PageImage
from ocr.upright import is_sideways, reads_badly, row_slope, straighten, turned


def page(pixels: np.ndarray) -> PageImage:
    height, width = pixels.shape[:2]
    return PageImage(1, pixels, 110, np.eye(3), width * 72 / 110, height * 72 / 110)


def drawn(rows: int = 24, ruled: bool = True) -> np.ndarray:
    """A table page at 110 dpi: rules, and rows of small strokes for text."""
    rng = np.random.default_rng(3)
    pixels = np.full((1286, 909), 255, np.uint8)
    for row in range(rows):
        y = 120 + row * 36
        if ruled:
            cv2.line(pixels, (80, y), (830, y), 0, 1)
        for x in range(100, 800, 14):
            if rng.random() < 0.7:
                cv2.rectangle(pixels, (x, y + 12), (x + 9, y + 22), 0, 1)
                cv2.line(pixels, (x, y + 17), (x + 9, y + 17), 0, 1)
    if ruled:
        for x in (80, 300, 500, 830):
            cv2.line(pixels, (x, 120), (x, 120 + (rows - 1) * 36), 0, 1)
    return pixels


def skewed(pixels: np.ndarray, degrees: float) -> np.ndarray:
    height, width = pixels.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    return np.asarray(cv2.warpAffine(pixels, turn, (width, height), borderValue=255, flags=cv2.INTER_CUBIC))


@settings(max_examples=12, deadline=None)
@given(st.floats(-4, 4), st.booleans())
def test_the_skew_left_is_under_a_sixth_of_a_degree(degrees: float, ruled: bool) -> None:
    straight = straighten(page(skewed(drawn(ruled=ruled), degrees)))
    assert abs(row_slope(straight.grey, 2).degrees) < 0.15


def cover_in_brush_type(rise: float = 5.8) -> np.ndarray:
    """A cover at 110 dpi: two level lines of characters whose level strokes rise to the right, as those of 楷体 do."""
    rng = np.random.default_rng(5)
    pixels = np.full((909, 1286), 255, np.uint8)
    for left, top, size, count in ((220, 240, 44, 18), (370, 430, 20, 24)):
        for x in range(left, left + count * (size + 3), size + 3):
            for part in rng.uniform(0.2, 1, 2):
                length = int(rng.uniform(0.4, 1) * size)
                start = (x, top + int(part * size))
                end = (x + length, start[1] - int(np.tan(np.radians(rise)) * length))
                cv2.line(pixels, start, end, 0, 2, cv2.LINE_AA)
            for across in rng.uniform(0.1, 0.9, 3):
                y = top + int(rng.normal(0, 0.07) * size)
                cv2.line(pixels, (x + int(across * size), y), (x + int(across * size), top + size), 0, 2, cv2.LINE_AA)
    return pixels


def test_the_rising_strokes_of_brush_type_do_not_turn_a_cover_of_two_lines() -> None:
    assert abs(row_slope(cover_in_brush_type(), 6).degrees) < 1
    assert row_slope(skewed(drawn(rows=6), 5.8), 6).degrees == pytest.approx(5.8, abs=0.2), "a page may lie that askew"


def test_the_skew_is_reported_and_boxes_map_back() -> None:
    original = drawn()
    straight = straighten(page(skewed(original, 2.0)))
    assert straight.skew_degrees == pytest.approx(2.0, abs=0.1)
    # the table's top left corner, straight, must map to where the skewed page shows it
    corner = np.array([80, 120, 1.0])
    turn = cv2.getRotationMatrix2D((909 / 2, 1286 / 2), 2.0, 1.0)
    shown = turn @ corner * 72 / 110
    mapped = straight.to_page @ np.array([80 * 72 / 110, 120 * 72 / 110, 1.0])
    assert mapped[:2] / mapped[2] == pytest.approx(shown, abs=1.0)


@pytest.mark.parametrize("pixels", [drawn(), np.full((1286, 909), 255, np.uint8)], ids=["straight", "blank"])
def test_a_straight_or_blank_page_is_left_alone(pixels: np.ndarray) -> None:
    image = page(pixels)
    assert straighten(image) is image


def test_noise_has_no_skew() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (1286, 909), dtype=np.uint8)
    image = page(noise)
    assert straighten(image) is image


def test_a_mild_perspective_comes_out() -> None:
    source = drawn()
    height, width = source.shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    tilted = np.array([[20, 10], [width - 8, -10], [width + 10, height + 8], [-12, height - 8]], np.float32)
    photo = cv2.warpPerspective(source, cv2.getPerspectiveTransform(corners, tilted), (width, height), borderValue=255)
    before = abs(row_slope(photo[: height // 2], 4).degrees - row_slope(photo[height // 2 :], 4).degrees)
    straight = straighten(page(photo)).grey
    after = abs(row_slope(straight[: height // 2], 4).degrees - row_slope(straight[height // 2 :], 4).degrees)
    assert before > 0.6
    assert after < 0.15


def test_a_low_table_on_a_poor_page_proves_no_perspective() -> None:
    """Its short rules are nearly as sharp at many angles; the columns then lean as the rows do."""
    style = Style(table_size=6, rules=Rules.DOUBLE, row_pad=12)
    drawing = draw(Plan(seed=11, kind="budget", parts=("contents", "three_public"), style=style))
    with pymupdf.open(stream=scan(drawing.pdf, PROFILES["poor"], 11), filetype="pdf") as pdf:
        image = straighten(page_image(1, rasterise(pdf[0], None)))
    assert abs(image.skew_degrees) > 0.2
    assert np.abs(image.to_page[2, :2]).max() < 1e-9


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_quarter_turns_swap_the_sides_and_are_remembered(quarters: int) -> None:
    image = turned(page(drawn()), quarters)
    assert image.rotation == 90 * quarters
    assert (image.width > image.height) == bool(quarters % 2)
    assert is_sideways(image) == bool(quarters % 2)
    assert np.array_equal(turned(image, 4 - quarters).pixels, drawn())


@pytest.mark.parametrize(("confidence", "badly"), [(0.75, True), (0.82, True), (0.89, False), (0.99, False)])
def test_a_page_on_its_head_reads_worse_than_any_fax(confidence: float, badly: bool) -> None:
    """Measured: upright pages 0.89 (a fax at 200 by 100 dpi) and more, a page of figures on its head 0.75."""
    lines = tuple(TextLine("预算公开表", Box(0, 0, 50, 10), confidence) for _ in range(8))
    assert reads_badly(lines) is badly
