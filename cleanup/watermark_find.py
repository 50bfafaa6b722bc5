"""Finding the watermark that the pages of a document have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanup import mixing
from cleanup.lattice import Lattice, find_lattice
from cleanup.registration import (
    Affine,
    Spectrum,
    best_shift,
    correlation,
    enlarged,
    refine,
    seen_from,
    spectrum,
    transform_size,
)
from cleanup.watermark_evidence import WORK_DPI, Evidence, bare_paper, darkness, evidence, relative, rule_mask
from cleanup.watermark_fold import OUTSIDE, FoldPage, Window, cell_window, fold, low_quantile
from cleanup.watermark_locate import copy_offsets, laid_exactly
from cleanup.watermark_model import Watermark, WatermarkOptions, copy_points, encode
from cleanup.watermark_tile import baseline_angle, cut_free, one_copy
from ocr.types import PageImage, Pixels

Floats = NDArray[np.float32]



@dataclass(frozen=True, slots=True)
class _Aligned:
    """Pages in register: indices into the sample, and maps from page to model pixels at ``WORK_DPI``."""

    reference: int
    members: tuple[tuple[int, Affine], ...]


def find_watermark(pages: Sequence[PageImage], options: WatermarkOptions | None = None) -> Watermark | None:
    """The watermark that the pages have in common, or None.

    ``pages`` is a sample of a document's straightened pages; at most ``sample_pages`` of them are looked at,
    spread evenly, at a memory of a few pages. Method: pages are registered, a low quantile over them leaves what
    they share, its autocorrelation gives the lattice, folding over the lattice gives the coverage.
    """
    options = options or WatermarkOptions()
    sample = _spread(pages, options.sample_pages)
    if not options.enabled or not sample:
        return None
    found = [
        watermark for group in _by_size(sample) if (watermark := _find_in(group, options)) is not None
    ]
    if not found:
        return None
    main = max(found, key=lambda watermark: watermark.pages)
    return replace(main, variants=tuple(other for other in found if other is not main))


def _by_size(sample: Sequence[PageImage]) -> list[list[PageImage]]:
    """Pages of one size together: on another size the copies are laid out anew, and often further apart."""
    groups: list[list[PageImage]] = []
    for page in sample:
        same = next((group for group in groups if _same_size(group[0].pixels, page.pixels)), None)
        if same is None:
            groups.append([page])
        else:
            same.append(page)
    return groups


def _find_in(sample: Sequence[PageImage], options: WatermarkOptions) -> Watermark | None:
    """The watermark that pages of one size share."""
    shown = [evidence(page) for page in sample]
    aligned = _align([page.dark for page in shown])
    if not aligned.members:  # blank pages agree with nothing, not even with themselves
        return None
    common = _common(shown, aligned)
    repetition = options.least_repetition if len(aligned.members) >= 3 else 0.5 * options.least_repetition
    lattice = find_lattice(common, options.least_period * WORK_DPI / 72, repetition)
    return None if lattice is None else _model(sample, aligned, lattice, options)


def _spread(pages: Sequence[PageImage], count: int) -> list[PageImage]:
    if len(pages) <= count:
        return list(pages)
    return [pages[round(i)] for i in np.linspace(0, len(pages) - 1, count)]


_CLEAR = 15.0
"""Clarity of a correlation peak from which two pages have something in common; chance stays below 8."""
_REACH = 40
"""Pixels at ``WORK_DPI`` (10 mm) that a scan may lie off another."""


def _align(shown: Sequence[Pixels]) -> _Aligned:
    """The largest set of pages that agree with one of the first three pages of the commonest size."""
    size = transform_size(*(dark.shape for dark in shown))
    spectra = [spectrum(dark, size) for dark in shown]
    middle = len(shown) // 2
    candidates = [_align_to(k % len(shown), shown, spectra, size) for k in range(middle, middle + min(3, len(shown)))]
    return max(candidates, key=lambda aligned: len(aligned.members))


def _align_to(
    reference: int, shown: Sequence[Pixels], spectra: Sequence[Spectrum], size: tuple[int, int]
) -> _Aligned:
    members = []
    for index, dark in enumerate(shown):
        found = best_shift(correlation(spectra[reference], spectra[index], size), (_REACH, _REACH))
        if found.clarity >= _CLEAR:
            start = np.array([[1, 0, found.x], [0, 1, found.y]], dtype=np.float64)
            expected = seen_from(shown[reference], start, dark.shape)
            members.append((index, refine(dark, expected, start).to_model))
    return _Aligned(reference, tuple(members))


def _same_size(one: Pixels, other: Pixels) -> bool:
    return all(abs(a - b) <= 0.02 * b for a, b in zip(one.shape[:2], other.shape[:2], strict=True))


_COMMON_QUANTILE = 0.3


def _common(shown: Sequence[Evidence], aligned: _Aligned) -> Pixels:
    """What the registered pages share: a low quantile of their darkness, in the reference's pixels.

    Rules hide what lies beneath them: there a page does not count.
    """
    shape = shown[aligned.reference].dark.shape
    stack = np.stack([_in_reference(shown[i], affine, shape) for i, affine in aligned.members])
    return np.asarray(low_quantile(stack, _COMMON_QUANTILE), dtype=np.uint8)


def _in_reference(page: Evidence, affine: Affine, shape: tuple[int, ...]) -> Pixels:
    """A page's darkness in the reference's pixels, ``OUTSIDE`` where it has a rule."""
    back = cv2.invertAffineTransform(affine)
    dark = np.minimum(seen_from(page.dark, back, shape), np.uint8(OUTSIDE - 1))
    hidden = seen_from(page.rules.astype(np.uint8) * 255, back, shape) > 64
    return np.where(hidden, np.uint8(OUTSIDE), dark)


# --- measuring --------------------------------------------------------------------------------------------

_FOLDED_PAGES = 5
"""Pages looked at in full resolution."""


@dataclass(frozen=True, slots=True, eq=False)
class _Witness:
    """A page of the sample in full resolution."""

    page: PageImage
    to_model: Affine
    light: Pixels
    """Lightness relative to the paper."""
    dark: Pixels
    """Darkness relative to the paper."""
    counted: Pixels
    """The same, ``OUTSIDE`` on rules."""


def _model(
    sample: Sequence[PageImage], aligned: _Aligned, lattice: Lattice, options: WatermarkOptions
) -> Watermark | None:
    """The watermark on ``lattice`` (work pixels), measured in full resolution; None when nothing stands out.

    First folded on the lattice; then one copy is cut free of its neighbours, every copy on every page is moved to
    where it really lies, and folded again.
    """
    reference = sample[aligned.reference]
    factor = reference.dpi / min(WORK_DPI, reference.dpi)
    witnesses = _witnesses(sample, aligned, factor)
    fine = lattice.scaled(factor)
    height, width = reference.pixels.shape[:2]
    blank = Watermark(
        b"", (0.0, 0.0), fine, reference.dpi, (width, height), (1.0,), (1.0,), 0.0,
        bilevel=reference.bilevel, pages=len(aligned.members),
    )
    watermark = _folded(blank, witnesses, cell_window(fine), None, options)
    if watermark is None:
        return None
    watermark = _sharpened(watermark, witnesses, options)
    levels = _levels(watermark, witnesses)
    return None if levels is None else replace(
        watermark, lightness=levels[0], contrast=levels[1], angle=baseline_angle(watermark)
    )


def _witnesses(sample: Sequence[PageImage], aligned: _Aligned, factor: float) -> list[_Witness]:
    dpi = sample[aligned.reference].dpi
    alike = [(sample[i], affine) for i, affine in aligned.members if abs(sample[i].dpi / dpi - 1) < 0.01]
    return [_witness(page, enlarged(affine, factor)) for page, affine in alike[:_FOLDED_PAGES]]


def _witness(page: PageImage, to_model: Affine) -> _Witness:
    light = relative(page.pixels, bare_paper(page))
    dark = darkness(light)
    counted = np.where(rule_mask(dark, page.dpi), np.uint8(OUTSIDE), np.minimum(dark, np.uint8(OUTSIDE - 1)))
    return _Witness(page, to_model, light, dark, counted)


_ROUNDS = 2


def _sharpened(watermark: Watermark, witnesses: Sequence[_Witness], options: WatermarkOptions) -> Watermark:
    """The watermark folded again with every copy in its own place; as it came where copies run together."""
    copy = one_copy(watermark)
    if copy is None:
        return watermark
    left, top, strokes = copy
    window = Window(left, top, strokes.shape[1], strokes.shape[0])
    sharper = cut_free(watermark, left, top, strokes)
    for _ in range(_ROUNDS):
        sharper = _folded(sharper, witnesses, window, strokes, options) or sharper
    return sharper


def _folded(
    watermark: Watermark,
    witnesses: Sequence[_Witness],
    window: Window,
    strokes: Pixels | None,
    options: WatermarkOptions,
) -> Watermark | None:
    """``watermark`` with its coverage folded anew in ``window``, only where ``strokes`` (0 or 1) allow."""
    pages = [_fold_page(watermark, witness) for witness in witnesses]
    folded = fold(pages, window, watermark.bilevel)
    found = _coverage(folded, _SPECKLED if watermark.bilevel else _FAINT, options)
    if found is None:
        return None
    coverage, black = found
    if strokes is not None:
        coverage = coverage * strokes
    return replace(
        watermark, coverage=encode(coverage), origin=(window.left, window.top), lightness=(1 - black,)
    )


def _fold_page(watermark: Watermark, witness: _Witness) -> FoldPage:
    points = copy_points(watermark, witness.page.dpi, witness.to_model, witness.dark.shape)
    moves = np.zeros((len(points), 2))
    if watermark.coverage:
        moves = copy_offsets(witness.page, witness.dark, watermark, witness.to_model)
    return FoldPage(witness.counted, witness.to_model, points, moves)


_LEAST_COVER, _MOST_COVER = 0.003, 0.5
"""Share of a cell's area that strokes may cover."""


