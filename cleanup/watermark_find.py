"""Finding the watermark that the pages of a document have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanup import mixing
from cleanup.bilevel import DENSE_FROM, broad_strokes, solid_ink
from cleanup.lattice import Lattice, find_lattices
from cleanup.registration import Affine, enlarged
from cleanup.watermark_common import Aligned, align, common
from cleanup.watermark_evidence import WORK_DPI, Evidence, bare_paper, darkness, evidence, relative, rule_mask
from cleanup.watermark_fold import OUTSIDE, FoldPage, Window, cell_window, fold
from cleanup.watermark_locate import exact_maps, laid_exactly, laid_on, present
from cleanup.watermark_lone import completed, flat_tone, lone_strokes
from cleanup.watermark_model import Watermark, WatermarkOptions, copy_points, encode, lay
from cleanup.watermark_tile import baseline_angle, cut_free, one_copy, ruled
from ocr.types import PageImage, Pixels

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


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
    found = [watermark for group in _by_size(sample) if (watermark := _find_in(group, options)) is not None]
    if not found:
        return None
    found = [replace(watermark, angle=baseline_angle(watermark)) for watermark in found]
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


_CEILINGS = (160, 56, 24)
"""Darkness beyond which a pixel counts no more: a faint watermark would drown in the ink."""


def _find_in(sample: Sequence[PageImage], options: WatermarkOptions) -> Watermark | None:
    """The watermark that pages of one size share, dark ones before faint ones."""
    shown = [evidence(page) for page in sample]
    for ceiling in _CEILINGS:
        capped = [replace(page, dark=np.minimum(page.dark, np.uint8(ceiling))) for page in shown]
        found = _find_below(sample, capped, options)
        if found is not None:
            return found
    if len(sample) < _SEVERAL:
        return _find_flat(sample[0], shown[0], options)
    return _find_on_most(sample, shown, options)


def _find_on_most(
    sample: Sequence[PageImage], shown: Sequence[Evidence], options: WatermarkOptions
) -> Watermark | None:
    """A watermark too faint or too sparse to bring pages into register: found on one page, and seen on most."""
    for index in sorted({0, len(sample) // 2}):
        found = _find_flat(sample[index], shown[index], options)
        if found is None:
            continue
        seen = sum(_shows(page, there, found, options) for page, there in zip(sample, shown, strict=True))
        if seen > 0.5 * len(sample):
            return replace(found, pages=seen)
    return None


def _shows(page: PageImage, shown: Evidence, watermark: Watermark, options: WatermarkOptions) -> bool:
    dark = darkness(relative(page.pixels, bare_paper(page)))
    coverage = laid_on(page, shown.dark, dark, watermark)
    return coverage is not None and bool(present(coverage, dark, page, watermark, options).any())


def _find_below(sample: Sequence[PageImage], shown: Sequence[Evidence], options: WatermarkOptions) -> Watermark | None:
    aligned = align([page.dark for page in shown])
    if not aligned.members:
        return None
    pattern = common(shown, aligned)
    several = len(aligned.members) >= _SEVERAL
    repetition = options.least_repetition if several else 0.5 * options.least_repetition
    tiled = _best_tiled(sample, aligned, pattern, repetition, options)
    if tiled is not None:
        return tiled
    strokes = lone_strokes(pattern) if several else None
    if strokes is None:
        return None
    lone = _lone_model(sample, aligned, strokes, options)
    if lone is None:
        return None
    # on bent sheets copies repeat but roughly: all of them together are no watermark that stands once
    rough = _best_tiled(sample, aligned, pattern, 0.5 * repetition, options)
    models = [lone] if rough is None else [lone, rough]
    return _best(models, pattern, lambda: _blank(sample, aligned, speckled=False)[1])


def _best_tiled(
    sample: Sequence[PageImage], aligned: Aligned, pattern: Pixels, repetition: float, options: WatermarkOptions
) -> Watermark | None:
    """The tiled watermark that explains ``pattern`` (darkness, work pixels of the reference) best, or None."""
    found = find_lattices(pattern, options.least_period * WORK_DPI / 72, repetition)
    bilevel = sample[aligned.reference].bilevel
    copies = _COPIES_BILEVEL if bilevel else _COPIES
    copies = 1 if len(aligned.members) >= _SEVERAL else copies
    blank = cache(lambda speckled: _blank(sample, aligned, speckled))
    models = [
        model
        for lattice in found
        if copies * lattice.cell_area <= pattern.size
        and (model := _tiled_model(blank, bilevel, lattice, options)) is not None
    ]
    return _best(models, pattern, lambda: blank(False)[1])


_WELL = 0.7
"""How well (0–1) a watermark explains what flat pages share: 0.9 and more; where sheets are bent, half of that."""


def _best(
    models: Sequence[Watermark], pattern: Pixels, witnesses: Callable[[], Sequence[_Witness]]
) -> Watermark | None:
    """The watermark that explains ``pattern`` best; where none does well, the one that the pages show best."""
    if len(models) < 2:
        return models[0] if models else None
    explained = [_explained(model, pattern) for model in models]
    if max(explained) < _WELL and not models[0].bilevel:
        pages = witnesses()
        explained = [_shown(model, pages) for model in models]
    return models[int(np.argmax(explained))]


def _shown(watermark: Watermark, witnesses: Sequence[_Witness]) -> float:
    """Correlation (−1 to 1) of the coverage, every copy in its own place, and what is no ink on the pages."""
    ceiling = np.uint8(np.clip(round(1.3 * 255 * (1 - min(watermark.lightness))), 1, 255))
    found = []
    for witness in witnesses:
        laid = laid_exactly(witness.page, witness.dark, watermark, witness.to_model)[::2, ::2].reshape(-1)
        dark = witness.dark[::2, ::2].reshape(-1)
        bare = dark <= ceiling
        found.append(float(np.corrcoef(laid[bare], dark[bare])[0, 1]) if laid[bare].any() else 0.0)
    return float(np.mean(found))


def _explained(watermark: Watermark, pattern: Pixels) -> float:
    """How well coverage and pattern agree: twice the common strokes over both together, 0–1 (Dice 1945)."""
    dpi = min(WORK_DPI, watermark.dpi)
    laid = lay(watermark, dpi, np.array([[1.0, 0, 0], [0, 1.0, 0]]), pattern.shape) >= 128
    strokes = pattern >= 0.5 * float(np.percentile(pattern, 99.5))
    return float(2 * (laid & strokes).sum() / max(laid.sum() + strokes.sum(), 1))


def _find_flat(page: PageImage, shown: Evidence, options: WatermarkOptions) -> Watermark | None:
    """A watermark on a single page: even tone or colour tells it from ink, tiled or standing once."""
    tone, level = flat_tone(shown.dark)
    colour = shown.colour
    found = _find_on_one(page, shown.dark, tone, level, False, options)
    if found is None and colour is not None:
        dyed = np.where(colour > _LEAST_COLOUR, colour, np.uint8(0))
        dark = shown.dark[dyed > 0]
        level = int(np.median(dark)) if len(dark) else 0
        found = _find_on_one(page, shown.dark, dyed, level, True, options)
    return found


_LEAST_COLOUR = 20
"""Difference (of 255) between channels from which a pixel is coloured and not only fringed."""


def _find_on_one(
    page: PageImage, dark: Pixels, tone: Pixels, level: int, coloured: bool, options: WatermarkOptions
) -> Watermark | None:
    """The watermark of a single page (``dark``) whose strokes are in ``tone``, about as dark as ``level`` (0–255)."""
    still = np.array([[1.0, 0, 0], [0, 1.0, 0]])
    first = Aligned(0, ((0, still),), ceiling=min(OUTSIDE, round(_CAP * level)))
    tiled = _best_tiled([page], first, tone, options.least_repetition, options)
    if tiled is not None:
        return tiled
    strokes = lone_strokes(tone, slanted_only=coloured)
    if strokes is None:
        return None
    return _lone_model([page], first, completed(strokes, dark, level), options)


_CAP = 1.35
"""On a single page, what is darker than this many times the watermark is ink and tells nothing about it."""


_COPIES, _COPIES_BILEVEL = 4, 6
"""Copies that one page must have room for; more where all is black or white, and no even tone bears witness, too."""
_SEVERAL = 3
"""Pages from which what they share is no accident."""


def _spread(pages: Sequence[PageImage], count: int) -> list[PageImage]:
    if len(pages) <= count:
        return list(pages)
    return [pages[round(i)] for i in np.linspace(0, len(pages) - 1, count)]


def _same_size(one: Pixels, other: Pixels) -> bool:
    return all(abs(a - b) <= 0.02 * b for a, b in zip(one.shape[:2], other.shape[:2], strict=True))


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
    solid: Mask | None
    """Solid ink, where it is ``OUTSIDE``, too: for a 1-bit watermark of dots."""


def _tiled_model(blank_for: _BlankFor, bilevel: bool, lattice: Lattice, options: WatermarkOptions) -> Watermark | None:
    """The watermark on ``lattice`` (work pixels), measured in full resolution; None when nothing stands out.

    ``blank_for`` is ``_blank`` of the sample, speckled or not. First folded on the lattice; then one copy is cut
    free of its neighbours, every copy on every page is moved to where it really lies, and folded again.
    """
    found = None
    for speckled in (True, False) if bilevel else (False,):
        blank, witnesses, factor = blank_for(speckled)
        blank = replace(blank, lattice=lattice.scaled(factor))
        first = _folded(blank, witnesses, cell_window(lattice.scaled(factor)), None, options)
        model = _measured(_sharpened(first, witnesses, options), witnesses, options) if first else None
        found = model or found
        if speckled and found is not None and 1 - min(found.lightness) < DENSE_FROM:
            return found
    return found


_BlankFor = Callable[[bool], tuple[Watermark, list[_Witness], float]]


def _lone_model(
    sample: Sequence[PageImage], aligned: Aligned, strokes: Pixels, options: WatermarkOptions
) -> Watermark | None:
    """The watermark whose ``strokes`` (0 or 1, work pixels) stand once on the page, measured in full resolution."""
    blank, witnesses, _ = _blank(sample, aligned, speckled=False)
    full = cv2.resize(strokes, blank.size, interpolation=cv2.INTER_NEAREST)
    left, top, width, height = cv2.boundingRect(full)
    cut = np.ascontiguousarray(full[top : top + height, left : left + width])
    found = _folded(blank, witnesses, Window(left, top, width, height), cut, options)
    return None if found is None else _measured(found, witnesses, options)


def _blank(sample: Sequence[PageImage], aligned: Aligned, speckled: bool) -> tuple[Watermark, list[_Witness], float]:
    """A watermark not measured yet, the pages to measure it on, and full over work resolution.

    ``speckled``: on 1-bit pages, whatever is solid is ink and does not count; the watermark is dots.
    """
    reference = sample[aligned.reference]
    factor = reference.dpi / min(WORK_DPI, reference.dpi)
    height, width = reference.pixels.shape[:2]
    blank = Watermark(
        b"",
        (0.0, 0.0),
        None,
        reference.dpi,
        (width, height),
        (1.0,),
        (1.0,),
        0.0,
        bilevel=reference.bilevel,
        pages=len(aligned.members),
    )
    return blank, _witnesses(sample, aligned, factor, speckled), factor


def _measured(watermark: Watermark, witnesses: Sequence[_Witness], options: WatermarkOptions) -> Watermark | None:
    """The watermark with its levels and its angle; None where the pages do not bear it out."""
    laid = [laid_exactly(w.page, w.dark, watermark, w.to_model) for w in witnesses]
    levels = _levels(watermark, witnesses, laid)
    if levels is None:
        return None
    measured = replace(watermark, lightness=levels[0], contrast=levels[1])
    if not _borne_out(measured, witnesses, laid, options):
        return None
    return measured


_EVEN = 0.07
"""Spread (0–1) about its level within which a covered pixel counts as even in tone."""
_LEAST_EVEN = 0.5
"""Share of covered pixels that must be even: ink lies on the others. Type has no even tone."""
_LEAST_LONE_LIGHTNESS = 0.15
"""A watermark that stands once must be lighter than ink, or a large black title would be one."""


def _borne_out(
    watermark: Watermark, witnesses: Sequence[_Witness], laid: Sequence[Pixels], options: WatermarkOptions
) -> bool:
    """Whether the pages show it: dark enough, in one even tone, on most of them."""
    level = min(watermark.lightness)
    if level > 1 - options.least_darkness or (watermark.lattice is None and level < _LEAST_LONE_LIGHTNESS):
        return False
    if watermark.lattice is not None and ruled(watermark):
        return False
    if watermark.lattice is None and not _stands_out(watermark, witnesses, laid):
        return False
    if watermark.bilevel and not (
        _is_dotted(1 - level, witnesses, laid) and _is_everywhere(1 - level, witnesses, laid)
    ):
        return False
    if not watermark.bilevel:
        thin = slice(None, None, _thinning(laid))
        pairs = [(255 - w.dark[thin, thin], a[thin, thin]) for w, a in zip(witnesses, laid, strict=True)]
        tones = np.concatenate([light[mixing.core(a)] for light, a in pairs])
        if np.mean(np.abs(tones.astype(np.float32) / 255 - level) <= _EVEN) < _LEAST_EVEN:
            return False
    shows = [present(a, w.dark, w.page, watermark, options).any() for w, a in zip(witnesses, laid, strict=True)]
    return bool(sum(shows) > 0.5 * len(shows))


def _stands_out(watermark: Watermark, witnesses: Sequence[_Witness], laid: Sequence[Pixels]) -> bool:
    """Whether strokes with the gaps in them filled are as dark as said, and what lies around them is not.

    Where the coverage is no more than the darker grain of mottled paper, the strokes are full of holes as light as
    their surroundings.
    """
    level = 255 * (1 - min(watermark.lightness))
    within, beside = [], []
    for witness, coverage in zip(witnesses, laid, strict=True):
        point = witness.page.dpi / 72
        strokes = (coverage >= 128).astype(np.uint8)
        filled = cv2.morphologyEx(strokes, cv2.MORPH_CLOSE, _square(_HOLE * point))
        filled = cv2.morphologyEx(filled, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        around = cv2.dilate(filled, _square(_FAR * point)) & (1 - cv2.dilate(filled, _square(_NEAR * point)))
        pale = witness.dark < 1.6 * level + 10
        within.append(witness.dark[(filled > 0) & pale])
        beside.append(witness.dark[(around > 0) & pale])
    inside, outside = np.concatenate(within), np.concatenate(beside)
    if not (len(inside) and len(outside)):
        return False
    return float(inside.mean()) - float(outside.mean()) >= _LEAST_RISE * level


def _square(side: float) -> Pixels:
    return np.ones((2 * max(1, round(side / 2)) + 1,) * 2, np.uint8)


_HOLE, _NEAR, _FAR = 1.5, 2.0, 6.0
"""Points: gaps that are filled, and from where to where the surroundings reach on either side, together."""
_LEAST_RISE = 0.5
"""How much darker strokes are than their surroundings, share of their darkness; measured 0.26 on mottled paper."""


def _is_dotted(blackness: float, witnesses: Sequence[_Witness], laid: Sequence[Pixels]) -> bool:
    """Whether a 1-bit watermark's strokes hold dots, or are nearly solid: columns of type are neither."""
    if blackness >= DENSE_FROM:
        return True
    loose = [
        mixing.core(a) & ~(solid_ink(w.dark, w.page.dpi) if w.solid is None else w.solid)
        for w, a in zip(witnesses, laid, strict=True)
    ]
    dots = np.concatenate([(w.dark >= 128)[part] for w, part in zip(witnesses, loose, strict=True)])
    return bool(len(dots) and dots.mean() >= _LEAST_DOTTED * blackness)


