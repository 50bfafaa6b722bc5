"""Long thin strokes (直线段) along the rows of a picture: the pieces that ruling lines are made of.

``ocr.rulings`` says what was tried instead, and puts the strokes of both directions together.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from ocr.spans import connected
from ocr.types import Pixels, Ruling

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]


class RulingOptions(BaseModel):
    """How dark, thin and long a ruling line is. Lengths are points."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    working_dpi: float = Field(200.0, ge=72, le=600, description="finer pages are reduced to this (dpi)")
    contrast: int = Field(20, ge=4, le=200, description="grey levels (0–255) a rule is darker than beside it")
    pale_ink: float = Field(
        120.0,
        ge=1,
        le=255,
        description="grey levels: where the darkest strokes have less, rules need less, half at least",
    )
    texture: float = Field(0.45, gt=0, le=1, description="share of thin strokes that makes a texture, no table (0–1)")
    max_thickness: float = Field(2.6, gt=0, le=20, description="thicker strokes are no rules (points)")
    window: float = Field(8.0, gt=1, le=50, description="length along which a rule must be dark (points)")
    density: float = Field(0.85, gt=0.5, le=1, description="share of the window that must be dark (0–1)")
    max_slope: float = Field(0.02, ge=0, le=0.2, description="largest slope of a rule (points per point)")
    max_drift: float = Field(0.45, ge=0, le=5, description="a short rule may drift this much (points)")
    bridge: float = Field(6.0, ge=0, le=50, description="gaps up to this are bridged (points)")
    chain: float = Field(0.75, gt=0.5, le=1, description="dark share of a rule broken into short pieces (0–1)")
    alignment: float = Field(0.8, gt=0, le=5, description="how far parts of one rule may be off (points)")
    slope_length: float = Field(24.0, gt=0, le=500, description="shorter pieces tell no slope (points)")
    free_length: float = Field(60.0, gt=0, le=500, description="a rule this long needs no others (points)")
    pale: float = Field(0.78, ge=0, le=1, description="a short rule with less ink than this against long ones is none")
    sure_length: float = Field(150.0, gt=0, le=2000, description="a rule this long is never doubted (points)")
    least_stretch: float = Field(1.8, gt=0, le=50, description="lowest row or narrowest column (points)")
    stroke: float = Field(26.0, gt=0, le=200, description="longest stroke of a character (points)")
    reach: float = Field(0.8, ge=0, le=10, description="how far from a rule a shorter one ends (points)")
    max_pieces: int = Field(3000, ge=10, le=20000, description="pieces considered a direction, longest first")


@dataclass(frozen=True, slots=True)
class _Pieces:
    """Connected pieces of rules along x, as parallel arrays; pixels, and sums for fitting lines."""

    start: Floats
    end: Floats
    count: Floats
    """Dark pixels."""
    weight: Floats
    """Their darkness, added up; the sums below are weighted by it."""
    x: Floats
    y: Floats
    xx: Floats
    xy: Floats

    def __len__(self) -> int:
        return len(self.start)

    def __getitem__(self, keep: Ints | NDArray[np.bool_]) -> _Pieces:
        return _Pieces(*(getattr(self, name)[keep] for name in _Pieces.__slots__))


def find_strokes(thin: Pixels, unit: float, options: RulingOptions) -> tuple[Ruling, ...]:
    """The level strokes in ``thin`` (see :func:`thin_strokes`; ``unit`` pixels a point), in points."""
    pieces = _measure(thin, _dense_along_rows(thin, unit, options))
    pieces = _plausible(pieces, unit, options)
    if not len(pieces):
        return ()
    return _lines(_join(pieces, unit, options), unit)


def thin_strokes(grey: Pixels, unit: float, options: RulingOptions) -> Pixels:
    """How much darker a pixel is than what lies above and below within a rule's thickness; 0 below the contrast."""
    across = np.ones((round(options.max_thickness * unit) + 2, 1), dtype=np.uint8)
    hat = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, across, borderType=cv2.BORDER_REPLICATE)
    thin = np.asarray(cv2.threshold(hat, _contrast(hat, options), 0, cv2.THRESH_TOZERO)[1], dtype=np.uint8)
    return _without_texture(thin, unit, options)


