"""Where the watermark of a document lies on one of its pages, and whether it is there at all."""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanup import mixing
from cleanup.registration import (
    Affine,
    Registration,
    Spectrum,
    best_shift,
    correlation,
    enlarged,
    halved,
    refine,
    spectrum,
    transform_size,
)
from cleanup.watermark_evidence import WORK_DPI
from cleanup.watermark_model import Watermark, WatermarkOptions, copy_points, lay
from cleanup.watermark_rim import copy_maps, rim
from ocr.types import PageImage, Pixels

_REACH = 40
"""Pixels at ``WORK_DPI`` (10 mm) that a watermark without a lattice may lie off its place."""
_CLEAR = 9.0
"""Clarity of a correlation peak from which the page may show the watermark; chance stays below 7."""
_LEAST_BLOCKS = 3
_ANGLES = (0.5, -0.5, 1.0, -1.0, 1.5, -1.5, 2.2, -2.2, 3.0, -3.0)
"""Turns (degrees) tried where the watermark is not found straight: pages too empty to be straightened."""


def by_likeness(watermark: Watermark, page: PageImage) -> list[Watermark]:
    """The watermark's layouts, those of pages of this size first."""
    height, width = (side / page.dpi for side in page.pixels.shape[:2])

    def unlike(layout: Watermark) -> float:
        across, down = (side / layout.dpi for side in layout.size)
        return float(abs(across - width) + abs(down - height))

    return sorted((watermark, *watermark.variants), key=unlike)


def laid_on(page: PageImage, shown: Pixels, dark: Pixels, watermark: Watermark) -> Pixels | None:
    """The watermark's coverage (0–255) as it lies on the page, ``(height, width)``; None when it is not found.

    ``shown`` is the page's ``evidence``, its darkness; ``dark`` the same in full resolution, with rules.
    """
    dpi = min(WORK_DPI, page.dpi)
    if watermark.bilevel or page.bilevel:
        shown = np.asarray(cv2.GaussianBlur(shown, (0, 0), 1.0), dtype=np.uint8)
    shown = np.minimum(shown, np.uint8(min(255, round(_CEILING * 255 * (1 - min(watermark.lightness))))))
    found = locate(shown, watermark, dpi)
    return None if found is None else laid_exactly(page, dark, watermark, enlarged(found.to_model, page.dpi / dpi))


def laid_exactly(page: PageImage, dark: Pixels, watermark: Watermark, to_model: Affine) -> Pixels:
    """The coverage with every copy moved to where the page shows it; ``to_model`` maps the page's pixels."""
    maps = exact_maps(page, dark, watermark, to_model)
    return lay(watermark, page.dpi, to_model, dark.shape, maps)


def exact_maps(page: PageImage, dark: Pixels, watermark: Watermark, to_model: Affine) -> NDArray[np.float64]:
    """``copy_maps`` of the copies on the page."""
    points = copy_points(watermark, page.dpi, to_model, dark.shape)
    speckled = page.bilevel or watermark.bilevel
    return copy_maps(255 - dark, rim(watermark, page.dpi), points, to_model, min(watermark.lightness), speckled)


_CEILING = 1.2
"""Darkness beyond this many times the watermark's is ink, and counts no more than that."""


def locate(shown: Pixels, watermark: Watermark, dpi: float) -> Registration | None:
    """The map from page to model pixels at ``dpi``, or None; ``shown`` is the page's evidence."""
    best: Registration | None = None
    for degrees in (0.0, 180.0, *_ANGLES):
        if degrees not in (0.0, 180.0) and best is not None:
            break
        found = _locate_near(shown, watermark, dpi, degrees)
        if found is not None and (best is None or found.blocks > best.blocks):
            best = found
        if best is not None and best.agreeing >= _MOST_BLOCKS:
            break
    return best


_MOST_BLOCKS = 0.4
"""Share of the blocks that agree from which no other turn is tried."""


def _turn(shape: tuple[int, ...], degrees: float) -> Affine:
    """The map that turns a page of ``shape`` (height, width) about its middle."""
    height, width = shape
    if degrees == 0:
        return np.array([[1, 0, 0], [0, 1, 0]], dtype=np.float64)
    return np.asarray(cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0), dtype=np.float64)