def _is_everywhere(blackness: float, witnesses: Sequence[_Witness], laid: Sequence[Pixels]) -> bool:
    """Whether, on most pages, a 1-bit watermark's dots are in every place of its strokes alike.

    The rows of a table, laid over one another, have type in one row and bare paper in the next.
    """
    shown = [_share_shown(blackness, witness, a) for witness, a in zip(witnesses, laid, strict=True)]
    return bool(sum(share >= _LEAST_EVERYWHERE for share in shown) > 0.5 * len(shown))


def _share_shown(blackness: float, witness: _Witness, coverage: Pixels) -> float:
    """Share (0–1) of the strokes that lie in small squares where the page is about as black as it should be."""
    inside = mixing.core(coverage)
    wanted, seen = _shares(inside, inside & (witness.dark >= 128), round(_SQUARE * witness.page.dpi / 72))
    return float(wanted[seen >= _LEAST_THERE * blackness * wanted].sum()) / max(float(wanted.sum()), 1e-9)


def _shares(inside: Mask, hit: Mask, side: int) -> tuple[Floats, Floats]:
    """The share of each square of ``side`` pixels that is True in one and in the other."""
    height, width = inside.shape
    cells = (max(1, width // side), max(1, height // side))
    one, other = (
        cv2.resize(part.view(np.uint8) * np.uint8(255), cells, interpolation=cv2.INTER_AREA) for part in (inside, hit)
    )
    return one.astype(np.float32) / 255, other.astype(np.float32) / 255


_SQUARE = 6.0
"""Points: side of the squares that are compared; two strokes wide, so that some hundred dots can lie in one."""
_LEAST_THERE, _LEAST_EVERYWHERE = 0.4, 0.88
"""Share of the watermark's black from which a square shows it, and share of its strokes that must be shown; measured
0.97 and more on drawn faxes with a watermark, 0.6 on rows of tables, 0.85 where a copy is a quarter of the page."""
_LEAST_DOTTED = 0.4
"""Share of the watermark's black that must lie apart from solid ink; measured 0.8 on faxes, 0.1 on columns of type."""


def _witnesses(sample: Sequence[PageImage], aligned: Aligned, factor: float, speckled: bool) -> list[_Witness]:
    dpi = sample[aligned.reference].dpi
    alike = [(sample[i], affine) for i, affine in aligned.members if abs(sample[i].dpi / dpi - 1) < 0.01]
    return [
        _witness(page, enlarged(affine, factor), aligned.ceiling, speckled) for page, affine in alike[:_FOLDED_PAGES]
    ]


def _witness(page: PageImage, to_model: Affine, ceiling: int, speckled: bool) -> _Witness:
    light = relative(page.pixels, bare_paper(page))
    dark = darkness(light)
    hidden = rule_mask(dark, page.dpi) | (dark >= ceiling)
    solid = solid_ink(dark, page.dpi) if speckled else None
    if solid is not None:
        hidden |= solid
    return _Witness(page, to_model, light, dark, np.where(hidden, np.uint8(OUTSIDE), dark), solid)


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
    if watermark.bilevel:
        folded = np.asarray(cv2.GaussianBlur(folded, (0, 0), _DOTS * watermark.dpi / 200), dtype=np.float32)
    found = _coverage(folded, _SPECKLED if watermark.bilevel else _FAINT, options)
    if found is None:
        return None
    coverage, black = found
    if witnesses[0].solid is not None:
        coverage = broad_strokes(coverage, watermark.dpi)
    if strokes is not None:
        coverage = coverage * strokes
    return replace(watermark, coverage=encode(coverage), origin=(window.left, window.top), lightness=(1 - black,))


def _fold_page(watermark: Watermark, witness: _Witness) -> FoldPage:
    points = copy_points(watermark, witness.page.dpi, witness.to_model, witness.dark.shape)
    if watermark.coverage:
        maps = exact_maps(witness.page, witness.dark, watermark, witness.to_model)
    else:
        maps = np.tile(np.array([[1.0, 0, 0], [0, 1.0, 0]]), (len(points), 1, 1))
    return FoldPage(witness.counted, witness.to_model, points, maps)


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


_DOTS = 1.2
"""Pixels at 200 dpi over which the dots of a 1-bit watermark are evened out; its strokes are wider."""
_FAINT = 0.04
"""Coverage below this is noise of the fold."""
_SPECKLED = 0.35
"""The same for 1-bit pages, where the fold is a mean and holds some of the ink."""


def _blackened(witnesses: Sequence[_Witness], laid: Sequence[Pixels]) -> float:
    """Chance (0–1) that the watermark blackens a pixel of a 1-bit page: beyond what type does beside its strokes."""
    shares = []
    for part in (mixing.core, mixing.ring):
        values = np.concatenate([(w.dark >= 128)[part(a)] for w, a in zip(witnesses, laid, strict=True)])
        shares.append(float(values.mean()) if len(values) else 0.0)
    inside, beside = shares
    return min(max((inside - beside) / max(1 - beside, 0.1), 0.0), 1.0)


_PLENTY = 100_000


def _thinning(laid: Sequence[Pixels]) -> int:
    """2 where every second pixel either way is plenty to measure by, else 1."""
    covered = sum(cv2.countNonZero(coverage) for coverage in laid)
    return 2 if covered > _PLENTY else 1


def _levels(
    watermark: Watermark, witnesses: Sequence[_Witness], laid: Sequence[Pixels]
) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    """Lightness and contrast per channel over the sampled pages; None where too few pixels are covered."""
    if watermark.bilevel:
        return (1 - _blackened(witnesses, laid),), (1.0,)
    thin = slice(None, None, _thinning(laid))
    thinned = [np.ascontiguousarray(a[thin, thin]) for a in laid]
    insides, besides = [mixing.core(a) for a in thinned], [mixing.ring(a) for a in thinned]
    planes = [mixing.channels(np.ascontiguousarray(witness.light[thin, thin])) for witness in witnesses]
    if len({len(plane) for plane in planes}) > 1:
        planes = [[np.asarray(255 - witness.dark[thin, thin], dtype=np.uint8)] for witness in witnesses]
    found = []
    for channel in range(len(planes[0])):
        within = np.concatenate([p[channel][inside] for p, inside in zip(planes, insides, strict=True)])
        outside = np.concatenate([p[channel][beside] for p, beside in zip(planes, besides, strict=True)])
        level = mixing.covered_level(within)
        if level is None:
            return None
        found.append((level, mixing.contrast_left(within, outside, level)))
    return tuple(level for level, _ in found), tuple(contrast for _, contrast in found)