def _contrast(hat: Pixels, options: RulingOptions) -> float:
    """The contrast of a rule on this page: less on a pale scan, by the darkest thousandth of its strokes.

    Measured: 160 to 230 levels on ordinary scans, poor ones among them; 60 where ink and paper are 90 levels apart.
    """
    levels = np.cumsum(cv2.calcHist([hat], [0], None, [256], [0, 256])[:, 0])
    darkest = float(np.searchsorted(levels, 0.999 * levels[-1]))
    return options.contrast * min(1.0, max(0.5, darkest / options.pale_ink))


def _without_texture(thin: Pixels, unit: float, options: RulingOptions) -> Pixels:
    """Nothing where most of a neighbourhood is thin strokes: a halftone picture or noise, which no table comes near."""
    height, width = (max(1, side // _BLOCK) for side in thin.shape)
    marked = cv2.threshold(thin, 0, 255, cv2.THRESH_BINARY)[1]
    # whole blocks, and what is left over at the edges with its neighbours: that takes a sixth of the time
    inner = marked[: height * _BLOCK, : width * _BLOCK]
    share = cv2.resize(inner, (width, height), interpolation=cv2.INTER_AREA)
    side = max(1, round(24 * unit / _BLOCK))
    texture = cv2.blur(share, (side, side)) > 255 * options.texture
    if not texture.any():
        return thin
    rows, columns = (
        np.minimum(np.arange(n) // _BLOCK, last - 1) for n, last in zip(thin.shape, texture.shape, strict=True)
    )
    return np.where(texture[np.ix_(rows, columns)], 0, thin).astype(np.uint8)


_BLOCK = 8
"""Pixels of a side of the blocks in which texture is looked for."""


def _dense_along_rows(thin: Pixels, unit: float, options: RulingOptions) -> Pixels:
    """255 within a window's reach of the places along which ``thin`` is dark nearly throughout."""
    window = max(3, round(options.window * unit)) | 1
    marked = cv2.threshold(thin, 0, 255, cv2.THRESH_BINARY)[1]
    share = cv2.blur(marked, (window, 1), borderType=cv2.BORDER_CONSTANT)
    core = cv2.threshold(share, int(255 * options.density) - 1, 255, cv2.THRESH_BINARY)[1]
    return np.asarray(cv2.dilate(core, np.ones((1, window), dtype=np.uint8)), dtype=np.uint8)


def _measure(thin: Pixels, dense: Pixels) -> _Pieces:
    """The connected pieces of ``dense``, measured over their dark pixels only."""
    _, labels = cv2.connectedComponents(dense, connectivity=8, ltype=cv2.CV_32S)
    at = np.flatnonzero(cv2.bitwise_and(thin, dense) != 0)
    label = labels.ravel()[at]
    weight = thin.ravel()[at].astype(np.float64)
    y, x = np.divmod(at.astype(np.float64), thin.shape[1])
    number = int(labels.max()) + 1 if labels.size else 1
    start, end = np.full(number, np.inf), np.full(number, -np.inf)
    np.minimum.at(start, label, x)
    np.maximum.at(end, label, x + 1)
    moments = (None, weight, weight * x, weight * y, weight * x * x, weight * x * y)
    sums = [np.bincount(label, weights=w, minlength=number).astype(np.float64) for w in moments]
    found = sums[0] > 0
    return _Pieces(start, end, *sums)[found]


def _slopes(pieces: _Pieces) -> Floats:
    """Least-squares slope of each piece."""
    spread = pieces.xx - pieces.x**2 / pieces.weight
    return np.asarray((pieces.xy - pieces.x * pieces.y / pieces.weight) / np.maximum(spread, 1e-9))


def _plausible(pieces: _Pieces, unit: float, options: RulingOptions) -> _Pieces:
    """The pieces thin and level enough for a rule, the longest ``max_pieces`` of them."""
    length = pieces.end - pieces.start
    fit = (pieces.count / np.maximum(length, 1) <= options.max_thickness * unit * 1.3) & (
        np.abs(_slopes(pieces)) * length <= np.maximum(options.max_slope * length, options.max_drift * unit)
    )
    chosen = np.flatnonzero(fit & (length >= options.window * unit * 0.7))
    return pieces[np.sort(chosen[np.argsort(-length[chosen], kind="stable")[: options.max_pieces]])]


def _join(pieces: _Pieces, unit: float, options: RulingOptions) -> _Pieces:
    """Pieces that continue each other across a small gap made one, by their sums.

    Characters that stand in rows and columns have strokes in one line too. So one of the two must be longer
    than such a stroke, or all that continue each other make a rule that is long and mostly dark.
    """
    before, after = _followers(pieces, unit, options)
    length = pieces.end - pieces.start
    long = length >= 2 * options.window * unit
    sure = long[before] | long[after]
    chain = _groups(len(pieces), before[~sure], after[~sure])
    extent = _summed(pieces, chain)
    whole = extent.end - extent.start
    dark = np.bincount(chain, weights=length) / whole
    faint = (whole >= options.free_length * unit) & (dark >= options.chain)
    chosen = sure | faint[chain[before]]
    return _summed(pieces, _groups(len(pieces), before[chosen], after[chosen]))


def _followers(pieces: _Pieces, unit: float, options: RulingOptions) -> tuple[Ints, Ints]:
    """The pairs (before, after) of pieces that lie in one line with a gap small enough to bridge."""
    slope = _trusted_slopes(pieces, unit, options)
    middle, level = pieces.x / pieces.weight, pieces.y / pieces.weight
    gap = pieces.start[None, :] - pieces.end[:, None]
    follows = pieces.start[:, None] < pieces.start[None, :]
    before, after = np.nonzero(follows & (gap <= options.bridge * unit) & (gap >= -2 * unit))
    meet = (pieces.end[before] + pieces.start[after]) / 2
    level_before = level[before] + slope[before] * (meet - middle[before])
    level_after = level[after] + slope[after] * (meet - middle[after])
    short = np.minimum(*(pieces.end[i] - pieces.start[i] for i in (before, after))) < 2 * options.window * unit
    fits = np.abs(level_after - level_before) <= options.alignment * unit * np.where(short, 0.6, 1.0)
    return before[fits], after[fits]


def _trusted_slopes(pieces: _Pieces, unit: float, options: RulingOptions) -> Floats:
    """The slope of each long piece, and for the short ones the median of those."""
    own = _slopes(pieces)
    trusted = pieces.end - pieces.start >= 2.5 * options.slope_length * unit
    common = float(np.median(own[trusted])) if trusted.any() else 0.0
    return np.where(trusted, own, common)


def _groups(number: int, before: Ints, after: Ints) -> Ints:
    """For each of ``number`` pieces the number of the group, from 0, that the pairs put it in."""
    roots = connected(number, zip(before.tolist(), after.tolist(), strict=True))
    return np.unique(roots, return_inverse=True)[1].astype(np.intp)


def _summed(pieces: _Pieces, group: Ints) -> _Pieces:
    """One piece for each group."""
    number = int(group.max()) + 1
    start, end = np.full(number, np.inf), np.full(number, -np.inf)
    np.minimum.at(start, group, pieces.start)
    np.maximum.at(end, group, pieces.end)
    names = ("count", "weight", "x", "y", "xx", "xy")
    sums = (np.bincount(group, weights=getattr(pieces, name)).astype(np.float64) for name in names)
    return _Pieces(start, end, *sums)


def _lines(pieces: _Pieces, unit: float) -> tuple[Ruling, ...]:
    """The pieces as rulings in points, from top to bottom; a short one leans as the others do."""
    length = pieces.end - pieces.start
    slope = np.where(length >= 40 * unit, _slopes(pieces), np.nan)
    slope = np.where(np.isnan(slope), np.nanmedian(slope) if not np.isnan(slope).all() else 0.0, slope)
    middle = (pieces.start + pieces.end) / 2
    position = pieces.y / pieces.weight + slope * (middle - pieces.x / pieces.weight) + 0.5
    columns = zip(
        (position / unit).tolist(),
        (pieces.start / unit).tolist(),
        (pieces.end / unit).tolist(),
        (pieces.count / length / unit).tolist(),
        slope.tolist(),
        strict=True,
    )
    return tuple(sorted((Ruling(*c) for c in columns), key=lambda r: (r.position, r.start)))
