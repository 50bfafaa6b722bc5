"""A watermark on a 1-bit scan: grey became a speckle of black dots, or solid black.

Nothing is left to unmix. What tells ink from speckle is that type and rules are solid: inside the watermark's
strokes black stays black only where it fills an area that speckle hardly ever fills, and a small solid piece only
beside such ink, where it may be a decimal point. Where the watermark itself is solid, black stays where it joins
ink on both sides of the stroke.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanup.runs import closed, opened
from ocr.types import Pixels

Mask = NDArray[np.bool_]

_BLACK = 128
_TOUCHED = 25
"""Coverage (of 255) from which black dots may be the watermark's."""
_WIDTHS = ((3, 1.0), (2, 2.0))
"""Widths (pixels at 200 dpi) of strokes of small type, with how much more area the narrower one needs: there are
more places where it may be."""
_CHANCE = 1 / 140
"""Chance that speckle fills an area that is taken for ink."""
_LARGE = 22
"""Pixels at 200 dpi from which a solid piece is ink wherever it lies: speckle seldom grows so large."""
_NEAR = 8
"""Pixels at 200 dpi beside ink, along the row, where a small solid piece may be its decimal point."""
SOLID_FROM = 0.85
"""Share of black from which the watermark is solid itself."""
DENSE_FROM = 0.7
"""Share of black from which the watermark is nearly solid: what is solid is not ink alone."""
_DENSE = 0.6
"""Share of black that is reckoned with where it is more: a recogniser reads through pieces of the watermark that
are left, but not through ink that was taken."""
_ACROSS = 13
"""Pixels at 200 dpi that a solid watermark's stroke is wide at most."""


def without_speckle(pixels: Pixels, coverage: Pixels, dpi: float, blackness: float) -> Pixels:
    """``pixels`` (0–255) with white where the watermark's dots lie and no ink is; new array.

    ``coverage`` is 255 times the chance that the watermark blackens a pixel, scaled so that its strokes reach 255;
    ``blackness`` (0–1) is that chance inside them.
    """
    grey = pixels if pixels.ndim == 2 else pixels.min(axis=2)
    black = (grey < _BLACK).astype(np.uint8)
    touched = (coverage >= _TOUCHED).astype(np.uint8)
    rules = _rules(black, dpi)
    # apart from the rules: specks that merely touch one are specks still
    solid = blackness >= SOLID_FROM
    shapes = _shapes(blackness if solid else min(blackness, _DENSE))
    kept = rules | _ink(black & (1 - rules), touched, shapes, dpi)
    if solid:
        kept |= _joining(black, touched, dpi)
    cleaned = pixels.copy()
    cleaned[(touched > 0) & (kept == 0)] = 255
    return cleaned


def solid_ink(dark: Pixels, dpi: float) -> Mask:
    """Where a 1-bit page of darkness ``dark`` (0–255) is solid, a pixel wider: type and rules, no speckle."""
    black = (dark >= _BLACK).astype(np.uint8)
    solid = _rules(black, dpi) | _solid(black, _SOLID, dpi)
    return np.asarray(cv2.dilate(solid, np.ones((3, 3), np.uint8)) > 0)


def broad_strokes(coverage: Pixels, dpi: float) -> Pixels:
    """``coverage`` (0–255) without what is no stroke of a watermark: frays of rules and of type, single specks."""
    side = max(2, round(_BROAD * dpi / 200))
    dense = (coverage >= _BLACK).astype(np.uint8)
    broad = cv2.morphologyEx(dense, cv2.MORPH_OPEN, np.ones((side, side), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(broad)
    large = stats[:, cv2.CC_STAT_AREA] >= _SPECK * (dpi / 200) ** 2
    large[0] = False
    kept = large[labels].astype(np.uint8) if count > 1 else np.zeros_like(broad)
    grown = cv2.dilate(kept, np.ones((2 * side + 1, 2 * side + 1), np.uint8))
    return np.asarray(coverage * grown, dtype=np.uint8)


_BROAD, _SPECK = 3, 60
"""Pixels at 200 dpi: least width of a watermark's stroke, and least area of one."""
_SOLID = ((3, 3), (1, 8), (8, 1))
"""Height and width (pixels at 200 dpi) of areas that speckle hardly ever fills; type of thin strokes does."""


def _shapes(blackness: float) -> list[tuple[int, int]]:
    """Height and width (pixels at 200 dpi) of areas that speckle fills with the small chance allowed."""
    needed = math.log(_CHANCE) / math.log(min(max(blackness, 0.05), 0.99))
    runs = [(width, max(width, math.ceil(more * needed / width))) for width, more in _WIDTHS]
    return [shape for width, run in runs for shape in {(width, run), (run, width)}]


def _ink(black: Pixels, touched: Pixels, shapes: Sequence[tuple[int, int]], dpi: float) -> Pixels:
    """The black pixels inside the touched area that are ink, 0 or 1."""
    solid = _solid(black, shapes, dpi)
    # the statistics of every piece would cost more than finding them: areas are counted below
    count, labels = cv2.connectedComponents(solid)
    places = np.flatnonzero(solid)
    piece, free = labels.reshape(-1)[places], touched.reshape(-1)[places] == 0
    outside = np.bincount(piece[free], minlength=count)
    large = (np.bincount(piece, minlength=count) >= _LARGE * (dpi / 200) ** 2) | (outside >= 4)
    ink = np.zeros_like(solid)
    ink.reshape(-1)[places] = large[piece]
    reach = 2 * round(_NEAR * dpi / 200) + 1
    return np.asarray(solid & cv2.dilate(ink, np.ones((1, reach), np.uint8)), dtype=np.uint8)


_RULE, _RULE_GAP = 140, 4
"""Pixels at 200 dpi: the shortest run that is a rule, and the widest gap in it. Thin rules of a fax are frayed."""


def _rules(black: Pixels, dpi: float) -> Pixels:
    """The black pixels of level and upright rules, 0 or 1."""
    run, gap = round(_RULE * dpi / 200), max(2, round(_RULE_GAP * dpi / 200))
    kept = np.zeros_like(black)
    for across in (True, False):
        kept |= opened(closed(black, gap, across), run, across)
    return kept & black


def _joining(black: Pixels, touched: Pixels, dpi: float) -> Pixels:
    """The black pixels that lie straight between ink on either side of the touched area, 0 or 1."""
    free = black & (1 - touched)
    side = 2 * (round(_ACROSS * dpi / 200) // 2) + 1
    level, slanted = np.zeros((side, side), np.uint8), np.eye(side, dtype=np.uint8)
    level[side // 2] = 1
    lines = (level, level.T.copy(), slanted, slanted[::-1].copy())
    joined = np.zeros_like(black)
    for line in lines:
        joined |= np.asarray(cv2.morphologyEx(free, cv2.MORPH_CLOSE, line), dtype=np.uint8)
    return joined & black


def _solid(black: Pixels, shapes: Sequence[tuple[int, int]], dpi: float) -> Pixels:
    """The black pixels that belong to a filled rectangle of one of ``shapes`` (pixels at 200 dpi), 0 or 1."""
    kept = np.zeros_like(black)
    for height, width in shapes:
        sides = max(2, round(height * dpi / 200)), max(2, round(width * dpi / 200))
        kept |= np.asarray(cv2.morphologyEx(black, cv2.MORPH_OPEN, np.ones(sides, np.uint8)), dtype=np.uint8)
    return kept
