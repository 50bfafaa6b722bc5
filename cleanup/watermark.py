"""The watermark comes off, the ink beneath stays.

``find_watermark`` looks at a few pages of a document and returns what they have in common; ``remove_watermark``
takes it off one page. A page without it comes out with the very same array.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cleanup import mixing
from cleanup.bilevel import without_speckle
from cleanup.seal import Seal, remove_seals
from cleanup.watermark_evidence import Shown, shown_by
from cleanup.watermark_find import find_watermark
from cleanup.watermark_locate import by_likeness, laid_on, present
from cleanup.watermark_model import Watermark, WatermarkOptions
from cleanup.watermark_relay import is_odd, relaid
from cleanup.watermark_tile import watermark_tile
from ocr.types import PageImage, Pixels

__all__ = [
    "CleanPage",
    "Seal",
    "Watermark",
    "WatermarkOptions",
    "find_watermark",
    "remove_watermark",
    "watermark_tile",
]

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class CleanPage:
    """A page without watermark and seals."""

    image: PageImage
    """With new pixels, or the page that came in where there was nothing to take off."""
    mask: Mask
    """``(height, width)``, True where watermark or seal was."""
    coverage: float
    """Share (0–1) of the page's area that the watermark covered."""
    seals: tuple[Seal, ...] = ()


def remove_watermark(
    page: PageImage, watermark: Watermark | None, options: WatermarkOptions | None = None
) -> CleanPage:
    """The page without the watermark and without seals; the same pixels where it has neither."""
    options = options or WatermarkOptions()
    cleaned = _without_watermark(page, watermark, options) if watermark and options.enabled else None
    if cleaned is None:
        cleaned = CleanPage(page, np.zeros(page.pixels.shape[:2], dtype=bool), 0.0)
    return _without_seals(cleaned, page) if options.seals else cleaned


def _without_seals(cleaned: CleanPage, page: PageImage) -> CleanPage:
    pixels, mask, seals = remove_seals(cleaned.image, page)
    if not seals:
        return cleaned
    return replace(cleaned, image=replace(page, pixels=pixels), mask=cleaned.mask | mask, seals=seals)


def _without_watermark(page: PageImage, watermark: Watermark, options: WatermarkOptions) -> CleanPage | None:
    """None where the page does not show the watermark."""
    shown = shown_by(page)
    for layout in _layouts(watermark, page, shown.evidence.dark, options):
        coverage = laid_on(page, shown.evidence.dark, shown.dark, layout)
        if coverage is not None:
            coverage = present(coverage, shown.dark, page, layout, options)
            if coverage.any():
                return _taken_off(page, shown, coverage, layout)
    return None


def _layouts(watermark: Watermark, page: PageImage, shown: Pixels, options: WatermarkOptions) -> Iterator[Watermark]:
    """The ways the watermark may be laid out on the page; on a page of an odd size as its own copies say, first."""
    if is_odd(watermark, page):
        own = relaid(watermark, page, shown, options)
        if own is not None:
            yield own
    yield from by_likeness(watermark, page)


def _taken_off(page: PageImage, shown: Shown, coverage: Pixels, watermark: Watermark) -> CleanPage:
    if page.bilevel or watermark.bilevel:
        pixels = without_speckle(page.pixels, coverage, page.dpi, 1 - min(watermark.lightness))
    else:
        pixels = _unmixed(page.pixels, shown, coverage, watermark)
    mask = coverage > _MASKED
    return CleanPage(replace(page, pixels=pixels), mask, round(float(mask.mean()), 4))


_TOUCHED = 8
"""Coverage (of 255) from which a pixel is worked on: less is rounding."""
_MASKED = 40
"""Coverage (of 255) from which a pixel counts as part of the watermark in the mask."""


def _unmixed(pixels: Pixels, shown: Shown, coverage: Pixels, watermark: Watermark) -> Pixels:
    """The pixels with the mixing undone wherever the watermark covers them; new array."""
    # a tenth of the page is covered: everything but the smoothing is done on those pixels alone
    where = np.flatnonzero(coverage >= _TOUCHED)
    share = coverage.reshape(-1)[where]
    seen, paper = mixing.taken(shown.planes, where), mixing.taken(mixing.channels(shown.bare), where)
    levels = [_page_level(values[mixing.core(share)], watermark, c) for c, values in enumerate(seen)]
    tones = [mixing.page_tone(values, share, level) for values, (level, _) in zip(seen, levels, strict=True)]
    darker = [mixing.darkness_left(values, share, tone) for values, tone in zip(seen, tones, strict=True)]
    ink = mixing.ink_share(mixing.doubt(darker, tones, share, shown.light, where))
    beneath = [
        np.rint(mixing.undone(dark, ink, share, contrast) * bare_there).astype(np.uint8)
        for dark, bare_there, (_, contrast) in zip(darker, paper, levels, strict=True)
    ]
    cleaned = pixels.copy()
    flat, first = cleaned.reshape(-1), where * len(beneath)
    for channel, values in enumerate(beneath):
        flat[first + channel] = values
    return cleaned


_LEVEL_SPREAD = 0.08
"""How far (0–1) the watermark's level on one page may lie off the document's."""


def _page_level(values: Pixels, watermark: Watermark, channel: int) -> tuple[float, float]:
    """Lightness and contrast of the covered pixels of one channel, the lightness as this page shows it."""
    index = min(channel, len(watermark.lightness) - 1)
    level, contrast = watermark.lightness[index], watermark.contrast[index]
    seen = mixing.covered_level(values)
    near = seen is not None and abs(seen - level) <= _LEVEL_SPREAD
    return (seen if seen is not None and near else level), contrast
