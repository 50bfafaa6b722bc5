"""Pixels as pictures that stand inside an HTML file."""

from __future__ import annotations

import base64
import io
import logging
from collections.abc import Callable

from PIL import Image

from document.exceptions import QingzhangError
from document.types import Origin, Page
from document.writers.original import Pixels

log = logging.getLogger(__name__)


def jpeg(pixels: Pixels, quality: int = 60) -> bytes:
    """The pixels as JPEG; the same pixels give the same bytes."""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()


def data_uri(picture: bytes, kind: str = "image/jpeg") -> str:
    """The picture as an address that needs no file and no network."""
    return f"data:{kind};base64,{base64.b64encode(picture).decode('ascii')}"


def page_picture(draw: Callable[[Page, float], Pixels] | None, page: Page, dpi: float, quality: int = 60) -> str | None:
    """The page as a ``data:`` address, or None for a failed page and where it cannot be drawn."""
    if draw is None or page.origin is Origin.FAILED:
        return None
    try:
        return data_uri(jpeg(draw(page, dpi), quality))
    except QingzhangError as error:  # the file speaks without its picture too
        log.warning("page %d is not shown: %s", page.number, error)
        return None
