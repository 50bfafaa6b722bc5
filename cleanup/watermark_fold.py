"""From registered pages to the watermark's coverage: a low quantile over everything that lies at the same place.

What a page prints differs from place to place; the watermark is at each of them. Of all the cells of the lattice
on all pages, a pixel shows the watermark alone on most, ink on some: a quantile below the middle is the watermark.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanup.lattice import Lattice
from cleanup.registration import Affine, chained
from ocr.types import Pixels

Floats = NDArray[np.float32]

_QUANTILE = 0.4
_MARGIN = 3
"""Pixels around the cell, so that neighbouring cells overlap."""
_MAX_SAMPLES = 36
"""Copies that are laid over one another: more add time, not certainty."""
OUTSIDE = 255
"""Marks samples that do not count: outside the page, or on a rule; any other darkness is kept below it."""


@dataclass(frozen=True, slots=True)
class Window:
    """A rectangle of model pixels, relative to a lattice point."""

    left: int
    top: int
    width: int
    height: int

    @property
    def corner(self) -> NDArray[np.float64]:
        """Left and top."""
        return np.array([self.left, self.top], dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class FoldPage:
    """A page in register."""

    dark: Pixels
    """Darkness, ``OUTSIDE`` where it does not count."""
    to_model: Affine
    points: Sequence[NDArray[np.float64]]
    """The lattice points (model pixels) that copies are laid at."""
    maps: NDArray[np.float64]
    """``(points, 2, 3)``, page pixels to where they would be if the copy lay exactly in its place."""


def cell_window(lattice: Lattice) -> Window:
    """The rectangle around the cell about a lattice point."""
    corners = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]]) @ lattice.basis.T
    low = np.floor(corners.min(axis=0)) - _MARGIN
    width, height = np.ceil(corners.max(axis=0)) + _MARGIN - low
    return Window(int(low[0]), int(low[1]), int(width), int(height))


def fold(pages: Sequence[FoldPage], window: Window, bilevel: bool) -> Floats:
    """Darkness (0–255) of the watermark alone in ``window``, ``(height, width)``.

    On 1-bit pages it is 255 times the share of samples that are black.
    """
    found = [
        (page.dark, to_page)
        for page in pages
        for place, exact in zip(page.points, page.maps, strict=True)
        if _share_on_page(to_page := _to_page(page, place + window.corner, exact), window, page.dark.shape) > 0.3
    ]
    if not found:
        return np.zeros((window.height, window.width), np.float32)
    step = max(1.0, len(found) / _MAX_SAMPLES)
    chosen = [found[int(i * step)] for i in range(min(len(found), _MAX_SAMPLES))]
    return _central(np.stack([_sample(dark, to_page, window) for dark, to_page in chosen]), bilevel)


def _to_page(page: FoldPage, corner: NDArray[np.float64], exact: Affine) -> Affine:
    """From pixels counted from model pixel ``corner`` to page pixels."""
    to_page = cv2.invertAffineTransform(chained(page.to_model, exact))
    to_page[:, 2] += to_page[:, :2] @ corner
    return np.asarray(to_page, dtype=np.float64)


def _share_on_page(to_page: Affine, window: Window, shape: tuple[int, ...]) -> float:
    corners = np.array([[0, 0, 1], [window.width, window.height, 1]]) @ to_page.T
    low, high = corners.min(axis=0), corners.max(axis=0)
    inside = np.minimum(high, shape[1::-1]) - np.maximum(low, 0)
    return float(np.prod(np.maximum(inside, 0) / np.maximum(high - low, 1)))


def _sample(dark: Pixels, to_page: Affine, window: Window) -> Pixels:
    sampled = cv2.warpAffine(
        dark,
        to_page,
        (window.width, window.height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=OUTSIDE,
    )
    return np.asarray(sampled, dtype=np.uint8)


_BAND = 256
"""Rows sorted at a time, so that memory does not depend on the page."""


def _central(stack: Pixels, bilevel: bool) -> Floats:
    """The quantile (1-bit: the mean) of the samples that lie on a page, per pixel."""
    bands = [stack[:, top : top + _BAND] for top in range(0, stack.shape[1], _BAND)]
    central = np.concatenate([_mean(band) if bilevel else low_quantile(band, _QUANTILE) for band in bands])
    return _filled(central, (stack == OUTSIDE).all(axis=0))


_GAP = 9
"""Pixels across the widest gap, where a rule hid every sample, that is filled from both sides."""


def _filled(folded: Floats, unseen: NDArray[np.bool_]) -> Floats:
    if not unseen.any():
        return folded
    closed = cv2.morphologyEx(folded, cv2.MORPH_CLOSE, np.ones((_GAP, _GAP), np.uint8))
    return np.where(unseen, closed, folded)


def low_quantile(band: Pixels, share: float) -> Floats:
    """The quantile ``share`` (0–1) along the first axis of the samples that count; 0 where none does."""
    ordered = _ordered(band)
    count = np.zeros(band.shape[1:], np.int32)
    for plane in ordered:
        count += plane < OUTSIDE
    # indexed by how many samples count: the rank of the quantile
    ranks = np.clip(share * np.maximum(np.arange(len(band) + 1) - 1, 0), 0, len(band) - 1).astype(np.int64)
    chosen = np.zeros(band.shape[1:], np.uint8)
    for samples in np.flatnonzero(np.bincount(count.ravel(), minlength=len(band) + 1)):
        if samples:
            np.copyto(chosen, ordered[ranks[samples]], where=count == samples)
    return chosen.astype(np.float32)


def _ordered(band: Pixels) -> list[Pixels]:
    """The planes of ``band`` sorted pixel by pixel, the darkest last.

    A sorting network (merge exchange, Batcher 1968) of whole planes: the minimum and the maximum of two planes are
    far quicker than sorting a few dozen bytes at every pixel.
    """
    planes = [np.ascontiguousarray(plane) for plane in band]
    for first, second in _network(len(planes)):
        lesser = np.asarray(cv2.min(planes[first], planes[second]), dtype=np.uint8)
        planes[second] = np.asarray(cv2.max(planes[first], planes[second]), dtype=np.uint8)
        planes[first] = lesser
    return planes


@lru_cache(maxsize=64)
def _network(count: int) -> tuple[tuple[int, int], ...]:
    """The pairs that are put in order, one after the other (Knuth, volume 3, algorithm 5.2.2 M)."""
    pairs: list[tuple[int, int]] = []
    top = 1 << max(0, (count - 1).bit_length() - 1)
    step = top
    while step > 0:
        limit, offset, distance = top, 0, step
        while True:
            pairs += [(i, i + distance) for i in range(count - distance) if i & step == offset]
            if limit == step:
                break
            distance, limit, offset = limit - step, limit >> 1, step
        step >>= 1
    return tuple(pairs)


def _mean(band: Pixels) -> Floats:
    inside = band < OUTSIDE
    total = np.where(inside, band, 0).sum(axis=0, dtype=np.float32)
    return np.asarray(total / np.maximum(inside.sum(axis=0), 1), dtype=np.float32)
