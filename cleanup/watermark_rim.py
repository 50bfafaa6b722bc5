"""How far each copy of the watermark lies off its lattice point on a page, to a hundredth of a pixel.

Copies are often set to whole pixels or points, so no lattice fits them exactly, and paper bends. At the rim of a
stroke the page's lightness changes steeply, so the rim tells the shift: least squares on the linearised coverage
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
_MAX_POINTS = 2000
_MAX_OFFSET = 3.0
"""Pixels: a copy further off is not at its place at all."""
_LEAST_POINTS = 120
_PULL = 2.0
"""Weight of the assumption that a copy lies where the lattice says, in steep pixels."""


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


def offsets(
    lightness: Pixels, edge: Rim, points: list[Places], to_model: Affine, level: float, bilevel: bool
) -> NDArray[np.float64]:
    """How far (x, y page pixels) the copy at each lattice point lies off its place, ``(points, 2)``.

    ``lightness`` is the page relative to its paper, 0–255; ``level`` that of a covered bare pixel, 0–1. Copies
    with too little to see are given the median of the others.
    """
    if not points or len(edge.share) < _LEAST_POINTS:
        return np.zeros((len(points), 2))
    seen = np.asarray(cv2.GaussianBlur(lightness, (0, 0), 1.5), dtype=np.uint8) if bilevel else lightness
    on_page = _on_page(edge, points, to_model)
    found = np.zeros((len(points), 2))
    sure = np.zeros(len(points), dtype=bool)
    for limit in (0.35, 0.25, 0.15):
        step, sure = _step(seen, edge, on_page + found[:, None, :], level, 1.0 if bilevel else limit)
        found = np.clip(found + step, -_MAX_OFFSET, _MAX_OFFSET)
    usual = np.median(found[sure], axis=0) if sure.any() else np.zeros(2)
    return np.where(sure[:, None], found, usual)


def _on_page(edge: Rim, points: list[Places], to_model: Affine) -> Places:
    """Page pixels of every rim pixel of every copy, ``(points, n, 2)``."""
    back = cv2.invertAffineTransform(to_model)
    model = np.stack(points)[:, None, :] + edge.places[None]
    return np.asarray(model @ back[:, :2].T + back[:, 2], dtype=np.float64)


def _step(
    seen: Pixels, edge: Rim, on_page: Places, level: float, limit: float
) -> tuple[Places, NDArray[np.bool_]]:
    """One step of least squares for every copy at once, and which copies had enough to see."""
    height, width = seen.shape
    x, y = on_page[..., 0].astype(np.float32), on_page[..., 1].astype(np.float32)
    sampled = cv2.remap(seen, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    left = sampled.astype(np.float32) / 255 - (1 - edge.share * np.float32(1 - level))
    inside = (x >= 1) & (y >= 1) & (x < width - 2) & (y < height - 2)
    weight = np.where(inside, np.clip(1 - (left / limit) ** 2, 0, None) ** 2, 0)
    weight = weight.astype(np.float32)
    slope = edge.slope * np.float32(1 - level)
    across, down = slope[:, 0], slope[:, 1]
    cross = weight @ (across * down)
    normal = np.stack([weight @ across**2, cross, cross, weight @ down**2], axis=1).reshape(-1, 2, 2)
    wanted = (weight * left) @ slope
    normal += np.eye(2) * _PULL * _STEEP**2 * (1 - level) ** 2
    step = np.linalg.solve(normal.astype(np.float64), wanted[..., None].astype(np.float64))[..., 0]
    return np.clip(step, -1, 1), (weight > 0).sum(axis=1) >= _LEAST_POINTS
