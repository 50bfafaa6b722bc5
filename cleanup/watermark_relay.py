"""The same watermark on a page of another size: laid out anew, often further apart, sometimes turned with the page.

The sample says what one copy looks like; where the copies of a single odd page lie is read off the page itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanup.lattice import Lattice, find_lattices
from cleanup.watermark_evidence import WORK_DPI
from cleanup.watermark_model import Watermark, WatermarkOptions, encode, patch_at
from cleanup.watermark_tile import cut_free, one_copy
from ocr.types import PageImage, Pixels

Floats = NDArray[np.float32]

_LIKE = 0.35
"""Normalised correlation from which a place may show a copy; type and rules lie on most of them."""
_REPEATED = 0.2
"""Autocorrelation (0–1) that the places must reach: next to a copy there is nothing else, so they repeat clearly."""
_CEILING = 1.2
"""Darkness beyond this many times the watermark's is ink, and counts no more than that."""
_SPECKLE = 1.0
"""Pixels by which the dots of a 1-bit page are smoothed, as ``watermark_locate`` does."""
_MANY = 12
"""Cells either way of a place that are looked at: more than a page has of the smallest."""
_SAME = 0.02
"""Share by which sides of pages of one size may differ."""


def is_odd(watermark: Watermark, page: PageImage) -> bool:
    """Whether no known layout is of the page's size."""
    height, width = (side / page.dpi for side in page.pixels.shape[:2])
    sizes = [(w / layout.dpi, h / layout.dpi) for layout in (watermark, *watermark.variants) for w, h in (layout.size,)]
    return not any(abs(w - width) <= _SAME * w and abs(h - height) <= _SAME * h for w, h in sizes)


def relaid(watermark: Watermark, page: PageImage, shown: Pixels, options: WatermarkOptions) -> Watermark | None:
    """The watermark as the page's own copies are laid out; None where they do not repeat or are not there.

    ``shown`` is the page's ``evidence``, its darkness.
    """
    single = _single(watermark)
    if single is None:
        return None
    dpi = min(WORK_DPI, page.dpi)
    if watermark.bilevel:
        shown = np.asarray(cv2.GaussianBlur(shown, (0, 0), _SPECKLE), dtype=np.uint8)
    seen = np.minimum(shown, np.uint8(min(255, round(_CEILING * 255 * (1 - min(watermark.lightness))))))
    turned = [_turned(single, quarters) for quarters in range(4)]
    likeness = [_likeness(seen, patch_at(copy, dpi)[0]) for copy in turned]
    best = max(range(4), key=lambda quarters: float(likeness[quarters].max(initial=0.0)))
    surface = likeness[best]
    if surface.max(initial=0.0) < _LIKE:
        return None
    # speckle hides little: what is half as alike as the best place there is a copy one character aside
    floor = (float(surface.max()) if watermark.bilevel else _LIKE) / 2
    places = np.rint(255 * np.clip((surface - floor) / (1 - floor), 0, 1)).astype(np.uint8)
    lattices = find_lattices(places, options.least_period * dpi / 72, _REPEATED)
    if not lattices:
        return None
    lattice = _densest(lattices, surface) if watermark.bilevel else lattices[0]
    height, width = (round(side * watermark.dpi / page.dpi) for side in page.pixels.shape[:2])
    return replace(turned[best], lattice=lattice.scaled(watermark.dpi / dpi), size=(width, height))


def _densest(lattices: Sequence[Lattice], surface: Floats) -> Lattice:
    """The lattice of the smallest cell with copies on most of its places; the first where none has."""
    best = np.unravel_index(int(surface.argmax()), surface.shape)
    steps = np.stack(np.meshgrid(np.arange(-_MANY, _MANY + 1), np.arange(-_MANY, _MANY + 1)), axis=-1).reshape(-1, 2)
    for lattice in sorted(lattices, key=lambda found: found.cell_area):
        x, y = np.rint(lattice.basis @ steps.T + np.array([[best[1]], [best[0]]])).astype(np.int64)
        inside = (x >= 0) & (y >= 0) & (x < surface.shape[1]) & (y < surface.shape[0])
        if float(np.median(surface[y[inside], x[inside]])) >= float(surface.max()) / 2:
            return lattice
    return lattices[0]


def _single(watermark: Watermark) -> Watermark | None:
    """One copy with its origin at 0; None for a watermark that does not repeat or whose copies run together."""
    copy = one_copy(watermark) if watermark.lattice is not None else None
    if copy is None:
        return None
    return replace(cut_free(watermark, *copy), origin=(0.0, 0.0), variants=())


def _turned(single: Watermark, quarters: int) -> Watermark:
    if quarters == 0:
        return single
    patch, _ = patch_at(single, single.dpi)
    return replace(single, coverage=encode(np.ascontiguousarray(np.rot90(patch, quarters))))


def _likeness(seen: Pixels, patch: Pixels) -> Floats:
    """How alike (−1 to 1) the page and the patch are with the patch at each place; empty where it does not fit."""
    if patch.shape[0] > seen.shape[0] or patch.shape[1] > seen.shape[1]:
        return np.zeros((0, 0), np.float32)
    return np.asarray(cv2.matchTemplate(seen, patch, cv2.TM_CCOEFF_NORMED), dtype=np.float32)
