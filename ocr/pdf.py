"""Opening source files and turning pages into pixels: the one place that imports pymupdf for rasterising.

Every document is untrusted: sizes are checked before anything is allocated, and MuPDF's own errors come out as
the project's.
"""

from __future__ import annotations

import hashlib
import logging
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pymupdf

from document.exceptions import EmptyDocument, EncryptedError, NotADocument, PageTooLarge
from document.types import Source
from ocr.types import PageImage, Pixels

SUFFIXES = frozenset({".pdf", ".png", ".jpg", ".jpeg", ".tif", ".tiff"})
"""What an input folder is searched for."""
MAX_POINTS = 14_400.0
"""Longest side of a page, points: PDF's own limit (ISO 32000-1, annex C), 5 metres."""
MAX_EMBEDDED = 160_000_000
"""Pixels of one picture before it is drawn: A3 at 600 dpi is 70 million; more is a bomb or a poster."""
MAX_PIXELS = 80_000_000
"""Pixels of one page: A3 at 500 dpi; 240 MB in colour."""
DEFAULT_DPI = 200
"""For pages that are no single image."""
MAX_DPI = 300
"""Finer pictures are drawn at that: reading gains nothing above."""
UNKNOWN_DPI = 100.0
"""Programs that do not know a picture's resolution write 72 or 96; scanners are not set as low."""
LONGEST_SHEET = 1250.0
"""Points, a little more than A3: a larger picture of such a resolution is a sheet whose size nobody wrote down."""
A4_WIDTH = 595.0
"""Points."""

log = logging.getLogger(__name__)
pymupdf.TOOLS.mupdf_display_errors(False)
pymupdf.TOOLS.mupdf_display_warnings(False)


@dataclass(frozen=True, slots=True)
class Raster:
    """A page as pixels, as the source shows it (its own /Rotate applied), before it is brought upright."""

    pixels: Pixels
    dpi: float
    width: float
    height: float
    """Points, as shown."""
    bilevel: bool
    """Whether the page is one 1-bit image."""
    scale: float = 1.0
    """Points of the page for one of the sheet of paper: other than 1 where ``sheet_scale`` says so."""


def describe(path: Path) -> Source:
    """Name, hash and page count of a source file.

    Raises NotADocument, EncryptedError, EmptyDocument.
    """
    with open_source(path) as source:
        pages = source.page_count
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return Source(path.name, digest, pages)


def open_source(path: Path) -> pymupdf.Document:
    """The file as a MuPDF document; use it in a ``with`` statement. Images become documents of one page a frame.

    Raises NotADocument, EncryptedError, EmptyDocument, each with the way out.
    """
    try:
        if path.stat().st_size == 0:
            raise NotADocument(f"{path}: the file is empty. Fetch or export it again.")
        document = pymupdf.open(path)
        if _is_wanted(document) and not document.is_pdf:
            _check_picture(path)
    except (NotADocument, PageTooLarge):
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.strerror:  # Pillow's complaints about a picture are OSErrors too
            raise NotADocument(
                f"{path}: cannot be read ({error.strerror}). Check that it exists and may be read."
            ) from error
        raise NotADocument(
            f"{path}: not a readable PDF or image ({error}). It may be damaged or cut short: fetch it again."
        ) from error
    if document.needs_pass:
        document.close()
        raise EncryptedError(f"{path}: encrypted. Take the password off first, e.g. with qpdf --decrypt.")
    if not _is_wanted(document):
        document.close()
        raise NotADocument(f"{path}: neither PDF, PNG, JPEG nor TIFF. Convert it to PDF first.")
    if document.page_count == 0:
        document.close()
        raise EmptyDocument(f"{path}: has no pages. It may be damaged or cut short: fetch it again.")
    return document


def _is_wanted(document: pymupdf.Document) -> bool:
    """MuPDF opens e-books and text too; those are not scans."""
    kind = str((document.metadata or {}).get("format") or "").lower()
    return bool(document.is_pdf) or any(word in kind for word in ("image", "png", "jpeg", "jpg", "tif"))


def _check_picture(path: Path) -> None:
    """Read a picture's header, then its pixels: MuPDF would only find it broken when it is drawn.

    Raises PageTooLarge before anything is decoded; what Pillow raises for a broken picture goes up.
    """
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # ours is checked below, with a message that says what to do
    with Image.open(path) as picture:
        width, height = picture.size
        if width * height > MAX_EMBEDDED:
            raise PageTooLarge(
                f"{path}: {width} × {height} pixels is too large (at most {MAX_EMBEDDED / 1e6:.0f} million). "
                "Scale the picture down."
            )
        picture.load()


