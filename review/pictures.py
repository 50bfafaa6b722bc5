"""Pictures of pages and fields (截图): drawn by what was handed in, kept in a bounded folder, reached by ids alone."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from document.exceptions import InputError
from document.geometry import Box
from review.desk import Desk, PageSource
from review.schema import AnyRow
from review.store import Store
from review.types import NotFound
from review.views import document_row, field_row

CROP_DPI = 200
PAGE_DPI = 150
MOST_BYTES = 500_000_000
"""Of all pictures kept; the ones longest unused go."""
_BESIDE = 110.0
"""Points shown left and right of a field: about two columns."""
_ABOVE = 34.0
"""Points shown above and below: two rows or so."""
_TALLEST = 400.0
"""Points of a field shown at most: a whole table is looked at on its page."""
_SWEEP = 100
"""Pictures written between two looks at the folder's size."""


def crop_box(store: Store, field_id: int) -> Box:
    """The part of the page, in points, that ``crop_png`` shows: the page outlines the field's own box within it."""
    with store.read() as connection:
        row = field_row(connection, field_id)
    page = _page(row.pages, row.page)
    return surroundings(Box(row.left, row.top, row.right, row.bottom), page["width"], page["height"])


def surroundings(box: Box, width: float, height: float) -> Box:
    """The field's box with what stands around it, within a page of this size in points."""
    grown = box.grown(_BESIDE, _ABOVE)
    left, top = (max(0.0, min(at, most - 1)) for at, most in ((grown.left, width), (grown.top, height)))
    right, bottom = max(left + 1, min(grown.right, width)), max(top + 1, min(grown.bottom, height, top + _TALLEST))
    return Box(left, top, right, bottom)


def crop_png(desk: Desk, field_id: int, cleaned: bool = False) -> bytes:
    """PNG of the field with its surroundings; ``crop_box`` says which part of the page that is.

    ``cleaned``: with the watermark taken off. Raises InputError where the source file cannot be found.
    """
    with desk.store.read() as connection:
        row = field_row(connection, field_id)
        source = _source(document_row(connection, row.document_id), row.page)
    box = surroundings(Box(row.left, row.top, row.right, row.bottom), source.width, source.height)
    return _drawn(desk, source, cleaned, box, CROP_DPI)


def page_png(desk: Desk, document_id: int, number: int, cleaned: bool = False) -> bytes:
    """PNG of a whole page, about 1,240 pixels wide for A4."""
    with desk.store.read() as connection:
        source = _source(document_row(connection, document_id), number)
    return _drawn(desk, source, cleaned, None, PAGE_DPI)


def _page(pages: Iterable[dict[str, Any]], number: int) -> dict[str, Any]:
    found = next((p for p in pages if p["number"] == number), None)
    if found is None:
        raise NotFound(f"There is no page {number}.")
    return found


def _source(row: AnyRow, number: int) -> PageSource:
    pages, name = row.pages, row.name
    page = _page(pages, number)
    path = row.source_path
    if path is None:
        raise InputError(
            f"{name}: its scan is not known. Import it with `qingzhang review import OUT --source FOLDER`."
        )
    return PageSource(Path(row.source_path), row.sha256, number, int(page["rotation"]), page["width"], page["height"])


def _drawn(desk: Desk, source: PageSource, cleaned: bool, box: Box | None, dpi: int) -> bytes:
    """The picture, from the folder where it is there."""
    shown = None if box is None else tuple(round(v, 1) for v in box.as_tuple())
    key = f"{source.sha256}|{source.number}|{source.rotation}|{cleaned}|{shown}|{dpi}"
    file = desk.cache / f"{hashlib.sha256(key.encode()).hexdigest()}.png"
    try:
        data = file.read_bytes()
        os.utime(file)
        return data
    except OSError:
        pass
    data = desk.draw(source, cleaned, box, dpi)
    _keep(file, data)
    return data


def _keep(file: Path, data: bytes) -> None:
    """Write a picture whole; a full disk only costs time."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=file.parent, prefix=".try-", delete=False) as draft:
            draft.write(data)
        os.replace(draft.name, file)
        if int(file.name[:4], 16) % _SWEEP == 0:
            sweep(file.parent, MOST_BYTES)
    except OSError:
        return


def sweep(folder: Path, most: int) -> None:
    """Take the pictures longest unused away until at most ``most`` bytes are left."""
    files = []
    for file in folder.glob("*.png"):
        try:
            files.append((file.stat().st_mtime, file.stat().st_size, file))
        except FileNotFoundError:
            continue
    total = sum(size for _, size, _ in files)
    for _, size, file in sorted(files):
        if total <= most:
            break
        file.unlink(missing_ok=True)
        total -= size
