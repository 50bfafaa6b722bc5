"""The source file for the formats that show its pages: pixels come from ``ocr/``, upright as the document says."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np

from cleanup.watermark import Watermark, remove_watermark
from document.exceptions import InputError
from document.types import Document, Origin, Page
from document.writers.original import Original, Pixels
from flows.evidence import gather_evidence
from flows.options import RunOptions
from ocr.engine import EngineName, EngineOptions
from ocr.engines.null import NullEngine
from ocr.pdf import open_source, page_image, rasterise
from ocr.upright import straighten, turned


def original_of(path: Path, document: Document) -> Original:
    """The source file of a document; where pages have a watermark they can be drawn without it, too."""
    marked = any(page.watermark and page.origin is Origin.SCAN for page in document.pages)
    return Original(path, lambda page, dpi: upright(path, page, dpi), _comparer(path, document) if marked else None)


def upright(path: Path, page: Page, dpi: float) -> Pixels:
    """A page as ``(height, width[, 3])`` red, green, blue, turned as it was read.

    Raises InputError for a page that the file does not have, and PageTooLarge.
    """
    with open_source(path) as source:
        if page.number > source.page_count:
            raise InputError(f"{path}: has no page {page.number}.")
        pixels = rasterise(source[page.number - 1], round(dpi)).pixels
    return np.ascontiguousarray(_rgb(np.rot90(pixels, -(page.rotation // 90))))


def _comparer(path: Path, document: Document) -> Callable[[Page], tuple[Pixels, Pixels]]:
    """Takes the watermark off a page as the run did; it is looked for once, when the first page is asked for."""

    @cache
    def found() -> Watermark | None:
        numbers = [page.number for page in document.pages]
        return gather_evidence(path, numbers, RunOptions(), NullEngine(EngineOptions(name=EngineName.NULL))).watermark

    def compare(page: Page) -> tuple[Pixels, Pixels]:
        with open_source(path) as source:
            raw = page_image(page.number, rasterise(source[page.number - 1], None))
        image = straighten(turned(raw, page.rotation // 90))
        return _rgb(image.pixels), _rgb(remove_watermark(image, found()).image.pixels)

    return compare


def _rgb(pixels: Pixels) -> Pixels:
    """OpenCV's order blue, green, red turned round; grey as it is."""
    return pixels if pixels.ndim == 2 else np.ascontiguousarray(pixels[:, :, ::-1])
