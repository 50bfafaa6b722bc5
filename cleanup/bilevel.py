"""A watermark on a 1-bit scan: grey became a speckle of black dots, or solid black.

Nothing is left to unmix. What tells ink from speckle is that type and rules are solid: inside the watermark's
strokes black stays black only where it fills a small area or a short straight run, as ink does, and a small solid
piece only beside such ink, where it may be a decimal point.
"""

from __future__ import annotations

import cv2
import numpy as np

from ocr.types import Pixels

_BLACK = 128
_TOUCHED = 25
"""Coverage (of 255) from which black dots may be the watermark's."""
_SOLID = ((3, 3), (2, 7), (7, 2))
"""Height and width, pixels at 200 dpi, of the least areas that ink fills; a stroke of 8-point type is as wide."""
_LARGE = 22
"""Pixels at 200 dpi from which a solid piece is ink wherever it lies: speckle seldom grows so large."""
_NEAR = 12
"""Pixels at 200 dpi beside ink, along the row, where a small solid piece may be its decimal point."""


def without_speckle(pixels: Pixels, coverage: Pixels, dpi: float) -> Pixels:
    """``pixels`` (0–255) with white where the watermark's dots lie and no ink is; new array.

    ``coverage`` is 255 times the chance that the watermark blackens a pixel, scaled so that its strokes reach 255.
    """
    grey = pixels if pixels.ndim == 2 else pixels.min(axis=2)
    black = (grey < _BLACK).astype(np.uint8)
    touched = coverage >= _TOUCHED
    kept = _ink(black, touched.astype(np.uint8), dpi)
    cleaned = pixels.copy()
    cleaned[touched & (kept == 0)] = 255
    return cleaned


def _ink(black: Pixels, touched: Pixels, dpi: float) -> Pixels:
    """The black pixels inside the touched area that are ink, 0 or 1."""
    solid = _solid(black, _SOLID, dpi)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid)
    outside = np.bincount(labels[(solid > 0) & (touched == 0)], minlength=count)
    large = (stats[:, cv2.CC_STAT_AREA] >= _LARGE * (dpi / 200) ** 2) | (outside >= 4)
    large[0] = False
    ink = large[labels].astype(np.uint8)
    reach = 2 * round(_NEAR * dpi / 200) + 1
    return np.asarray(solid & cv2.dilate(ink, np.ones((1, reach), np.uint8)), dtype=np.uint8)


def _solid(black: Pixels, shapes: tuple[tuple[int, int], ...], dpi: float) -> Pixels:
    """The black pixels that belong to a filled rectangle of one of ``shapes`` (pixels at 200 dpi), 0 or 1."""
    kept = np.zeros_like(black)
    for height, width in shapes:
        sides = max(2, round(height * dpi / 200)), max(2, round(width * dpi / 200))
        kept |= np.asarray(cv2.morphologyEx(black, cv2.MORPH_OPEN, np.ones(sides, np.uint8)), dtype=np.uint8)
    return kept