def _coverage(folded: Floats, least: float, options: WatermarkOptions) -> tuple[Pixels, float] | None:
    """Coverage (0–255) from the watermark's darkness, and the darkness (0–1) of a wholly covered pixel.

    Coverage under ``least`` (0–1) counts as none. None where the whole is too faint, too sparse or too dense.
    """
    raised = np.maximum(folded - np.median(folded), 0)
    top = float(np.percentile(raised, 99.5))
    if top < 255 * options.least_darkness:
        return None
    level = float(np.median(raised[raised > 0.6 * top]))
    coverage = np.clip(raised / level, 0, 1)
    coverage[coverage < least] = 0
    if not _LEAST_COVER < float((coverage > 0.5).mean()) < _MOST_COVER:
        return None
    return np.asarray(np.rint(coverage * 255), dtype=np.uint8), level / 255


_FAINT = 0.04
"""Coverage below this is noise of the fold."""
_SPECKLED = 0.25
"""The same for 1-bit pages, where the fold is a mean and holds some of the ink."""


def _levels(
    watermark: Watermark, witnesses: Sequence[_Witness]
) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    """Lightness and contrast per channel over the sampled pages; None where too few pixels are covered."""
    if watermark.bilevel:
        return watermark.lightness, (1.0,)
    laid = [laid_exactly(w.page, w.dark, watermark, w.to_model) for w in witnesses]
    insides, besides = [mixing.core(a) for a in laid], [mixing.ring(a) for a in laid]
    planes = [mixing.channels(witness.light) for witness in witnesses]
    if len({len(plane) for plane in planes}) > 1:
        planes = [[np.asarray(255 - witness.dark, dtype=np.uint8)] for witness in witnesses]
    found = []
    for channel in range(len(planes[0])):
        within = np.concatenate([p[channel][inside] for p, inside in zip(planes, insides, strict=True)])
        outside = np.concatenate([p[channel][beside] for p, beside in zip(planes, besides, strict=True)])
        level = mixing.covered_level(within)
        if level is None:
            return None
        found.append((level, mixing.contrast_left(within, outside, level)))
    return tuple(level for level, _ in found), tuple(contrast for _, contrast in found)