def check_page_size(page: pymupdf.Page, dpi: float) -> None:
    """Raise PageTooLarge when the page would not fit into memory at this resolution."""
    width, height = page.rect.width, page.rect.height
    if not (math.isfinite(width) and math.isfinite(height)) or min(width, height) < 1:
        raise PageTooLarge(f"page {page.number + 1}: has no usable size ({width} × {height} points).")
    pixels = (width * dpi / 72) * (height * dpi / 72)
    if max(width, height) > MAX_POINTS or pixels > MAX_PIXELS:
        raise PageTooLarge(
            f"page {page.number + 1}: {width:.0f} × {height:.0f} points is too large at {dpi:.0f} dpi "
            f"({pixels / 1e6:.0f} million pixels, at most {MAX_PIXELS / 1e6:.0f}). "
            "Scale the page down, or choose a lower --dpi."
        )


def rasterise(page: pymupdf.Page, dpi: int | None, max_dpi: int = MAX_DPI) -> Raster:
    """The page as pixels, at ``raster_resolution``. Raises PageTooLarge."""
    _check_embedded(page)
    chosen = raster_resolution(page, dpi, max_dpi)
    check_page_size(page, chosen)
    pixels = _photograph(page, chosen)
    if pixels is None:
        pixels = _drawn(page, chosen)
    if is_negative(pixels):
        log.info("page %d is light on dark: it is turned into dark on light", page.number + 1)
        pixels = 255 - pixels
    return Raster(pixels, chosen, page.rect.width, page.rect.height, _is_bilevel(page), sheet_scale(page))


_DARK = 100
"""Lightness: paper, be it grey or scanned too dark, is lighter."""
_APART = 60
"""Lightness by which writing stands out from its ground."""
_WRITING = (0.01, 0.35)
"""Share of a page that its writing, rules and pictures cover: blank sheets have less, photographs more."""


def is_negative(pixels: Pixels) -> bool:
    """Whether a page is light writing on dark paper: a microfilm, or a fax whose bits were taken the wrong way round.

    Its usual lightness is dark, some of it is much lighter and hardly anything darker. Every eighth pixel is asked.
    """
    some = pixels[::8, ::8]
    grey = some if some.ndim == 2 else some.mean(axis=2)
    usual = float(np.median(grey))
    lighter, darker = (float(share) for share in (np.mean(grey > usual + _APART), np.mean(grey < usual - _APART)))
    return usual < _DARK and _WRITING[0] < lighter < _WRITING[1] and darker < _WRITING[0]


def _drawn(page: pymupdf.Page, chosen: float) -> Pixels:
    """The page as MuPDF draws it."""
    pixmap = page.get_pixmap(
        dpi=None, matrix=pymupdf.Matrix(chosen / 72, chosen / 72), alpha=False, colorspace=_space(page)
    )
    pixels = np.frombuffer(pixmap.samples, np.uint8).reshape(pixmap.height, pixmap.width, pixmap.n)
    pixels = pixels[:, :, 0] if pixmap.n == 1 else pixels[:, :, ::-1]
    return np.ascontiguousarray(pixels)


_ONLY_AN_IMAGE = re.compile(rb"\s*(?:q\s+)*(?:(?:[-+.\d]+\s+){6}cm\s+)*/(\S+)\s+Do(?:\s+Q)*\s*")
"""The contents of a page that shows one image: saved states, places, the image."""
_OFF = 0.5
"""Points by which an image may miss the page's edges."""
_AS_FINE = 0.001
"""How far an image's resolution may be from the one asked for: A4 at 300 dpi is 2,479 or 2,480 pixels wide."""
_PLAIN = re.compile(r"DeviceGray|DeviceRGB|ICCBased\((?:Gray|RGB),.*(?:sGray|sRGB).*\)")
"""Colours that are already those of the pixels asked for."""
_MODIFIED_BY = ("SMask", "Mask", "ImageMask", "Decode", "DecodeParms")


