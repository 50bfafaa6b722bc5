"""How dark the page is and how high its type, measured the same way by all who ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from document.geometry import Box
from ocr.types import PageImage, Pixels


def darkness(grey: Pixels, unit: float) -> Pixels:
    """How much darker each pixel is than the paper around it."""
    side = max(3, round(12 * unit)) | 1
    paper = cv2.dilate(cv2.resize(grey, None, fx=0.25, fy=0.25), np.ones((side // 4 | 1,) * 2, dtype=np.uint8))
    paper = cv2.resize(paper, (grey.shape[1], grey.shape[0]))
    return np.asarray(cv2.subtract(paper, grey), dtype=np.uint8)


def pixels_of(box: Box, unit: float, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Rows and columns of a box, clipped to the image."""
    top, bottom = (min(max(round(v * unit), 0), shape[0]) for v in (box.top, box.bottom))
    left, right = (min(max(round(v * unit), 0), shape[1]) for v in (box.left, box.right))
    return slice(top, bottom), slice(left, right)


def text_darkness(dark: Pixels, regions: Sequence[Box], unit: float) -> float:
    """The darkness of the strokes in regions: the median of their darkest twentieth."""
    crops = (dark[pixels_of(r, unit, dark.shape)] for r in regions[:: max(1, len(regions) // 40)])
    darkest = [float(np.percentile(crop, 95)) for crop in crops if crop.size]
    return float(np.median(darkest)) if darkest else 255.0


@dataclass(frozen=True, slots=True, eq=False)
class Ink:
    """A page's darkness, and what of it is ink."""

    dark: Pixels
    """``darkness``, ``(height, width)``."""
    unit: float
    """Pixels per point."""
    least: float
    """Darkness (0–255) from which a pixel is ink of the page's text."""


def ink_of(image: PageImage, regions: Sequence[Box], share: float) -> Ink:
    """The page's ink: what has at least a ``share`` (0–1) of the darkness of the text in ``regions``."""
    unit = image.dpi / 72
    dark = darkness(image.grey, unit)
    return Ink(dark, unit, max(1.0, share * text_darkness(dark, regions, unit)))


_LOOKED_AT = 1056
"""Pixels of the longer side from which on heights are measured well enough: a picture of twice as many is halved."""
_LOWEST, _HIGHEST = 1 / 210, 1 / 21
"""Of a character, as shares of the page's longer side: 4 and 40 points on A4."""
_FEWEST = 20
"""Characters without which a page tells nothing."""


def character_height(pixels: Pixels) -> float:
    """Height in pixels of the usual character of a page: the median of the pieces of ink that are about as wide as
    high, as Han characters in one piece are. 0 where there are too few.
    """
    times = max(1, max(pixels.shape[:2]) // _LOOKED_AT)
    small = _reduced(pixels, times)
    grey = small if small.ndim == 2 else cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
    _, ink = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    width, height = stats[1:, cv2.CC_STAT_WIDTH], stats[1:, cv2.CC_STAT_HEIGHT]
    longest = max(pixels.shape[:2]) / times
    likely = (height >= _LOWEST * longest) & (height <= _HIGHEST * longest)
    square = height[likely & (width >= 0.75 * height) & (width <= 1.4 * height)]
    return float(np.median(square)) * times if len(square) >= _FEWEST else 0.0


def _reduced(pixels: Pixels, times: int) -> Pixels:
    """The picture, this many times smaller; what does not make a whole pixel is left out, for a third of the time."""
    if times == 1:
        return pixels
    rows, columns = (side // times for side in pixels.shape[:2])
    whole = pixels[: rows * times, : columns * times]
    return np.asarray(cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA), dtype=np.uint8)
