"""Where each copy of the watermark really lies on a page, to a few hundredths of a pixel.

Copies are often set to whole pixels or points, so no lattice fits them exactly, and paper bends. At the rim of a
stroke the page's lightness changes steeply, so the rim tells the place: least squares on the linearised coverage
(Lucas and Kanade 1981) over some thousand rim pixels per copy, without those that ink has darkened.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanup.registration import Affine
from cleanup.watermark_model import Watermark, patch_at
from ocr.types import Pixels

Floats = NDArray[np.float32]
Places = NDArray[np.float64]

_STEEP = 0.08
"""Change of coverage per pixel from which a pixel counts as rim."""
_MAX_POINTS = 1200
_MAX_OFFSET = 3.0
"""Pixels: a copy further off has to be looked for."""
_LEAST_POINTS = 120
_LEAST_TRUST = 0.15
"""Share of a copy's rim that must agree with it before its place is believed."""
_PULL = 2.0
"""Weight of the assumption that a copy lies where the lattice says, in steep pixels."""
_STIFF = 10.0
"""How much more it takes to turn or stretch a copy than to shift it."""


@dataclass(frozen=True, slots=True, eq=False)
class Rim:
    """Rim pixels of one copy."""

    places: Places
    """``(n, 2)``, x and y in model pixels relative to the lattice point."""
    share: Floats
    """``(n,)``, coverage 0–1."""
    slope: Floats
    """``(n, 2)``, change of coverage per pixel along x and y."""