def _locate_near(shown: Pixels, watermark: Watermark, dpi: float, degrees: float) -> Registration | None:
    coarse = halved(shown)
    expected = _expected_spectrum(watermark, dpi, shown.shape, degrees)
    surface = correlation(spectrum(coarse, transform_size(coarse.shape)), expected)
    found = best_shift(surface, _reach(watermark, dpi / 2, coarse.shape))
    if found.clarity < _CLEAR:
        return None
    start = _turn(shown.shape, degrees)
    across, down = round(2 * found.x), round(2 * found.y)
    moved = start.copy()
    moved[:, 2] -= start[:, :2] @ (across, down)
    y_reach, x_reach = _margins(watermark, dpi, shown.shape)
    canvas = _expected(watermark, dpi, shown.shape, degrees)
    window = canvas[y_reach - down :, x_reach - across :][: shown.shape[0], : shown.shape[1]]
    refined = refine(shown, window, moved)
    return refined if refined.blocks >= _LEAST_BLOCKS else None


_LAYOUTS = 14
"""Layouts kept: one for each turn that is tried, and for pages of another size; a document's pages share them."""


@lru_cache(maxsize=_LAYOUTS)
def _expected_spectrum(watermark: Watermark, dpi: float, shape: tuple[int, ...], degrees: float) -> Spectrum:
    """The spectrum, at half of ``dpi``, of the watermark as it would lie on a page of ``shape``, turned."""
    height, width = (round(0.5 * side) for side in shape)
    start = enlarged(_turn(shape, degrees), 0.5)
    return spectrum(lay(watermark, dpi / 2, start, (height, width)), transform_size((height, width)))


@lru_cache(maxsize=_LAYOUTS)
def _expected(watermark: Watermark, dpi: float, shape: tuple[int, ...], degrees: float) -> Pixels:
    """The watermark as it would lie on a page of ``shape`` and beyond its edges, as far as it may be shifted."""
    y_reach, x_reach = _margins(watermark, dpi, shape)
    start = _turn(shape, degrees)
    start[:, 2] -= start[:, :2] @ (x_reach, y_reach)
    return lay(watermark, dpi, start, (shape[0] + 2 * y_reach, shape[1] + 2 * x_reach))


def _margins(watermark: Watermark, dpi: float, shape: tuple[int, ...]) -> tuple[int, int]:
    """How far (y, x) pixels at ``dpi`` the first shift may go."""
    coarse = round(0.5 * shape[0]), round(0.5 * shape[1])
    y_reach, x_reach = _reach(watermark, dpi / 2, coarse)
    return 2 * y_reach, 2 * x_reach


def _reach(watermark: Watermark, dpi: float, shape: tuple[int, ...]) -> tuple[int, int]:
    """How far (y, x) the watermark may be shifted: half a cell, or a little, or anywhere on other page sizes."""
    limit = shape[0] // 2 - 1, shape[1] // 2 - 1
    factor = dpi / watermark.dpi
    if watermark.lattice is not None:
        across = np.abs(watermark.lattice.basis).sum(axis=1) * factor / 2 + 3
        return min(limit[0], int(across[1])), min(limit[1], int(across[0]))
    usual = watermark.size[1] * factor, watermark.size[0] * factor
    if all(abs(a - b) <= 0.02 * b for a, b in zip(shape, usual, strict=True)):
        reach = round(_REACH * dpi / WORK_DPI)
        return min(limit[0], reach), min(limit[1], reach)
    return limit


_PLACE = 36.0
"""Points: side of the squares in which a page is asked whether it shows the strokes that should be there."""


