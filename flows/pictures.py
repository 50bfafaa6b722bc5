"""Pictures of pages for the review desk: upright, before and after the watermark's removal, cut to a box."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path

import cv2
import numpy as np

from cleanup.watermark import Watermark, remove_watermark
from document.exceptions import InputError
from document.geometry import Box
from flows.evidence import gather_evidence
from flows.options import RunOptions
from flows.outputs import file_hash
from ocr.bow import flattened
from ocr.engine import EngineName, EngineOptions
from ocr.engines.null import NullEngine
from ocr.pdf import open_source, page_image, rasterise
from ocr.types import Pixels
from ocr.upright import straighten, turned
from review.desk import PageSource

_PAGES = 12
"""Pages kept in memory: an operator stays on a page for many fields. About 7 MB each at 150 dpi."""
_WATERMARKS = 32
_Key = tuple[Path, str, int, int, bool, int]


class PageDrawer:
    """Draws pages; remembers the last ones, and the watermark of each file. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pages: OrderedDict[_Key, Pixels] = OrderedDict()
        self._marks: OrderedDict[Path, Watermark | None] = OrderedDict()
        self._checked: dict[Path, tuple[int, int, str]] = {}

    def __call__(self, page: PageSource, cleaned: bool, box: Box | None, dpi: int) -> bytes:
        """PNG of the page, or of a box (points) of it, with or without its watermark.

        Raises InputError where the file is not there or has other bytes, PageTooLarge.
        """
        with self._lock:  # one page at a time: MuPDF is not made for threads, and memory is bounded
            self._check(page)
            pixels = self._page(page, cleaned, dpi)
        shown = pixels if box is None else _cut(pixels, box, dpi / 72)
        return cv2.imencode(".png", shown)[1].tobytes()

    def _check(self, page: PageSource) -> None:
        """Raise InputError unless the file is the one that was read."""
        try:
            state = page.file.stat()
            known = self._checked.get(page.file)
            if known is None or known[:2] != (state.st_size, state.st_mtime_ns):
                known = (state.st_size, state.st_mtime_ns, file_hash(page.file))
                self._checked[page.file] = known
        except OSError as error:
            raise InputError(f"{page.file}: the scan cannot be read ({error.strerror}).") from error
        if known[2] != page.sha256:
            raise InputError(f"{page.file}: is not the file that was read (other bytes).")

    def _page(self, page: PageSource, cleaned: bool, dpi: int) -> Pixels:
        key = (page.file, page.sha256, page.number, page.rotation, cleaned, dpi)
        found = self._pages.get(key)
        if found is None:
            found = self._cleaned(page, dpi) if cleaned else _upright(page, dpi)
            self._pages[key] = found
            if len(self._pages) > _PAGES:
                self._pages.popitem(last=False)
        self._pages.move_to_end(key)
        return found

    def _cleaned(self, page: PageSource, dpi: int) -> Pixels:
        """The page as it was read, laid back on the upright page: it was straightened to take the watermark off."""
        with open_source(page.file) as source:
            raw = page_image(page.number, rasterise(source[page.number - 1], None))
        image = straighten(turned(raw, page.rotation // 90))
        clean = remove_watermark(image, self._mark(page.file)).image
        to_pixels = np.diag([dpi / 72, dpi / 72, 1.0])
        from_pixels = np.diag([72 / clean.dpi, 72 / clean.dpi, 1.0])
        size = (max(1, round(page.width * dpi / 72)), max(1, round(page.height * dpi / 72)))
        matrix = to_pixels @ image.to_page @ from_pixels
        white = (255, 255, 255)
        bowed = clean.pixels if image.bow is None else flattened(clean.pixels, image.bow.undone())
        laid = cv2.warpPerspective(bowed, matrix, size, flags=cv2.INTER_AREA, borderValue=white)
        return np.asarray(laid, dtype=np.uint8)

    def _mark(self, file: Path) -> Watermark | None:
        if file not in self._marks:
            with open_source(file) as source:
                numbers = range(1, source.page_count + 1)
            engine = NullEngine(EngineOptions(name=EngineName.NULL))
            self._marks[file] = gather_evidence(file, numbers, RunOptions(), engine).watermark
            if len(self._marks) > _WATERMARKS:
                self._marks.popitem(last=False)
        return self._marks[file]


def _upright(page: PageSource, dpi: int) -> Pixels:
    with open_source(page.file) as source:
        if page.number > source.page_count:
            raise InputError(f"{page.file}: has no page {page.number}.")
        pixels = rasterise(source[page.number - 1], dpi).pixels
    return np.ascontiguousarray(np.rot90(pixels, -(page.rotation // 90)))


def _cut(pixels: Pixels, box: Box, scale: float) -> Pixels:
    """The part of a picture inside ``box`` (points), at least one pixel."""
    height, width = pixels.shape[:2]
    at = box.scaled(scale)
    left, top = min(int(at.left), width - 1), min(int(at.top), height - 1)
    right, bottom = max(left + 1, round(at.right)), max(top + 1, round(at.bottom))
    return pixels[top:bottom, left:right]
