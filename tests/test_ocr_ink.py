"""How high the type of a page is, from its ink alone."""

import cv2
import numpy as np
import pymupdf
import pytest

from ocr.ink import character_height
from ocr.pdf import rasterise
from ocr.types import Pixels


def page(size: float, dpi: int = 200, ruled: bool = False) -> Pixels:
    """An A4 page with lines of type of one size, and digits, which are lower."""
    drawn = pymupdf.open().new_page(width=595, height=842)
    for i in range(20):
        drawn.insert_text((50, 50 + 2 * size * i), "社会保障和就业支出 1,614.45", fontname="china-s", fontsize=size)
        if ruled:
            drawn.draw_line((40, 54 + 2 * size * i), (500, 54 + 2 * size * i))
    return rasterise(drawn, dpi).pixels


@pytest.mark.parametrize("ruled", [False, True])
@pytest.mark.parametrize("dpi", [150, 200, 300])
@pytest.mark.parametrize("size", [6, 9, 16])
def test_a_han_character_is_nearly_as_high_as_its_type(size: float, dpi: int, ruled: bool) -> None:
    points = character_height(page(size, dpi, ruled)) * 72 / dpi
    assert 0.7 * size <= points <= 1.05 * size


def test_in_colour_it_is_the_same() -> None:
    colour = page(9)
    assert character_height(colour) == character_height(cv2.cvtColor(colour, cv2.COLOR_BGR2GRAY))


def test_a_page_of_too_few_characters_tells_nothing() -> None:
    assert character_height(np.full((2339, 1654), 255, np.uint8)) == 0
    assert character_height(np.full((30, 40, 3), 255, np.uint8)) == 0
