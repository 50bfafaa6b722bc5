"""A watermark on a 1-bit scan: grey became a speckle of black dots, or solid black.

Nothing is left to unmix. What tells ink from speckle is that type and rules are solid: inside the watermark's
strokes black stays black only where it fills a small square or a short straight run, as ink does.
"""

from __future__ import annotations

import cv2
import numpy as np

from ocr.types import Pixels

_BLACK = 128
_TOUCHED = 25
"""Coverage (of 255) from which black dots may be the watermark's."""


def without_speckle(pixels: Pixels, coverage: Pixels, dpi: float) -> Pixels:
    """``pixels`` (0–255) with white where the watermark's dots lie and no ink is; new array.

    ``coverage`` is 255 times the chance that the watermark blackens a pixel, scaled so that its strokes reach 255.
    """
    grey = pixels if pixels.ndim == 2 else pixels.min(axis=2)
    black = (grey < _BLACK).astype(np.uint8)
    touched = coverage >= _TOUCHED
    doomed = touched & (solid(black, dpi) == 0)
    cleaned = pixels.copy()
    cleaned[doomed] = 255
    return cleaned


def solid(black: Pixels, dpi: float) -> Pixels:
    """The black pixels that belong to a filled square or a short straight run, 0 or 1."""
    side = max(2, round(3 * dpi / 200))
    run = max(4, round(9 * dpi / 200))
    shapes = [(side, side), (2, run), (run, 2)]
    kept = np.zeros_like(black)
    for height, width in shapes:
        kept |= cv2.morphologyEx(black, cv2.MORPH_OPEN, np.ones((height, width), np.uint8))
    return kept
