"""Bringing pages into register: every scan of a page is shifted, turned and stretched a little on its own.

A first shift comes from whitened cross-correlation (Kuglin and Hines 1975, here divided by the magnitude to the
power 3/4 only, so that the noise of empty frequencies does not count), then an affine map from the shifts of blocks.
Text differs from page to page and adds nothing to either peak; what pages share does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.types import Pixels

Affine = NDArray[np.float64]
"""2×3, columns ``(x, y, 1)`` to ``(x, y)``."""
Spectrum = NDArray[np.complex64]
Floats = NDArray[np.float32]

_BLOCK = 96
_STRIDE = 80
_REACH = 7
"""Pixels that a block may lie off after the first shift."""
_ENOUGH_BLOCKS = 40
"""Blocks, evenly spread, that tell the six numbers of the map as well as three times as many."""
_GOOD_BLOCK = 0.35
"""Normalised correlation from which a block's shift is believed."""


@dataclass(frozen=True, slots=True)
class Shift:
    """Where the correlation peaks: ``(x, y)`` of the second image's origin in the first, and how clearly."""

    x: float
    y: float
    clarity: float
    """Height of the peak in standard deviations of the correlation."""


@dataclass(frozen=True, slots=True)
class Registration:
    """An affine map between a page and a model with how well they agree."""

    to_model: Affine
    """Page pixels to model pixels."""
    blocks: int
    """Blocks whose own best place agreed with the map."""
    asked: int
    """Blocks that show something of the model."""

    @property
    def agreeing(self) -> float:
        """Share of the blocks asked that agreed, 0–1."""
        return self.blocks / max(self.asked, 1)


