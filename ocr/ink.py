"""How dark the page is, measured the same way by all who look for ink that nobody read."""

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