def present(coverage: Pixels, dark: Pixels, page: PageImage, watermark: Watermark, options: WatermarkOptions) -> Pixels:
    """``coverage`` where the ``page`` shows it; all 0 when it does not.

    A covered pixel is at least half as dark as the watermark, whatever is printed there; a picture pasted over the
    watermark or a page without it is not. ``dark`` is the page's darkness relative to its paper, 0–255.
    """
    thin = 2 if page.dpi >= _THINNED else 1
    shown = np.ascontiguousarray(dark[::thin, ::thin])
    inside = mixing.core(np.ascontiguousarray(coverage[::thin, ::thin])) & on_paper(page, thin)
    if np.count_nonzero(inside) < 50 / thin**2:
        return np.zeros_like(coverage)
    level = 1 - min(watermark.lightness)
    expected = level if watermark.bilevel else 1.0
    hit = inside & (shown >= math.ceil(128 if watermark.bilevel else 255 * level / 2))
    inside = _but_white_edges(inside, hit, round(_EDGE * page.dpi / 72 / thin))
    if np.count_nonzero(hit) < options.least_presence * expected * np.count_nonzero(inside):
        return np.zeros_like(coverage)
    absent = _absent(inside, hit, 0.5 * expected, round(_PLACE * page.dpi / 72 / thin))
    if not absent.any():
        return coverage
    height, width = coverage.shape
    grown = cv2.resize(absent, (width, height), interpolation=cv2.INTER_NEAREST)
    return np.where(grown > 0, np.uint8(0), coverage)


_EDGE = 12.0
"""Points: widest strip of white at a page's edge that comes from how the sheet lay in the scanner."""


def _but_white_edges(inside: NDArray[np.bool_], hit: NDArray[np.bool_], limit: int) -> NDArray[np.bool_]:
    """``inside`` without the strips along the edges in which nothing was ``hit``."""
    edged = inside.copy()
    for strokes, seen in ((edged, hit), (edged[::-1], hit[::-1]), (edged.T, hit.T), (edged.T[::-1], hit.T[::-1])):
        rows = seen[:limit].any(axis=1)
        strokes[: int(rows.argmax()) if rows.any() else limit] = False
    return edged


def on_paper(page: PageImage, thin: int) -> NDArray[np.bool_]:
    """Which of every ``thin``-th pixels either way of a straightened page lie on the source page, not in the white
    beyond it.

    The piece of a copy at the page's upper edge would otherwise count as half absent.
    """
    height, width = (-(-side // thin) for side in page.pixels.shape[:2])
    corners = np.array([[0, 0], [page.width, 0], [page.width, page.height], [0, page.height]], dtype=np.float64)
    to_pixels = np.diag([page.dpi / 72 / thin, page.dpi / 72 / thin, 1.0]) @ np.linalg.inv(page.to_page)
    outline = cv2.perspectiveTransform(corners[None], to_pixels)[0]
    paper = np.zeros((height, width), dtype=np.uint8)
    cv2.fillConvexPoly(paper, np.round(np.clip(outline, -30_000, 30_000)).astype(np.int32), 1)
    return np.asarray(paper, dtype=np.bool_)


_THINNED = 140.0
"""Resolution from which every second pixel either way is enough to tell whether the strokes are there."""


def _share_of_cells(part: NDArray[np.bool_], cells: tuple[int, int]) -> NDArray[np.float32]:
    """Share of each cell and its neighbours that is True."""
    height, width = part.shape
    rows, columns = (
        np.linspace(0, side, count + 1).round().astype(int)
        for side, count in zip((height, width), cells[::-1], strict=True)
    )
    # every pixel counts, and strokes may cover a thousandth of a cell: exact sums
    sums = np.diff(np.diff(cv2.integral(part.view(np.uint8))[np.ix_(rows, columns)], axis=0), axis=1)
    shares = sums / np.outer(np.diff(rows), np.diff(columns))
    return np.asarray(cv2.blur(shares.astype(np.float32), (3, 3)), dtype=np.float32)


_FEWEST = 0.004
"""Share of a square and its neighbours under strokes from which it can tell: some fifty pixels."""


def _absent(inside: NDArray[np.bool_], hit: NDArray[np.bool_], least: float, side: int) -> Pixels:
    """1 for each square of ``side`` pixels in which most of the strokes that should be there are not."""
    height, width = inside.shape
    cells = (max(1, width // side), max(1, height // side))
    wanted, seen = (_share_of_cells(part, cells) for part in (inside, hit))
    return np.asarray((wanted > _FEWEST) & (seen < least * wanted), dtype=np.uint8)