def halved(image: Pixels) -> Pixels:
    """The image at half its size: enough to find a first shift, at a quarter of the time."""
    return np.asarray(cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def transform_size(*shapes: tuple[int, ...]) -> tuple[int, int]:
    """The smallest good FFT size (height, width) that holds every shape."""
    return (
        cv2.getOptimalDFTSize(max(s[0] for s in shapes)),
        cv2.getOptimalDFTSize(max(s[1] for s in shapes)),
    )


def spectrum(image: Pixels, size: tuple[int, int]) -> Spectrum:
    """Fourier transform of ``image`` less its mean, padded to ``size`` (height, width); same shape."""
    padded = np.zeros(size, np.float32)
    height, width = image.shape
    padded[:height, :width] = image - np.float32(image.mean())
    return np.asarray(cv2.dft(padded, flags=cv2.DFT_COMPLEX_OUTPUT).view(np.complex64)[..., 0])


def inverse(transformed: Spectrum) -> Floats:
    """The real image whose Fourier transform this is."""
    parts = np.ascontiguousarray(transformed).view(np.float32).reshape(*transformed.shape, 2)
    return np.asarray(cv2.idft(parts, flags=cv2.DFT_REAL_OUTPUT | cv2.DFT_SCALE), dtype=np.float32)


def correlation(first: Spectrum, second: Spectrum) -> Floats:
    """Whitened cross-correlation; the peak is at the shift of ``second`` in ``first``, modulo their size."""
    half = first.shape[1] // 2 + 1  # the other half of a real image's transform mirrors it, and is not looked at
    cross = first[:, :half] * np.conj(second[:, :half])
    magnitude = np.abs(cross)
    root = np.sqrt(magnitude + np.float32(1e-3) * magnitude.max() + np.float32(1e-12))
    whitened = np.zeros_like(first)
    np.divide(cross, root * np.sqrt(root), out=whitened[:, :half])
    return inverse(whitened)


def best_shift(surface: Floats, reach: tuple[int, int] | None = None) -> Shift:
    """The highest peak of a correlation surface, at most ``reach`` (y, x) pixels from zero shift."""
    height, width = surface.shape
    spread = float(cv2.meanStdDev(surface)[1][0, 0]) or 1.0
    y_reach, x_reach = reach or (height // 2 - 1, width // 2 - 1)
    rows, columns = np.arange(-y_reach, y_reach + 1), np.arange(-x_reach, x_reach + 1)
    near = surface.take(rows, axis=0, mode="wrap").take(columns, axis=1, mode="wrap")
    y, x = np.unravel_index(int(near.argmax()), near.shape)
    return Shift(float(x - x_reach), float(y - y_reach), float(near[y, x]) / spread)


def seen_from(model: Pixels, to_model: Affine, shape: tuple[int, ...]) -> Pixels:
    """``model`` as it looks in a page of ``shape`` (height, width); 0 outside the model."""
    size = (shape[1], shape[0])
    seen = cv2.warpAffine(model, to_model, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderValue=0)
    return np.asarray(seen, dtype=np.uint8)


def enlarged(affine: Affine, factor: float) -> Affine:
    """The same map between images ``factor`` times as large."""
    scaled = affine.copy()
    scaled[:, 2] *= factor
    return scaled


def chained(outer: Affine, inner: Affine) -> Affine:
    """The map that applies ``inner``, then ``outer``."""
    turned = outer[:, :2] @ inner
    turned[:, 2] += outer[:, 2]
    return np.asarray(turned, dtype=np.float64)


def refine(page: Pixels, expected: Pixels, start: Affine) -> Registration:
    """The map from ``page`` to the model near ``start``, from the shifts of blocks.

    ``expected`` is the model as ``start`` lays it on the page. Blocks without anything of the model are left
    out; where fewer than three blocks speak, ``start`` stays.
    """
    asked, found = _block_shifts(page, expected)
    if len(found) < 3:
        return Registration(start, len(found), asked)
    source = found[:, :2] + found[:, 2:4]
    target = _applied(start, found[:, :2])
    fitted, kept = _robust_affine(source, target, found[:, 4], start[:, :2])
    return Registration(fitted, int(kept.sum()), asked)


def _applied(affine: Affine, points: NDArray[np.float64]) -> NDArray[np.float64]:
    return points @ affine[:, :2].T + affine[:, 2]


def _block_shifts(page: Pixels, expected: Pixels) -> tuple[int, NDArray[np.float64]]:
    """How many blocks were asked, and rows of x, y (centre of the block), shift x, shift y, agreement."""
    height, width = page.shape
    floor = 0.02 * 255 * _BLOCK * _BLOCK * max(1, int(expected.max())) / 255
    asked = [
        (left, top)
        for top in range(_REACH, height - _BLOCK - _REACH, _STRIDE)
        for left in range(_REACH, width - _BLOCK - _REACH, _STRIDE)
        if cv2.sumElems(expected[top : top + _BLOCK, left : left + _BLOCK])[0] > floor
    ]
    asked = asked[:: math.ceil(len(asked) / _ENOUGH_BLOCKS) or 1]
    rows = [row for left, top in asked if (row := _block_shift(page, expected, left, top)) is not None]
    return len(asked), np.array(rows, dtype=np.float64).reshape(-1, 5)


def _block_shift(page: Pixels, expected: Pixels, left: int, top: int) -> tuple[float, ...] | None:
    block = expected[top : top + _BLOCK, left : left + _BLOCK]
    window = page[top - _REACH : top + _BLOCK + _REACH, left - _REACH : left + _BLOCK + _REACH]
    surface = cv2.matchTemplate(window, block, cv2.TM_CCOEFF_NORMED)
    y, x = np.unravel_index(int(surface.argmax()), surface.shape)
    best = float(surface[y, x])
    if best < _GOOD_BLOCK or not (0 < y < surface.shape[0] - 1 and 0 < x < surface.shape[1] - 1):
        return None
    dx = x + _vertex(surface[y, x - 1], best, surface[y, x + 1]) - _REACH
    dy = y + _vertex(surface[y - 1, x], best, surface[y + 1, x]) - _REACH
    return left + (_BLOCK - 1) / 2, top + (_BLOCK - 1) / 2, dx, dy, best


def _vertex(before: float, here: float, after: float) -> float:
    """Place of the vertex of the parabola through three samples, −0.5 to 0.5 from the middle one."""
    bend = before - 2 * here + after
    return float(np.clip((before - after) / (2 * bend), -0.5, 0.5)) if bend < 0 else 0.0


def _robust_affine(
    source: NDArray[np.float64],
    target: NDArray[np.float64],
    weight: NDArray[np.float64],
    usual: NDArray[np.float64],
) -> tuple[Affine, NDArray[np.bool_]]:
    """Weighted least squares, repeated with Tukey's weights; also which points agree within a pixel."""
    weights = weight**2
    centre = source.mean(axis=0)
    fitted = _weighted_affine(source - centre, target, weights, usual)
    for scale in (6.0, 3.0, 1.5, 1.0, 1.0):
        residual = np.hypot(*(_applied(fitted, source - centre) - target).T)
        weights = weight**2 * np.clip(1 - (residual / (2 * scale)) ** 2, 0, None) ** 2
        if (weights > 0).sum() < 3:
            break
        fitted = _weighted_affine(source - centre, target, weights, usual)
    residual = np.hypot(*(_applied(fitted, source - centre) - target).T)
    moved = fitted.copy()
    moved[:, 2] -= fitted[:, :2] @ centre
    return moved, residual < 1.0


def _weighted_affine(
    source: NDArray[np.float64],
    target: NDArray[np.float64],
    weights: NDArray[np.float64],
    usual: NDArray[np.float64],
) -> Affine:
    """Least squares, drawn towards the ``usual`` turn and stretch (2×2) where few blocks speak."""
    design = np.column_stack([source, np.ones(len(source))])
    pull = np.diag([1e3, 1e3, 1e-6])
    normal = design.T @ (design * weights[:, None]) + pull
    wanted = design.T @ (target * weights[:, None]) + pull @ np.vstack([usual.T, np.zeros(2)])
    return np.asarray(np.linalg.solve(normal, wanted).T, dtype=np.float64)