def _photograph(page: pymupdf.Page, dpi: float) -> Pixels | None:
    """The pixels of a page that is nothing but one JPEG shown at its own resolution, or None where it is more.

    Decoded by OpenCV, which is five to ten times as fast as MuPDF. Where the page is a fraction of a pixel larger, the
    picture is stretched over it as MuPDF does: noise is smoothed a little by that, which poor scans read better with.
    """
    info, document = _page_image(page), page.parent
    if info is None or not document.is_pdf or not _fills_upright(info, page):
        return None
    if abs((image_resolution(page) or 0) - dpi) > _AS_FINE * dpi:
        return None
    if not _PLAIN.fullmatch(str(info["cs-name"])) or info["bpc"] != 8 or page.first_annot or page.first_widget:
        return None
    shown = _ONLY_AN_IMAGE.fullmatch(page.read_contents())
    xref = next((i[0] for i in page.get_images(full=True) if shown and i[7].encode() == shown[1] and not i[9]), 0)
    if not xref or document.xref_get_key(xref, "Filter") not in (("name", "/DCTDecode"), ("array", "[/DCTDecode]")):
        return None
    if any(document.xref_get_key(xref, key)[0] != "null" for key in _MODIFIED_BY):
        return None
    pixels = cv2.imdecode(np.frombuffer(document.xref_stream_raw(xref), np.uint8), cv2.IMREAD_UNCHANGED)
    wanted = (info["height"], info["width"], *((3,) if info["colorspace"] == 3 else ()))
    if pixels is None or pixels.shape != wanted:
        return None
    size = (page.rect * pymupdf.Matrix(dpi / 72, dpi / 72)).round()
    if (size.width, size.height) != (info["width"], info["height"]):
        pixels = cv2.resize(pixels, (size.width, size.height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(pixels, dtype=np.uint8)


def _fills_upright(info: dict[str, Any], page: pymupdf.Page) -> bool:
    """Whether an image lies on the page as it is stored, and ends where the page ends."""
    across, b, c, down, *_ = info["transform"]
    corners = zip(info["bbox"], (0.0, 0.0, page.rect.width, page.rect.height), strict=True)
    return across > 0 and down > 0 and abs(b) + abs(c) < 1e-6 and all(abs(at - edge) <= _OFF for at, edge in corners)


def raster_resolution(page: pymupdf.Page, dpi: int | None, max_dpi: int = MAX_DPI) -> float:
    """Dots per inch that a page is drawn at: ``dpi``, or (None) those of the one image that fills it.

    A page that is no single image is drawn at ``DEFAULT_DPI``; an image finer than ``max_dpi``, counted on its sheet of
    paper, is drawn at that.
    """
    native = image_resolution(page)
    return float(dpi) if dpi else min(native, max_dpi / sheet_scale(page)) if native else float(DEFAULT_DPI)


def sheet_scale(page: pymupdf.Page) -> float:
    """Points of the page for one of the sheet of paper that it shows: 1 where the page says how large that is.

    A picture without a resolution of its own, or a PDF with a point for each pixel, as some scanning programs make
    them, would be a poster. It is read as if its shorter side were that of A4: what is known of type, margins and
    watermarks is known in points of paper.
    """
    native, longer = image_resolution(page), max(page.rect.width, page.rect.height)
    if native is None or native > UNKNOWN_DPI or longer <= LONGEST_SHEET:
        return 1.0
    return float(min(page.rect.width, page.rect.height) / A4_WIDTH)


def _check_embedded(page: pymupdf.Page) -> None:
    """Raise PageTooLarge when a picture on the page would take too much memory to decode."""
    largest = max((i["width"] * i["height"] for i in page.get_image_info()), default=0)
    if largest > MAX_EMBEDDED:
        raise PageTooLarge(
            f"page {page.number + 1}: holds a picture of {largest / 1e6:.0f} million pixels "
            f"(at most {MAX_EMBEDDED / 1e6:.0f}). Scale it down."
        )


def image_resolution(page: pymupdf.Page) -> float | None:
    """Dots per inch of the one image that fills the page, or None when the page is no such scan."""
    info = _page_image(page)
    if info is None:
        return None
    box = pymupdf.Rect(info["bbox"])
    turned = abs(info["transform"][0]) < abs(info["transform"][1])
    across = info["height"] if turned else info["width"]
    return float(72 * across / box.width) if 50 <= 72 * across / box.width <= 1200 else None


def _page_image(page: pymupdf.Page) -> dict[str, Any] | None:
    """What MuPDF knows of the image that covers nine tenths of the page; None when there is none or several."""
    images = [i for i in page.get_image_info() if pymupdf.Rect(i["bbox"]).get_area() > 0]
    large = [i for i in images if (pymupdf.Rect(i["bbox"]) & page.rect).get_area() > 0.9 * page.rect.get_area()]
    return large[0] if len(large) == 1 else None


def _is_bilevel(page: pymupdf.Page) -> bool:
    info = _page_image(page)
    return bool(info and info.get("bpc") == 1)


def _space(page: pymupdf.Page) -> pymupdf.Colorspace:
    """Grey where the page is one grey image: a third of the memory."""
    info = _page_image(page)
    return pymupdf.csGRAY if info and info.get("colorspace") == 1 else pymupdf.csRGB


def page_image(number: int, raster: Raster) -> PageImage:
    """The raster as a page image that has not been turned or straightened yet."""
    return PageImage(
        number=number,
        pixels=raster.pixels,
        dpi=raster.dpi * raster.scale,
        to_page=np.diag([raster.scale, raster.scale, 1.0]),
        width=raster.width,
        height=raster.height,
        bilevel=raster.bilevel,
        scale=raster.scale,
    )
