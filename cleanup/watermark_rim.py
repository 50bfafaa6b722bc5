"""Where each copy of the watermark really lies on a page, to a few hundredths of a pixel.

Copies are often set to whole pixels or points, so no lattice fits them exactly, and paper bends. At the rim of a
stroke the page's lightness changes steeply, so the rim tells the place: least squares on the linearised coverage
(Lucas and Kanade 1981) over some thousand rim pixels per copy, without those that ink has darkened.
"""

from __future__ import annotations

from dataclasses import dataclass
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
"""Pixels: a copy further off is not at its place at all."""
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


def copy_maps(
    lightness: Pixels, edge: Rim, points: list[Places], to_model: Affine, level: float, bilevel: bool
) -> Places:
    """Where each copy really lies, ``(points, 2, 3)``: from page pixels to the pixels the lattice would have.

    ``lightness`` is the page relative to its paper, 0–255; ``level`` that of a covered bare pixel, 0–1. A copy may
    be shifted, turned and stretched a little, as bent paper does; one with too little to see is shifted like the
    others.
    """
    if not points or len(edge.share) < _LEAST_POINTS:
        return _maps(np.zeros((len(points), 6)), np.zeros((len(points), 2)), 1.0)
    seen = np.asarray(cv2.GaussianBlur(lightness, (0, 0), 1.5), dtype=np.uint8) if bilevel else lightness
    on_page = _on_page(edge, points, to_model)
    middle = on_page.mean(axis=2, dtype=np.float64).T
    relative = on_page[:, 0] - middle[0].astype(np.float32)[:, None]
    size = float(np.abs(relative).max()) or 1.0
    relative /= np.float32(size)
    slope = (edge.slope @ to_model[:, :2]).astype(np.float32)
    ways = np.column_stack([slope, slope * relative[0][:, None], slope * relative[1][:, None]])
    found = np.zeros((len(points), 6))
    for limit, some in _STEPS:
        moved = _displaced(on_page[..., ::some], found, relative[..., ::some])
        step, trust = _step(seen, edge.share[::some], ways[::some], moved, level, 1.0 if bilevel else limit, some)
        found = np.clip(found + step, -_MAX_OFFSET, _MAX_OFFSET)
        found[:, :2] = _neighbourly(found[:, :2], trust, middle)
    return _maps(found, middle, size)


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


def _step(
    seen: Pixels, share: Floats, ways: Floats, on_page: Floats, level: float, limit: float, every: int
) -> tuple[Places, NDArray[np.float64]]:
    """One step of least squares for every copy at once, and the share of each copy's rim that agreed.

    ``ways`` (n, 6) is how coverage changes at each rim pixel with each of the copy's six parameters; each of them
    stands for ``every`` so many.
    """
    height, width = seen.shape
    x, y = on_page
    sampled = cv2.remap(seen, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    left = sampled * np.float32(1 / 255) - (1 - share * np.float32(1 - level))
    inside = (x >= 1) & (y >= 1) & (x < width - 2) & (y < height - 2)
    weight = np.maximum(1 - (left * np.float32(1 / limit)) ** 2, 0) ** 2 * inside
    scaled = (ways * np.float32(1 - level)).astype(np.float32)
    first, second = np.triu_indices(6)
    products = np.concatenate([scaled[:, first] * scaled[:, second], scaled], axis=1) * np.float32(every)
    # einsum, not @: the threads of a linear algebra library cost more here than they save
    upper = np.einsum("kn,nm->km", weight, products[:, :-6]).astype(np.float64)
    wanted = np.einsum("kn,nm->km", weight * left, products[:, -6:]).astype(np.float64)
    normal = np.empty((len(weight), 6, 6))
    normal[:, first, second] = normal[:, second, first] = upper
    normal += np.diag([1, 1, *[_STIFF] * 4]) * _PULL * _STEEP**2 * (1 - level) ** 2
    step = np.linalg.solve(normal, wanted[..., None])[..., 0]
    return np.clip(step, -1, 1), weight.mean(axis=1).astype(np.float64)
