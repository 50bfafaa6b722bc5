"""Rules of pale scans: their contrast goes with that of the ink."""

import cv2
import numpy as np
import pytest

from ocr.grid import build_grids
from ocr.rulings import find_rulings
from ocr.types import PageImage, Pixels


def table(paper: int, ink: int, rule: int) -> Pixels:
    """Three columns, ten rows, figures in ``ink``, and rules of the tone ``rule`` (0-255), with a scanner's noise."""
    pixels = np.full((1100, 850), paper, np.uint8)
    for y in range(200, 601, 40):
        cv2.line(pixels, (100, y), (700, y), rule, 2)
    for x in (100, 300, 500, 700):
        cv2.line(pixels, (x, 200), (x, 600), rule, 2)
    for y in range(230, 600, 40):
        cv2.putText(pixels, "1234.56", (520, y), cv2.FONT_HERSHEY_SIMPLEX, 0.8, ink, 2)
    noise = np.random.default_rng(3).normal(0, 2.5, pixels.shape)
    return np.clip(pixels + noise, 0, 255).astype(np.uint8)


def columns(pixels: Pixels) -> list[int]:
    image = PageImage(1, pixels, 100, np.eye(3), 612, 792)
    return [grid.n_cols for grid in build_grids(find_rulings(image))]


@pytest.mark.parametrize(("paper", "ink", "rule"), [(255, 20, 60), (190, 110, 150), (185, 125, 167)])
def test_rules_are_found_by_the_contrast_of_the_ink(paper: int, ink: int, rule: int) -> None:
    assert columns(table(paper, ink, rule)) == [3]


def test_what_is_as_pale_under_dark_ink_is_no_rule() -> None:
    """A fold or the back of the sheet: 18 levels where the ink has 235."""
    assert columns(table(255, 20, 237)) == []
