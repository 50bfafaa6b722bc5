"""Ruling lines (表格线) from the pixels of one straightened page.

What was judged first, on five scans (two cores, one thread, 200 dpi, July 2026 releases):

- OpenCV's ``FastLineDetector`` (0.03–0.22 s a page) and ``LSD`` (0.10–0.21 s) give both *edges* of every rule
  and of every stroke of the text, in hundreds to thousands of fragments; putting them together again is the
  work done here, and either alone costs more than all of this module.
- ``img2table`` 2.0 finds ruled tables on clean scans (0.12–1.15 s a page), none on a fax and a table short of
  three columns on a poor scan.
- PyMuPDF 2's table finder needs vector drawings, and loses small tables and narrow columns even there.

So rules are taken as what they are: long, thin, dark. The black-hat transform *across* the rule keeps what is
thinner than a rule may be (so shaded cells, photographs and thick watermark strokes give nothing), a window
*along* the rule must be dark nearly throughout (so text and slanted strokes give nothing), and what is left
is put together into straight lines that may slope a little.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from ocr.types import PageImage, Pixels, Ruling, Rulings

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


class RulingOptions(BaseModel):
    """How dark, thin and long a ruling line is. Lengths are points."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    working_dpi: float = Field(200.0, ge=72, le=600, description="finer pages are reduced to this (dpi)")
    contrast: int = Field(20, ge=4, le=200, description="grey levels (0–255) a rule is darker than beside it")
    max_thickness: float = Field(2.6, gt=0, le=20, description="thicker strokes are no rules (points)")
    window: float = Field(8.0, gt=1, le=50, description="length along which a rule must be dark (points)")
    density: float = Field(0.85, gt=0.5, le=1, description="share of the window that must be dark (0–1)")
    max_slope: float = Field(0.02, ge=0, le=0.2, description="largest slope of a rule (points per point)")
    bridge: float = Field(6.0, ge=0, le=50, description="gaps up to this are bridged (points)")
    alignment: float = Field(0.8, gt=0, le=5, description="how far parts of one rule may be off (points)")
    slope_length: float = Field(24.0, gt=0, le=500, description="shorter pieces tell no slope (points)")
    free_length: float = Field(60.0, gt=0, le=500, description="a rule this long needs no others (points)")
    reach: float = Field(0.8, ge=0, le=10, description="how far from a rule a shorter one ends (points)")
    max_pieces: int = Field(3000, ge=10, le=20000, description="pieces considered a direction, longest first")


@dataclass(frozen=True, slots=True)
class _Pieces:
    """Connected pieces of rules along x, as parallel arrays; pixels, and sums for fitting lines."""

    start: Floats
    end: Floats
    count: Floats
    x: Floats
    y: Floats
    xx: Floats
    xy: Floats

    def __len__(self) -> int:
        return len(self.start)

    def __getitem__(self, keep: Ints | NDArray[np.bool_]) -> _Pieces:
        return _Pieces(*(getattr(self, name)[keep] for name in _Pieces.__slots__))


DEFAULT = RulingOptions()


def find_rulings(image: PageImage, options: RulingOptions = DEFAULT) -> Rulings:
    """The horizontal and vertical ruling lines of ``image``, in straight points.

    The page must be straight to about half a degree; what slope is left is reported with each rule. A rule
    broken by gaps of up to ``options.bridge`` is one rule; a longer gap leaves two, which lie in one line.
    """
    grey, unit = _working_grey(image, options)
    horizontal = _find_along_rows(grey, unit, options)
    vertical = _find_along_rows(np.asarray(cv2.transpose(grey), dtype=np.uint8), unit, options)
    return _supported(Rulings(horizontal, vertical), options)


def _working_grey(image: PageImage, options: RulingOptions) -> tuple[Pixels, float]:
    """The page's lightness at no more than the working resolution, and its pixels a point."""
    grey = image.grey
    if image.dpi <= options.working_dpi * 1.1:
        return grey, image.dpi / 72
    scale = options.working_dpi / image.dpi
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8), options.working_dpi / 72


def _find_along_rows(grey: Pixels, unit: float, options: RulingOptions) -> tuple[Ruling, ...]:
    """The rules that run along the rows of ``grey`` (``unit`` pixels a point), in points."""
    thin = _thin_strokes(grey, unit, options)
    pieces = _measure(thin, _dense_along_rows(thin, unit, options))
    pieces = _plausible(pieces, unit, options)
    if not len(pieces):
        return ()
    return _lines(_join(pieces, unit, options), unit)


