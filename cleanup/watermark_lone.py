"""A watermark that stands once on a page: no repetition gives it away, but size, slant and level do."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanup.watermark_evidence import WORK_DPI
from ocr.types import Pixels

_POINT = WORK_DPI / 72
_LEAST_LENGTH = 90.0
"""Points: shorter groups of strokes are a word somewhere on the page."""
_LARGE_TYPE = 34.0
"""Points: no heading of a public account is set higher."""
_SLANT = 6.0
"""Degrees from level and upright beyond which nothing but a watermark runs."""
_SLIM = 0.7
"""Share of its upright box that the box along a slanted line of text fills at most; ragged level lines fill more."""
_JOIN = 0.8
"""Strokes nearer than this share of the largest glyph belong together; rules cut glyphs into pieces."""


def lone_strokes(pattern: Pixels, slanted_only: bool = False) -> Pixels | None:
    """Where (0 or 1) the strokes of a watermark that stands once lie in ``pattern``; None without one.

    ``pattern`` is darkness (0–255) at ``WORK_DPI`` of what pages share, or of what is flat on a single page. With
    ``slanted_only`` size alone does not make a watermark: a coloured seal is large, too.
    """
    top = float(np.percentile(pattern, 99.8))
    if top < 8:
        return None
    strokes, size = _glyphs((pattern > max(5.0, 0.4 * top)).astype(np.uint8))
    joined = cv2.dilate(strokes, _disc(round(float(np.clip(_JOIN * size, 14, 70)) / 2)))
    count, labels = cv2.connectedComponents(joined)
    kept = np.zeros_like(strokes)
    for label in range(1, min(count, 200)):
        group = ((labels == label) & (strokes > 0)).astype(np.uint8)
        if _is_watermark(group, slanted_only):
            kept |= group
    return np.asarray(cv2.dilate(kept, _disc(3)), dtype=np.uint8) if kept.any() else None


def completed(strokes: Pixels, dark: Pixels, level: int) -> Pixels:
    """``strokes`` (0 or 1) with those of the same watermark that ink or a rule broke up, at ``WORK_DPI``.

    In the rectangle around them, and a little beyond, whatever has the tone ``level`` (0–255) and is wider than the
    rim of type belongs to it.
    """
    centre, sides, angle = cv2.minAreaRect(np.column_stack(np.nonzero(strokes)[::-1]).astype(np.float32))
    grown = tuple(side + 0.4 * min(sides) for side in sides)
    outline = cv2.boxPoints((centre, grown, angle)).astype(np.int32)
    hull = cv2.fillConvexPoly(np.zeros_like(strokes), outline, 1)
    toned = (np.abs(dark.astype(np.int16) - level) <= max(8, level // 4)).astype(np.uint8)
    wide = cv2.morphologyEx(toned, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    return np.asarray(cv2.dilate(wide & hull, _disc(3)) | strokes, dtype=np.uint8)


def _disc(radius: int) -> Pixels:
    side = 2 * max(1, radius) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), dtype=np.uint8)


def _glyphs(strokes: Pixels) -> tuple[Pixels, float]:
    """``strokes`` without specks, and the size (pixels) of the glyphs that most of them belong to."""
    whole = np.asarray(cv2.morphologyEx(strokes, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)), dtype=np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(cv2.dilate(whole, _disc(2)))
    if count < 2:
        return whole, 12.0
    sides = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1).astype(np.float64)
    order = np.argsort(sides[1:]) + 1
    mass = np.cumsum(stats[order, cv2.CC_STAT_AREA])
    size = float(sides[order[int(np.searchsorted(mass, mass[-1] / 2))]])
    large = sides >= _SPECK * size
    large[0] = False
    return np.asarray(whole & large[labels].astype(np.uint8), dtype=np.uint8), float(np.clip(size, 12, 200))


_SPECK = 0.3
"""Strokes smaller than this share of the usual glyph are what is left of type."""


def _is_watermark(group: Pixels, slanted_only: bool) -> bool:
    """Whether the strokes are set larger than any heading, or run at a slant."""
    rows, columns = np.nonzero(group)
    if len(rows) < 60:
        return False
    (_, (width, height), angle) = cv2.minAreaRect(np.column_stack([columns, rows]).astype(np.float32))
    long, short = max(width, height) / _POINT, min(width, height) / _POINT
    if long < _LEAST_LENGTH or short < 10 or not _is_drawn(group, width * height):
        return False
    slanted = abs((angle + 45) % 90 - 45) > _SLANT and width * height < _SLIM * _upright_area(rows, columns)
    tall = short >= _LARGE_TYPE and _glyph_height(group) >= _LARGE_TYPE / 2 * _POINT
    large = tall and _stroke_width(group) >= _LARGE_TYPE / 14 * _POINT
    return bool(slanted or (large and not slanted_only))


def _glyph_height(group: Pixels) -> float:
    """Pixels: the shorter side of the pieces that most strokes belong to. Lines of type run together are low."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(cv2.dilate(group, _disc(2)))
    sides = stats[1:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].min(axis=1)
    order = np.argsort(sides)
    mass = np.cumsum(stats[1:, cv2.CC_STAT_AREA][order])
    return float(sides[order[int(np.searchsorted(mass, mass[-1] / 2))]])


def _upright_area(rows: NDArray[np.intp], columns: NDArray[np.intp]) -> float:
    return float((np.ptp(rows) + 1) * (np.ptp(columns) + 1))


def _is_drawn(group: Pixels, area: float) -> bool:
    """Whether it is made of strokes: not a filled area, not specks."""
    share = float(group.sum()) / max(area, 1.0)
    return 0.04 < share < 0.6 and _stroke_width(group) < 16 * _POINT


def _stroke_width(group: Pixels) -> float:
    """Width of the strokes, pixels: twice the upper quartile of the distance to the outside."""
    depth = cv2.distanceTransform(group, cv2.DIST_L2, 3)
    ridge = depth[(depth > 0) & (depth >= cv2.dilate(depth, np.ones((3, 3), np.uint8)))]
    return 2 * float(np.percentile(ridge, 75)) if len(ridge) else 0.0


_FLAT = 12
"""Difference (of 255) between neighbours up to which a pixel lies on an even tone."""
_SHOW_THROUGH = 14
"""Darkness up to which a tone may be the other side of the sheet."""
_INK = 190
"""Darkness from which a pixel is ink."""


def flat_tone(dark: Pixels) -> tuple[Pixels, int]:
    """Darkness where a single page shows an even tone that is neither paper nor ink, else 0; and that tone.

    The inside of a watermark's strokes is even; type of the same lightness is all rim.
    """
    kernel = np.ones((3, 3), np.uint8)
    even = cv2.subtract(cv2.dilate(dark, kernel), cv2.erode(dark, kernel)) <= _FLAT
    chosen = even & (dark > _SHOW_THROUGH) & (dark < _INK)
    level = _commonest(dark[chosen])
    near = chosen & (np.abs(dark.astype(np.int16) - level) <= max(8, level // 5))
    grown = cv2.dilate(near.astype(np.uint8), _disc(1)) > 0
    return np.where(grown & (dark < min(255, math.ceil(1.6 * level))), dark, np.uint8(0)), level


def _commonest(values: Pixels) -> int:
    counts = np.convolve(np.bincount(values, minlength=256), np.ones(9), "same")
    return int(counts.argmax())
