"""One clean copy of the watermark: which way it runs, and its picture upright, for reading what it says."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanup.watermark_model import Watermark, encode, lay
from ocr.types import Pixels

_STROKE = 100
"""Coverage (of 255) from which a pixel belongs to a stroke."""
_DPI = 100.0
"""Resolution at which strokes are put together into copies."""
_GROWTH = (1, 2, 3, 4, 6, 8, 11, 14, 18, 23, 30, 38)
"""Radii (pixels at ``_DPI``) by which strokes are grown until those of one copy hang together."""
_ENOUGH, _TOO_MUCH = 0.93, 1.1
"""Share of a copy's strokes that make it whole, and that show that a neighbour has been caught."""


def baseline_angle(watermark: Watermark) -> float:
    """Degrees counter-clockwise of the watermark's baseline, −90 < angle ≤ 90; 0 when it has no stroke.

    The long side of the rectangle around one copy; for a copy about as wide as high, or a little higher (stacked
    lines), the side nearer to level.
    """
    copy, _ = _middle_copy(_cells(watermark, _DPI)[0], _mass(watermark, _DPI))
    return _angle(copy) if copy.any() else 0.0


def ruled(watermark: Watermark) -> bool:
    """Whether a good part of a tiled watermark's strokes are rules, frayed ones of a fax among them: a table."""
    strokes = (_cells(watermark, _DPI)[0] >= _STROKE).astype(np.uint8)
    run = round(_RULE * _DPI / 72)
    rules = np.zeros_like(strokes)
    for along in ((1, run), (run, 1)):
        rules |= np.asarray(cv2.morphologyEx(strokes, cv2.MORPH_OPEN, np.ones(along, np.uint8)), dtype=np.uint8)
    return int(rules.sum()) > _MOST_RULES * int(strokes.sum())


_RULE = 60.0
"""Points: the shortest level or upright run that is a rule; no stroke of a phrase that repeats is as long."""
_MOST_RULES = 0.2
"""Share of the strokes that may be rules: the underlining of a phrase, or a rule that its copies crossed."""


def watermark_tile(watermark: Watermark) -> Pixels:
    """One copy of the phrase, dark on white, its baseline level, ``(height, width)``; empty when there is none."""
    dpi = min(watermark.dpi, 2 * _DPI)
    pattern, _ = _cells(watermark, dpi)
    copy, _ = _middle_copy(_cells(watermark, _DPI)[0], _mass(watermark, _DPI))
    if not copy.any():
        return np.zeros((0, 0), np.uint8)
    chosen = cv2.resize(_grown(copy, 1), pattern.shape[::-1], interpolation=cv2.INTER_NEAREST)
    return _upright(np.where(chosen > 0, pattern, np.uint8(0)), watermark.angle)


def one_copy(watermark: Watermark) -> tuple[int, int, Pixels] | None:
    """Left and top in model pixels relative to a lattice point, and where (0 or 1) the strokes of one copy lie.

    None for copies that run into one another.
    """
    pattern, low = _cells(watermark, watermark.dpi)
    factor = watermark.dpi / _DPI
    coarse = cv2.resize(pattern, None, fx=1 / factor, fy=1 / factor, interpolation=cv2.INTER_AREA)
    copy, whole = _middle_copy(np.asarray(coarse, dtype=np.uint8), _mass(watermark, _DPI))
    if not whole:
        return None
    strokes = cv2.resize(_grown(copy, _RIM), pattern.shape[::-1], interpolation=cv2.INTER_NEAREST)
    left, top, width, height = cv2.boundingRect(strokes)
    cut = np.ascontiguousarray(strokes[top : top + height, left : left + width])
    return left + round(low[0]), top + round(low[1]), cut


_RIM = 2
"""Pixels at ``_DPI`` around a stroke that belong to its rim."""


def cut_free(watermark: Watermark, left: int, top: int, strokes: Pixels) -> Watermark:
    """The watermark with only the ``strokes`` (0 or 1) of the copy at ``left``, ``top`` as its coverage."""
    to_model = np.array([[1.0, 0, left], [0, 1.0, top]])
    coverage = lay(watermark, watermark.dpi, to_model, strokes.shape) * strokes
    return replace(watermark, coverage=encode(coverage), origin=(float(left), float(top)))


@lru_cache(maxsize=4)
def _cells(watermark: Watermark, dpi: float) -> tuple[Pixels, tuple[float, float]]:
    """Three cells either way at ``dpi``, or the page, with the model pixel of the top left corner."""
    factor = dpi / watermark.dpi
    if watermark.lattice is None:
        width, height = (round(side * factor) for side in watermark.size)
        return lay(watermark, dpi, np.array([[1.0, 0, 0], [0, 1.0, 0]]), (height, width)), (0.0, 0.0)
    reach = np.ceil(np.abs(watermark.lattice.basis).sum(axis=1) * 1.5)
    shape = round(2 * reach[1] * factor), round(2 * reach[0] * factor)
    to_model = np.array([[1.0, 0, -reach[0] * factor], [0, 1.0, -reach[1] * factor]])
    return lay(watermark, dpi, to_model, shape), (-float(reach[0]), -float(reach[1]))


def _mass(watermark: Watermark, dpi: float) -> float:
    """Pixels of stroke that one copy has at ``dpi``; infinite for a watermark that stands once."""
    if watermark.lattice is None:
        return math.inf
    pattern, _ = _cells(watermark, dpi)
    return float((pattern >= _STROKE).mean()) * watermark.lattice.scaled(dpi / watermark.dpi).cell_area


def _middle_copy(pattern: Pixels, mass: float) -> tuple[Pixels, bool]:
    """The strokes (0 or 1) of the copy nearest the middle, and whether they are just one whole copy.

    They are grown until those that hang together hold the ``mass`` of one copy.
    """
    strokes = (pattern >= _STROKE).astype(np.uint8)
    if not strokes.any():
        return strokes, False
    wanted = min(mass, float(strokes.sum()))
    # what hangs together only grows with the radius: bisected for the least that is enough
    apart = cv2.distanceTransform(1 - strokes, cv2.DIST_L2, 5)
    few, many = 0, len(_GROWTH) - 1
    chosen = _middle_component(strokes, apart <= _GROWTH[many])
    while few < many:
        middle = (few + many) // 2
        tried = _middle_component(strokes, apart <= _GROWTH[middle])
        if float(tried.sum()) >= _ENOUGH * wanted:
            chosen, many = tried, middle
        else:
            few = middle + 1
    return chosen, _ENOUGH * wanted <= float(chosen.sum()) <= _TOO_MUCH * wanted


def _grown(strokes: Pixels, radius: int) -> Pixels:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    return np.asarray(cv2.dilate(strokes, kernel), dtype=np.uint8)


def _middle_component(strokes: Pixels, grown: NDArray[np.bool_]) -> Pixels:
    """The strokes that, ``grown``, hang together with the stroke nearest the middle."""
    _, labels = cv2.connectedComponents(grown.astype(np.uint8))
    rows, columns = np.nonzero(strokes)
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