def _thin_strokes(grey: Pixels, unit: float, options: RulingOptions) -> Pixels:
    """255 where a pixel is darker than what lies above and below within a rule's thickness, else 0."""
    across = np.ones((round(options.max_thickness * unit) + 2, 1), dtype=np.uint8)
    hat = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, across, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.threshold(hat, options.contrast, 255, cv2.THRESH_BINARY)[1], dtype=np.uint8)


def _dense_along_rows(thin: Pixels, unit: float, options: RulingOptions) -> Pixels:
    """255 within a window's reach of the places along which ``thin`` is dark nearly throughout."""
    window = max(3, round(options.window * unit)) | 1
    share = cv2.blur(thin, (window, 1), borderType=cv2.BORDER_CONSTANT)
    core = cv2.threshold(share, int(255 * options.density) - 1, 255, cv2.THRESH_BINARY)[1]
    return np.asarray(cv2.dilate(core, np.ones((1, window), dtype=np.uint8)), dtype=np.uint8)


def _measure(thin: Pixels, dense: Pixels) -> _Pieces:
    """The connected pieces of ``dense``, measured over their dark pixels only."""
    _, labels = cv2.connectedComponents(dense, connectivity=8, ltype=cv2.CV_32S)
    at = np.flatnonzero(cv2.bitwise_and(thin, dense))
    label = labels.ravel()[at]
    y, x = np.divmod(at.astype(np.float64), thin.shape[1])
    number = int(labels.max()) + 1 if labels.size else 1
    start, end = np.full(number, np.inf), np.full(number, -np.inf)
    np.minimum.at(start, label, x)
    np.maximum.at(end, label, x + 1)
    sums = [np.bincount(label, weights=w, minlength=number) for w in (None, x, y, x * x, x * y)]
    found = sums[0] > 0
    return _Pieces(start, end, *(s.astype(np.float64) for s in sums))[found]


def _slopes(pieces: _Pieces) -> Floats:
    """Least-squares slope of each piece."""
    spread = pieces.xx - pieces.x**2 / pieces.count
    return np.asarray((pieces.xy - pieces.x * pieces.y / pieces.count) / np.maximum(spread, 1e-9))


def _plausible(pieces: _Pieces, unit: float, options: RulingOptions) -> _Pieces:
    """The pieces thin and level enough for a rule, the longest ``max_pieces`` of them."""
    length = pieces.end - pieces.start
    fit = (pieces.count / np.maximum(length, 1) <= options.max_thickness * unit * 1.3) & (
        (np.abs(_slopes(pieces)) <= options.max_slope) | (length < options.slope_length * unit)
    )
    chosen = np.flatnonzero(fit & (length >= options.window * unit * 0.7))
    return pieces[np.sort(chosen[np.argsort(-length[chosen], kind="stable")[: options.max_pieces]])]


def _join(pieces: _Pieces, unit: float, options: RulingOptions) -> _Pieces:
    """Pieces that continue each other across a small gap made one, by their sums.

    One of the two must be longer than a stroke of the text: characters that stand in rows and columns
    have strokes in one line too.
    """
    length = pieces.end - pieces.start
    trusted = length >= 2.5 * options.slope_length * unit
    own = _slopes(pieces)
    common = float(np.median(own[trusted])) if trusted.any() else 0.0
    slope = np.where(trusted, own, common)
    middle, level = pieces.x / pieces.count, pieces.y / pieces.count
    gap = pieces.start[None, :] - pieces.end[:, None]
    follows = pieces.start[:, None] < pieces.start[None, :]
    before, after = np.nonzero(follows & (gap <= options.bridge * unit) & (gap >= -2 * unit))
    meet = (pieces.end[before] + pieces.start[after]) / 2
    step = (level[after] + slope[after] * (meet - middle[after])) - (
        level[before] + slope[before] * (meet - middle[before])
    )
    sure = np.maximum(length[before], length[after]) >= 2 * options.window * unit
    fits = sure & (np.abs(step) <= options.alignment * unit)
    return _summed(pieces, _roots(len(pieces), before[fits], after[fits]))


def _roots(number: int, first: Ints, second: Ints) -> Ints:
    """For each of ``number`` items the number (0 …) of the connected group that the pairs put it in."""
    parent = list(range(number))

    def root(item: int) -> int:
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    for a, b in zip(first.tolist(), second.tolist(), strict=True):
        parent[root(a)] = root(b)
    return np.unique([root(i) for i in range(number)], return_inverse=True)[1].astype(np.intp)