@lru_cache(maxsize=8)
def rim(watermark: Watermark, dpi: float) -> Rim:
    """The rim of the watermark's strokes at ``dpi``, thinned evenly to some thousand pixels."""
    patch, origin = patch_at(watermark, dpi)
    share = patch.astype(np.float32) / np.float32(255)
    across = cv2.Sobel(share, cv2.CV_32F, 1, 0, scale=1 / 8)
    down = cv2.Sobel(share, cv2.CV_32F, 0, 1, scale=1 / 8)
    rows, columns = np.nonzero(np.hypot(across, down) > _STEEP)
    keep = slice(None, None, max(1, len(rows) // _MAX_POINTS))
    rows, columns = rows[keep], columns[keep]
    places = np.column_stack([columns + origin[0], rows + origin[1]]).astype(np.float64)
    return Rim(places, share[rows, columns], np.column_stack([across[rows, columns], down[rows, columns]]))


_STEPS = ((0.35, 2), (0.35, 2), (0.3, 1), (0.2, 1), (0.15, 1))
"""For each step of least squares: how far off (0–1) a rim pixel counts at most, and every how many-th is asked."""


@dataclass(frozen=True, slots=True, eq=False)
class _Copies:
    """The copies of a page as the lattice would have them, and the page."""

    seen: Pixels
    """The page's lightness relative to its paper, 0–255."""
    share: Floats
    """``(n,)``, coverage of the rim pixels."""
    ways: Floats
    """``(n, 6)``, how coverage changes at each of them with each of a copy's six parameters."""
    on_page: Floats
    """``(2, copies, n)``, x and y of every rim pixel of every copy."""
    relative: Floats
    """``(2, n)``, the same from the copy's middle, −1 to 1."""
    middle: Places
    """``(copies, 2)``."""
    size: float
    """Pixels that 1 stands for in ``relative``."""
    level: float
    bilevel: bool

    def only(self, some: NDArray[np.bool_]) -> _Copies:
        """Those of the copies for which ``some`` is True."""
        return replace(self, on_page=self.on_page[:, some], middle=self.middle[some])


def copy_maps(
    lightness: Pixels, edge: Rim, points: list[Places], to_model: Affine, level: float, bilevel: bool
) -> Places:
    """Where each copy really lies, ``(points, 2, 3)``: from page pixels to the pixels the lattice would have.

    ``lightness`` is the page relative to its paper, 0–255; ``level`` that of a covered bare pixel, 0–1. A copy may
    be shifted, turned and stretched a little, as bent paper does; one with too little to see is shifted like the
    others. On a page that is bent more, as photographs are, those that do not fit are looked for further off.
    """
    if not points or len(edge.share) < _LEAST_POINTS:
        return _maps(np.zeros((len(points), 6)), np.zeros((len(points), 2)), 1.0)
    copies = _copies(lightness, edge, points, to_model, level, bilevel)
    found = _settled(copies, np.zeros((len(points), 6)))
    if not bilevel:
        found = _with_lost(copies, found)
    return _maps(found, copies.middle, copies.size)


def _copies(
    lightness: Pixels, edge: Rim, points: list[Places], to_model: Affine, level: float, bilevel: bool
) -> _Copies:
    seen = np.asarray(cv2.GaussianBlur(lightness, (0, 0), 1.5), dtype=np.uint8) if bilevel else lightness
    on_page = _on_page(edge, points, to_model)
    middle = on_page.mean(axis=2, dtype=np.float64).T
    relative = on_page[:, 0] - middle[0].astype(np.float32)[:, None]
    size = float(np.abs(relative).max()) or 1.0
    relative /= np.float32(size)
    slope = (edge.slope @ to_model[:, :2]).astype(np.float32)
    ways = np.column_stack([slope, slope * relative[0][:, None], slope * relative[1][:, None]])
    return _Copies(seen, edge.share, ways, on_page, relative, middle, size, level, bilevel)


def _settled(copies: _Copies, start: Places) -> Places:
    """The six parameters of each copy, ``(copies, 6)`` in pixels, by least squares from ``start``."""
    found = start
    for limit, some in _STEPS:
        moved = _displaced(copies.on_page[..., ::some], found, copies.relative[..., ::some])
        step, trust = _step(copies, moved, 1.0 if copies.bilevel else limit, some)
        found = start + np.clip(found + step - start, -_MAX_OFFSET, _MAX_OFFSET)
        found[:, :2] = start[:, :2] + _neighbourly(found[:, :2] - start[:, :2], trust, copies.middle)
    return found


def _neighbourly(shifts: Places, trust: NDArray[np.float64], middle: Places) -> Places:
    """``shifts`` (points, 2) with those without trust put where evenly bent paper would have them.

    ``trust`` is the share of a copy's rim that was seen. The bend is a quadratic surface fitted to the others.
    """
    known = trust > _LEAST_TRUST
    if known.sum() < 8:
        usual = np.median(shifts[known], axis=0) if known.any() else np.zeros(2)
        return np.where(known[:, None], shifts, usual)
    x, y = ((middle - middle.mean(axis=0)) / (np.abs(middle).max() or 1.0)).T
    surface = np.column_stack([np.ones_like(x), x, y, x * x, x * y, y * y])
    scaled = surface * np.where(known, trust, 0.0)[:, None]
    bent = surface @ np.linalg.solve(scaled.T @ surface + 1e-3 * np.eye(6), scaled.T @ shifts)
    return np.where(known[:, None], shifts, np.clip(bent, -_MAX_OFFSET, _MAX_OFFSET))


def _displaced(on_page: Floats, found: Places, relative: Floats) -> Floats:
    """Every rim pixel of every copy, ``(2, points, n)``, shifted by x, y; those along x; those along y."""
    shift = found.astype(np.float32)
    moved = [
        plane + shift[:, at, None] + shift[:, 2 + at, None] * relative[0] + shift[:, 4 + at, None] * relative[1]
        for at, plane in enumerate(on_page)
    ]
    return np.stack(moved)


def _maps(found: Places, middle: Places, size: float) -> Places:
    maps = np.zeros((len(found), 2, 3))
    maps[:, :, 0] = np.array([1.0, 0.0]) - found[:, 2:4] / size
    maps[:, :, 1] = np.array([0.0, 1.0]) - found[:, 4:6] / size
    maps[:, :, 2] = -found[:, 0:2] + (found[:, 2:4] * middle[:, :1] + found[:, 4:6] * middle[:, 1:]) / size
    return maps


def _on_page(edge: Rim, points: list[Places], to_model: Affine) -> Floats:
    """Page pixels x and y of every rim pixel of every copy, ``(2, points, n)``."""
    back = cv2.invertAffineTransform(to_model)
    rims, copies = edge.places @ back[:, :2].T, np.stack(points) @ back[:, :2].T + back[:, 2]
    return np.asarray(copies.T[:, :, None] + rims.T[:, None, :], dtype=np.float32)


def _step(copies: _Copies, moved: Floats, limit: float, every: int) -> tuple[Places, NDArray[np.float64]]:
    """One step of least squares for every copy at once, and the share of each copy's rim that agreed.

    ``moved`` are the places of every ``every``-th rim pixel; each of them stands for so many.
    """
    sampled, inside = _sampled(copies.seen, moved)
    bare = 1 - copies.level
    left = sampled - (1 - copies.share[::every] * np.float32(bare))
    weight = np.maximum(1 - (left * np.float32(1 / limit)) ** 2, 0) ** 2 * inside
    scaled = (copies.ways[::every] * np.float32(bare)).astype(np.float32)
    first, second = np.triu_indices(6)
    products = np.concatenate([scaled[:, first] * scaled[:, second], scaled], axis=1) * np.float32(every)
    # einsum, not @: the threads of a linear algebra library cost more here than they save
    upper = np.einsum("kn,nm->km", weight, products[:, :-6]).astype(np.float64)
    wanted = np.einsum("kn,nm->km", weight * left, products[:, -6:]).astype(np.float64)
    normal = np.empty((len(weight), 6, 6))
    normal[:, first, second] = normal[:, second, first] = upper
    normal += np.diag([1, 1, *[_STIFF] * 4]) * _PULL * _STEEP**2 * bare**2
    step = np.linalg.solve(normal, wanted[..., None])[..., 0]
    return np.clip(step, -1, 1), weight.mean(axis=1).astype(np.float64)


def _sampled(seen: Pixels, places: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Lightness (0–1) of the page at ``places`` (2, copies, n), and which of them lie on it."""
    height, width = seen.shape
    x, y = places
    sampled = cv2.remap(seen, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return sampled * np.float32(1 / 255), (x >= 1) & (y >= 1) & (x < width - 2) & (y < height - 2)


# --- copies further off -----------------------------------------------------------------------------------

_THIN = 3
"""Every how many-th rim pixel tells whether a copy fits."""
_INK = 0.12
"""Darkness (0–1) beyond the watermark's from which a pixel is ink and tells nothing about it."""
_FITS = 0.6
"""Agreement from which a copy is in its place: 0.68 and more on flat scans, under 0.5 where it is three pixels off."""
_GAIN = 0.05
"""How much better a copy must fit where it was looked for."""
_FAR, _STRIDE = 12.0, 2.0
"""Pixels either way of where its neighbours say that a lost copy is looked for, and how finely."""
_SOFT = 1.5
"""Pixels by which the page is smoothed for that, so that no place is lost between two that are tried."""
_SEARCHES = 3
"""Times that lost copies are looked for: each that is found says where its neighbours may be."""


def _agreement(copies: _Copies, found: Places) -> Floats:
    """How well coverage and page agree at each copy's rim, ``(copies,)``: correlation without what is ink, −1 to 1.

    NaN where too little of it is on the page and bare.
    """
    moved = _displaced(copies.on_page[..., ::_THIN], found, copies.relative[..., ::_THIN])
    return _correlation(copies.seen, copies.share[::_THIN], moved, copies.level)


def _correlation(seen: Pixels, share: Floats, places: Floats, level: float) -> Floats:
    sampled, inside = _sampled(seen, places)
    bare = (inside & (sampled >= level - _INK)).astype(np.float32)
    total = bare.sum(axis=1)
    per = np.where(total >= _LEAST_POINTS / _THIN, 1 / np.maximum(total, 1), np.nan).astype(np.float32)
    dark = 1 - sampled
    wanted = share - (np.einsum("kn,n->k", bare, share) * per)[:, None]
    shown = dark - (np.einsum("kn,kn->k", bare, dark) * per)[:, None]
    spread = np.einsum("kn,kn->k", bare, wanted**2) * np.einsum("kn,kn->k", bare, shown**2)
    together = np.einsum("kn,kn,kn->k", bare, wanted, shown)
    return np.asarray(together / np.sqrt(np.maximum(spread, 1e-12)), dtype=np.float32)


def _with_lost(copies: _Copies, found: Places) -> Places:
    """``found`` with the copies that do not fit looked for further off, near where their neighbours lie."""
    fit = _agreement(copies, found)
    smooth: Pixels | None = None
    for _ in range(_SEARCHES):
        lost = fit < _FITS  # not where the fit is unknown
        if not lost.any():
            break
        smooth = _smoothed(copies) if smooth is None else smooth
        some = copies.only(lost)
        again = _settled(some, _searched(some, smooth, _expected(copies.middle, found, fit, lost)))
        refit = _agreement(some, again)
        better = refit > fit[lost] + _GAIN
        if not better.any():
            break
        where = np.flatnonzero(lost)[better]
        found, fit = found.copy(), fit.copy()
        found[where], fit[where] = again[better], refit[better]
    return found


def _smoothed(copies: _Copies) -> Pixels:
    """The page with ink no darker than the watermark, and smoothed."""
    least = np.uint8(np.clip(round(255 * (copies.level - _INK / 2)), 0, 255))
    return np.asarray(cv2.GaussianBlur(np.maximum(copies.seen, least), (0, 0), _SOFT), dtype=np.uint8)


def _expected(middle: Places, found: Places, fit: Floats, lost: NDArray[np.bool_]) -> Places:
    """Where the copies that fit say the ``lost`` ones lie, ``(lost, 6)``: the nearest count most; 0 without any."""
    good = fit >= _FITS
    if not good.any():
        return np.zeros((int(lost.sum()), 6))
    apart = ((middle[lost][:, None] - middle[good][None]) ** 2).sum(axis=2)
    near = 1 / np.maximum(apart, 1.0) ** 1.5
    return np.asarray((near / near.sum(axis=1, keepdims=True)) @ found[good], dtype=np.float64)


def _searched(copies: _Copies, smooth: Pixels, expected: Places) -> Places:
    """``expected`` (copies, 6) with each copy shifted to where it fits best."""
    side = np.arange(-_FAR, _FAR + _STRIDE / 2, _STRIDE)
    tried = np.zeros((len(side) ** 2, 6))
    tried[:, :2] = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    share, relative = copies.share[::_THIN], copies.relative[..., ::_THIN]
    best = expected.copy()
    for index, start in enumerate(expected):
        one = np.repeat(copies.on_page[:, index : index + 1, ::_THIN], len(tried), axis=1)
        fits = _correlation(smooth, share, _displaced(one, start + tried, relative), copies.level)
        if not np.isnan(fits).all():
            best[index] = start + tried[int(np.nanargmax(fits))]
    return best
