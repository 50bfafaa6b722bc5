"""What a page shows before anything is known of its document: its text layer, or its picture, straightened.

Whatever comes later begins with it, so it can be had while the watermark is still being looked for, by whichever
process has nothing else to do; it never changes what comes out.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import pymupdf

from flows.options import Mode, RunOptions
from ocr.pdf import MAX_DPI, open_source, page_image, raster_resolution, rasterise
from ocr.streaks import without_streaks
from ocr.textlayer import TextLayer, read_text_layer, trusted
from ocr.types import PageImage
from ocr.upright import is_sideways, straighten, work_copy

SAMPLE_DPI = 204
"""Resolution of the sample, which is held in memory all at once: 120 MB in colour. Scans at 200 dpi, of which some
are 203 or a fraction more, and faxes at 204 remain as they are, so that the page can be read from the same picture."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Glance:
    """A page's text layer, or its picture."""

    shown: TextLayer | PageImage
    as_read: bool
    """Whether reading the page would begin with this very value: not where it would take a higher resolution, or
    the page may lie on its side, which only an engine can tell."""


def glance(path: Path, number: int, options: RunOptions, max_dpi: int = MAX_DPI) -> Glance | None:
    """What page ``number`` (1-based) shows, its picture at no more than ``max_dpi``; None where that fails.

    Never raises: whoever reads the page will say what is wrong with it.
    """
    try:
        with open_source(path) as source:
            return _glance(source[number - 1], number, options, max_dpi)
    except Exception as error:
        log.debug("page %d shows nothing: %s", number, error)
        return None


def _glance(page: pymupdf.Page, number: int, options: RunOptions, max_dpi: int) -> Glance:
    if options.mode is not Mode.SCAN:
        layer = read_text_layer(page, number)
        trust = bool(trusted(layer))
        if trust or options.mode is Mode.TEXT:
            return Glance(layer, as_read=trust)
    raster = rasterise(page, options.dpi, max_dpi=max_dpi)
    raw, same = without_streaks(page_image(number, raster)), raster.dpi == raster_resolution(page, options.dpi)
    grey = work_copy(raw)
    return Glance(straighten(raw, grey=grey), as_read=same and not is_sideways(raw, grey))
