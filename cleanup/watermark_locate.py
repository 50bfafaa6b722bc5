"""Where the watermark of a document lies on one of its pages, and whether it is there at all."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanup import mixing
from cleanup.registration import (
    Affine,
    Registration,
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
    height, width = shown.shape
    best: Registration | None = None
    for degrees in (0.0, 180.0, *_ANGLES):
        if degrees not in (0.0, 180.0) and best is not None:
            break
        found = _locate_near(shown, watermark, dpi, _turn(width, height, degrees))
        if found is not None and (best is None or found.blocks > best.blocks):
            best = found
        if best is not None and best.agreeing >= _MOST_BLOCKS:
            break
    return best


_MOST_BLOCKS = 0.4
"""Share of the blocks that agree from which no other turn is tried."""


def _turn(width: int, height: int, degrees: float) -> Affine:
    if degrees == 0:
        return np.array([[1, 0, 0], [0, 1, 0]], dtype=np.float64)
    return np.asarray(cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0), dtype=np.float64)


def _locate_near(shown: Pixels, watermark: Watermark, dpi: float, start: Affine) -> Registration | None:
    coarse = halved(shown)
    expected = lay(watermark, dpi / 2, enlarged(start, 0.5), coarse.shape)
    size = transform_size(coarse.shape)
    surface = correlation(spectrum(coarse, size), spectrum(expected, size))
    found = best_shift(surface, _reach(watermark, dpi / 2, coarse.shape))
    if found.clarity < _CLEAR:
        return None
    moved = start.copy()
    moved[:, 2] -= start[:, :2] @ (2 * found.x, 2 * found.y)
    refined = refine(shown, lay(watermark, dpi, moved, shown.shape), moved)
    return refined if refined.blocks >= _LEAST_BLOCKS else None


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
    inside = mixing.core(coverage[::thin, ::thin]) & on_paper(page)[::thin, ::thin]
    if int(inside.sum()) < 50 / thin**2:
        return np.zeros_like(coverage)
    level = 1 - min(watermark.lightness)
    expected = level if watermark.bilevel else 1.0
    hit = inside & (dark[::thin, ::thin] >= (128 if watermark.bilevel else 255 * level / 2))
    inside = _but_white_edges(inside, hit, round(_EDGE * page.dpi / 72 / thin))
    if float(hit.sum() / inside.sum()) < options.least_presence * expected:
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


def on_paper(page: PageImage) -> NDArray[np.bool_]:
    """Which pixels of a straightened page lie on the source page, ``(height, width)``, not in the white beyond it.

    The piece of a copy at the page's upper edge would otherwise count as half absent.
    """
    height, width = page.pixels.shape[:2]
    corners = np.array([[0, 0], [page.width, 0], [page.width, page.height], [0, page.height]], dtype=np.float64)
    to_pixels = np.diag([page.dpi / 72, page.dpi / 72, 1.0]) @ np.linalg.inv(page.to_page)
    outline = cv2.perspectiveTransform(corners[None], to_pixels)[0]
    paper = np.zeros((height, width), dtype=np.uint8)
    cv2.fillConvexPoly(paper, np.round(np.clip(outline, -30_000, 30_000)).astype(np.int32), 1)
    return np.asarray(paper, dtype=np.bool_)


_THINNED = 140.0
"""Resolution from which every second pixel either way is enough to tell whether the strokes are there."""


def _share_of_cells(part: NDArray[np.bool_], cells: tuple[int, int]) -> NDArray[np.float32]:
    """Share of each cell and its neighbours that is True."""
    height, width = part.shape
    step = max(1, min(width // cells[0], height // cells[1]) // 8)
    thinned = part[::step, ::step].astype(np.float32)
    return np.asarray(cv2.blur(cv2.resize(thinned, cells, interpolation=cv2.INTER_AREA), (3, 3)), dtype=np.float32)


def _absent(inside: NDArray[np.bool_], hit: NDArray[np.bool_], least: float, side: int) -> Pixels:
    """1 for each square of ``side`` pixels in which most of the strokes that should be there are not."""
    height, width = inside.shape
    cells = (max(1, width // side), max(1, height // side))
    wanted, seen = (_share_of_cells(part, cells) for part in (inside, hit))
    return np.asarray((wanted > 1e-4) & (seen < least * wanted), dtype=np.uint8)
