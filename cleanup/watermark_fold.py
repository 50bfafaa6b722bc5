"""From registered pages to the watermark's coverage: a low quantile over everything that lies at the same place.

What a page prints differs from place to place; the watermark is at each of them. Of all the cells of the lattice
on all pages, a pixel shows the watermark alone on most, ink on some: a quantile below the middle is the watermark.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanup.lattice import Lattice
from cleanup.registration import Affine
from cleanup.watermark_model import lattice_points
from ocr.types import Pixels

Floats = NDArray[np.float32]

_QUANTILE = 0.4
_MARGIN = 3
"""Pixels around the cell, so that neighbouring cells overlap."""
_MAX_SAMPLES = 90
"""Cells that are laid over one another: more add time, not certainty."""
OUTSIDE = 255
"""Marks samples that do not count: outside the page, or on a rule; any other darkness is kept below it."""


def fold(
    pages: Sequence[tuple[Pixels, Affine]], lattice: Lattice | None, bilevel: bool
) -> tuple[Floats, tuple[float, float]]:
    """Darkness (0–255) of the watermark alone, with the origin of the result in model pixels.

    ``pages`` are darkness images, ``OUTSIDE`` where they do not count, with their maps from page to model pixels.
    With a lattice the result is one cell and the origin is relative to a lattice point; without, it is the first
    page's size. On 1-bit pages the result is 255 times the share of samples that are black.
    """
    if lattice is None:
        height, width = pages[0][0].shape
        low, size = np.zeros(2), (width, height)
        places = [(dark, affine, np.zeros(2)) for dark, affine in pages]
    else:
        low, size = _cell(lattice)
        places = _cells_on_pages(pages, lattice, low, size)
    stack = np.stack([_sample(dark, affine, place + low, size) for dark, affine, place in places])
    return _central(stack, bilevel), (float(low[0]), float(low[1]))


def _cell(lattice: Lattice) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """Top left corner and size (width, height) of the rectangle around the cell about the origin."""
    corners = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]]) @ lattice.basis.T
    low = np.floor(corners.min(axis=0)) - _MARGIN
    width, height = (np.ceil(corners.max(axis=0)) + _MARGIN - low).astype(int)
    return low, (int(width), int(height))


def _cells_on_pages(
    pages: Sequence[tuple[Pixels, Affine]], lattice: Lattice, low: NDArray[np.float64], size: tuple[int, int]
) -> list[tuple[Pixels, Affine, NDArray[np.float64]]]:
    """The cells that lie mostly on a page, spread evenly over the pages where there are too many."""
    found = [
        (dark, affine, place)
        for dark, affine in pages
        for place in lattice_points(lattice, affine, dark.shape)
        if _share_on_page(affine, place + low, size, dark.shape) > 0.3
    ]
    step = max(1.0, len(found) / _MAX_SAMPLES)
    return [found[int(i * step)] for i in range(min(len(found), _MAX_SAMPLES))]


def _share_on_page(
    affine: Affine, corner: NDArray[np.float64], size: tuple[int, int], shape: tuple[int, ...]
) -> float:
    back = cv2.invertAffineTransform(affine)
    corners = np.array([[*corner, 1], [*(corner + size), 1]]) @ back.T
    low, high = corners.min(axis=0), corners.max(axis=0)
    inside = np.minimum(high, shape[1::-1]) - np.maximum(low, 0)
    return float(np.prod(np.maximum(inside, 0) / np.maximum(high - low, 1)))


def _sample(dark: Pixels, affine: Affine, corner: NDArray[np.float64], size: tuple[int, int]) -> Pixels:
    """``size`` (width, height) pixels of the page from model pixel ``corner`` on."""
    to_page = cv2.invertAffineTransform(affine)
    to_page[:, 2] += to_page[:, :2] @ corner
    sampled = cv2.warpAffine(
        dark,
        to_page,
        size,
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
    return np.concatenate([_mean(band) if bilevel else low_quantile(band, _QUANTILE) for band in bands])


def low_quantile(band: Pixels, share: float) -> Floats:
    """The quantile ``share`` (0–1) along the first axis of the samples that count; 0 where none does."""
    ordered = np.sort(band, axis=0)
    count = (band < OUTSIDE).sum(axis=0)
    rank = np.clip(share * np.maximum(count - 1, 0), 0, len(band) - 1).astype(np.int64)
    chosen = np.take_along_axis(ordered, rank[None], axis=0)[0]
    return np.where(count > 0, chosen, 0).astype(np.float32)


def _mean(band: Pixels) -> Floats:
    inside = band < OUTSIDE
    total = np.where(inside, band, 0).sum(axis=0, dtype=np.float32)
    return np.asarray(total / np.maximum(inside.sum(axis=0), 1), dtype=np.float32)
