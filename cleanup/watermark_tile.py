"""One clean copy of the watermark: which way it runs, and its picture upright, for reading what it says."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanup.watermark_model import Watermark, lay
from ocr.types import Pixels

_DPI = 150.0
_STROKE = 100
"""Coverage (of 255) from which a pixel belongs to a stroke."""
_GROWTH = (1, 2, 3, 5, 7, 10, 14, 19, 25, 33, 43, 56)
"""Radii (pixels at ``_DPI``) by which strokes are grown until those of one copy hang together."""


def baseline_angle(watermark: Watermark) -> float:
    """Degrees counter-clockwise of the watermark's baseline, −90 < angle ≤ 90; 0 when it has no stroke.

    The long side of the rectangle around one copy; for a copy about as wide as high, or a little higher (stacked
    lines), the side nearer to level.
    """
    copy = _one_copy(_laid(watermark), _copy_mass(watermark))
    return _angle(copy) if copy.any() else 0.0


def watermark_tile(watermark: Watermark) -> Pixels:
    """One copy of the phrase, dark on white, its baseline level, ``(height, width)``; empty when there is none."""
    pattern = _laid(watermark)
    copy = _one_copy(pattern, _copy_mass(watermark))
    if not copy.any():
        return np.zeros((0, 0), np.uint8)
    return _upright(np.where(copy > 0, pattern, np.uint8(0)), watermark.angle)


def _laid(watermark: Watermark) -> Pixels:
    """A stretch of the pattern: the reference page, or three cells either way."""
    factor = _DPI / watermark.dpi
    width, height = (round(side * factor) for side in watermark.size)
    if watermark.lattice is not None:
        reach = np.abs(watermark.lattice.basis).sum(axis=1) * factor * 2
        width, height = min(width, round(reach[0])), min(height, round(reach[1]))
    return lay(watermark, _DPI, np.array([[1.0, 0, 0], [0, 1.0, 0]]), (max(8, height), max(8, width)))


def _copy_mass(watermark: Watermark) -> float:
    """Pixels of stroke that one copy has at ``_DPI``; infinite for a watermark that stands once."""
    if watermark.lattice is None:
        return math.inf
    pattern = _laid(watermark)
    area = watermark.lattice.scaled(_DPI / watermark.dpi).cell_area
    return float((pattern >= _STROKE).mean()) * area


def _one_copy(pattern: Pixels, mass: float) -> Pixels:
    """The strokes of the copy nearest the middle, 0 or 1: grown until they hold the ``mass`` of one copy."""
    strokes = (pattern >= _STROKE).astype(np.uint8)
    chosen = np.zeros_like(strokes)
    for radius in _GROWTH:
        chosen = _middle_component(strokes, radius)
        if float(chosen.sum()) >= 0.9 * min(mass, float(strokes.sum())):
            break
    return chosen


def _middle_component(strokes: Pixels, radius: int) -> Pixels:
    """The strokes that, grown by ``radius``, hang together with the stroke nearest the middle."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    _, labels = cv2.connectedComponents(cv2.dilate(strokes, kernel))
    rows, columns = np.nonzero(strokes)
    if not len(rows):
        return strokes
    distance = (rows - strokes.shape[0] / 2) ** 2 + (columns - strokes.shape[1] / 2) ** 2
    nearest = int(distance.argmin())
    return np.asarray((labels == labels[rows[nearest], columns[nearest]]) & (strokes > 0), dtype=np.uint8)


def _angle(copy: Pixels) -> float:
    rows, columns = np.nonzero(copy)
    points = np.column_stack([columns, rows]).astype(np.float32)
    corners: NDArray[np.float32] = cv2.boxPoints(cv2.minAreaRect(points))
    sides = [corners[1] - corners[0], corners[2] - corners[1]]
    lengths = [float(np.hypot(*side)) for side in sides]
    angles: list[float] = [_level(math.degrees(math.atan2(-float(side[1]), float(side[0])))) for side in sides]
    along = angles[int(np.argmax(lengths))]
    slender = max(lengths) > 2.5 * min(lengths)
    oblong = max(lengths) > 1.5 * min(lengths) and abs(along) <= 60
    nearer = angles[int(np.argmin(np.abs(angles)))]
    return round(along if slender or oblong else nearer, 1)


def _level(degrees: float) -> float:
    """The same direction as an angle in (−90, 90]."""
    return 90 - (90 - degrees) % 180


def _upright(copy: Pixels, angle: float) -> Pixels:
    """``copy`` (255 for strokes) turned level and cut to its strokes, dark on white."""
    height, width = copy.shape
    side = math.ceil(math.hypot(width, height))
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -angle, 1.0)
    turn[:, 2] += ((side - width) / 2, (side - height) / 2)
    level = np.asarray(cv2.warpAffine(copy, turn, (side, side), flags=cv2.INTER_LINEAR), dtype=np.uint8)
    rows, columns = np.nonzero(level >= _STROKE)
    if not len(rows):
        return np.zeros((0, 0), np.uint8)
    cut = level[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    return np.asarray(255 - np.pad(cut, 12), dtype=np.uint8)
