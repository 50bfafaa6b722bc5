"""Cutting text regions out of a page, as the recognisers want them."""

from __future__ import annotations

import cv2
import numpy as np

from document.geometry import Box
from ocr.engine import Region
from ocr.types import PageImage, Pixels

_MARGIN = 0.06
"""Paper kept around a box, as a share of its height: recognisers misread strokes that touch the edge."""


def crop(image: PageImage, region: Region) -> Pixels:
    """The region as upright pixels, ``(height, width, 3)``, at least 4×4; white where it leaves the page."""
    scale = image.dpi / 72
    if region.corners:
        cut = _turned(image.pixels, np.asarray(region.corners, dtype=np.float32) * scale)
    else:
        cut = _level(image.pixels, region.box.scaled(scale))
    return cut if cut.ndim == 3 else np.asarray(cv2.cvtColor(cut, cv2.COLOR_GRAY2BGR), dtype=np.uint8)


def has_ink(pixels: Pixels) -> bool:
    """Whether a crop shows anything: a recogniser invents a character on blank paper."""
    return min(pixels.shape[:2]) > 4 and int(pixels.max()) - int(pixels.min()) > 40


def _level(pixels: Pixels, box: Box) -> Pixels:
    """A plain cut-out, with a little paper at the ends."""
    height, width = pixels.shape[:2]
    margin = max(1.0, box.height * _MARGIN)
    left, right = int(max(0, box.left - margin)), int(min(width, np.ceil(box.right + margin)))
    top, bottom = int(max(0, box.top)), int(min(height, np.ceil(box.bottom)))
    if right - left < 4 or bottom - top < 4:
        return np.full((4, 4), 255, np.uint8)
    return np.ascontiguousarray(pixels[top:bottom, left:right])


def _turned(pixels: Pixels, corners: np.ndarray) -> Pixels:
    """The quadrilateral made level."""
    width = int(np.clip(np.linalg.norm(corners[1] - corners[0]), 4, 4000))
    height = int(np.clip(np.linalg.norm(corners[3] - corners[0]), 4, 1000))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(corners, target)
    white = (255, 255, 255) if pixels.ndim == 3 else 255
    flat = cv2.warpPerspective(pixels, matrix, (width, height), borderValue=white)
    return np.asarray(flat, dtype=np.uint8)