def _summed(pieces: _Pieces, group: Ints) -> _Pieces:
    """One piece for each group."""
    number = int(group.max()) + 1
    start, end = np.full(number, np.inf), np.full(number, -np.inf)
    np.minimum.at(start, group, pieces.start)
    np.maximum.at(end, group, pieces.end)
    names = ("count", "x", "y", "xx", "xy")
    sums = (np.bincount(group, weights=getattr(pieces, name)).astype(np.float64) for name in names)
    return _Pieces(start, end, *sums)


def _lines(pieces: _Pieces, unit: float) -> tuple[Ruling, ...]:
    """The pieces as rulings in points, from top to bottom. A short one is level: its slope says nothing."""
    length = pieces.end - pieces.start
    slope = np.where(length >= 40 * unit, _slopes(pieces), 0.0)
    middle = (pieces.start + pieces.end) / 2
    position = pieces.y / pieces.count + slope * (middle - pieces.x / pieces.count) + 0.5
    columns = zip(
        (position / unit).tolist(),
        (pieces.start / unit).tolist(),
        (pieces.end / unit).tolist(),
        (pieces.count / length / unit).tolist(),
        slope.tolist(),
        strict=True,
    )
    return tuple(sorted((Ruling(*c) for c in columns), key=lambda r: (r.position, r.start)))


def _supported(rulings: Rulings, options: RulingOptions) -> Rulings:
    """Without the strokes of characters: short lines that neither run from rule to rule nor continue one."""
    across = tuple(r for r in rulings.horizontal if r.length >= options.free_length)
    down = tuple(r for r in rulings.vertical if r.length >= options.free_length)
    for _ in range(3):  # a short rule may end at, or continue, another short one
        across, down = (
            _kept(rulings.horizontal, across, down, options),
            _kept(rulings.vertical, down, across, options),
        )
    return Rulings(across, down)


def _kept(
    rules: tuple[Ruling, ...], sure: tuple[Ruling, ...], posts: tuple[Ruling, ...], options: RulingOptions
) -> tuple[Ruling, ...]:
    """The ``rules`` that are long, or end at ``posts`` (across) on both sides, or continue ``sure`` ones."""
    if not rules:
        return ()
    lines = _as_array(rules)
    middle = (lines[:, 1] + lines[:, 2]) / 2
    starts = _held(_level(lines, lines[:, 1], middle), lines[:, 1], posts, options)
    ends = _held(_level(lines, lines[:, 2], middle), lines[:, 2], posts, options)
    keep = (lines[:, 2] - lines[:, 1] >= options.free_length) | (starts & ends)
    keep |= (starts | ends) & _continues(lines, sure, options)
    return tuple(r for r, k in zip(rules, keep.tolist(), strict=True) if k)


def _as_array(rules: tuple[Ruling, ...]) -> Floats:
    """One row a rule: position, start, end, slope, thickness."""
    rows = [(r.position, r.start, r.end, r.slope, r.thickness) for r in rules]
    return np.array(rows, dtype=np.float64).reshape(-1, 5)


def _level(lines: Floats, along: Floats, middle: Floats) -> Floats:
    """The position of each line at the place ``along`` it."""
    return np.asarray(lines[:, 0] + lines[:, 3] * (along - middle))


def _held(
    level: Floats, along: Floats, posts: tuple[Ruling, ...], options: RulingOptions
) -> NDArray[np.bool_]:
    """Whether a rule of ``posts`` passes within reach of each point (``along``, ``level``)."""
    if not posts:
        return np.zeros(len(level), dtype=np.bool_)
    position, start, end, slope, thickness = _as_array(posts).T
    at, here = level[:, None], along[:, None]
    reaches = (start - options.reach <= at) & (at <= end + options.reach)
    off = np.abs(position + slope * (at - (start + end) / 2) - here)
    near = off <= options.reach + thickness / 2
    return np.asarray((reaches & near).any(axis=1))


def _continues(lines: Floats, sure: tuple[Ruling, ...], options: RulingOptions) -> NDArray[np.bool_]:
    """Whether each line lies in one line with a rule of ``sure``."""
    if not sure:
        return np.zeros(len(lines), dtype=np.bool_)
    position, start, end, slope, _ = _as_array(sure).T
    middle = ((lines[:, 1] + lines[:, 2]) / 2)[:, None]
    off = np.abs(position + slope * (middle - (start + end) / 2) - lines[:, :1])
    return np.asarray((off <= options.alignment).any(axis=1))
