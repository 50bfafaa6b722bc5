"""Codes printed in three columns (类 款 项) joined to one for each row: 204 | 06 | 01 is 2040601.

The cells stay as printed. A row that leaves a column blank because the row above says it already has that part
from there.
"""

from __future__ import annotations

import re
import unicodedata

from document.types import Table

__all__ = ["row_codes"]

_PARTS = (re.compile(r"\d{3}"), re.compile(r"\d{2}"), re.compile(r"\d{2}"))
_LEAST = 3
"""Parts of codes in the three columns together, at least, with one in each."""
_STRANGE = 0.1
"""Share of texts below the head that may be no such code: misread ones."""


def row_codes(table: Table) -> tuple[str | None, ...] | None:
    """For each row the joined code, None where it has none; None where no three columns hold 类, 款 and 项."""
    texts = {
        (c.row, c.col): unicodedata.normalize("NFKC", c.reading.text).strip()
        for c in table.cells
        if c.col_span == 1 and c.row_span == 1
    }
    for first in range(table.n_cols - 2):
        columns = [[texts.get((row, first + part), "") for row in range(table.n_rows)] for part in range(3)]
        if _are_codes(columns):
            return _joined(columns)
    return None


def _are_codes(columns: list[list[str]]) -> bool:
    """Whether three columns hold 类, 款 and 项, from the first row on where the first one holds a 类."""
    start = next((row for row, text in enumerate(columns[0]) if _PARTS[0].fullmatch(text)), None)
    if start is None:
        return False
    found = 0
    for part, column in zip(_PARTS, columns, strict=True):
        below = [text for text in column[start:] if text]
        strange = sum(not part.fullmatch(text) for text in below)
        if len(below) == strange or strange > _STRANGE * len(below):
            return False
        found += len(below) - strange
    return found >= _LEAST


def _joined(columns: list[list[str]]) -> tuple[str | None, ...]:
    """The codes row by row."""
    codes: list[str | None] = []
    above: list[str] = []
    for row in zip(*columns, strict=True):
        parts = [text if part.fullmatch(text) else "" for part, text in zip(_PARTS, row, strict=True)]
        last = max((i for i, text in enumerate(parts) if text), default=None)
        if last is None:
            codes.append(None)
            continue
        whole = [text or (above[i] if i < len(above) else "") for i, text in enumerate(parts[: last + 1])]
        above = whole if all(whole) else above
        codes.append("".join(whole) if all(whole) else None)
    return tuple(codes)
