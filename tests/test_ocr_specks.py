"""Specks of a fax: a median to look for text on, and only where there are many."""

import cv2
import numpy as np

from ocr.specks import without_specks
from ocr.types import PageImage


def fax(share: float, bilevel: bool = True) -> PageImage:
    """A line of type on a sheet of which ``share`` (0-1) of the pixels are specks."""
    pixels = np.full((700, 500), 255, np.uint8)
    cv2.putText(pixels, "1234.56", (100, 300), cv2.FONT_HERSHEY_SIMPLEX, 2.0, 0, 5)
    pixels[np.random.default_rng(0).random(pixels.shape) < share] = 0
    return PageImage(1, pixels, 100, np.eye(3), 360, 504, bilevel=bilevel)


def test_a_speckled_fax_is_looked_at_without_its_specks() -> None:
    before, after = fax(0.004), without_specks(fax(0.004))
    blank = slice(400, 700)
    assert (before.grey[blank] == 0).mean() > 0.003
    assert (after.grey[blank] == 0).mean() < 1e-4
    assert (after.grey[250:310] == 0).sum() > 0.9 * (before.grey[250:310] == 0).sum()


def test_a_clean_fax_and_a_grey_page_are_looked_at_as_they_are() -> None:
    for image in (fax(0.0001), fax(0.004, bilevel=False)):
        assert without_specks(image) is image
