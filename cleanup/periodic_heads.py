"""Heads that repeat (重复的表头): 科目编码, 科目名称, 决算数 over three lists side by side say each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from rapidfuzz.distance import Levenshtein

from cleanup.lexicon import Lexicon, any_year, key_of
from cleanup.table_roles import TableRoles
from document.types import Cell, Correction, Rule, Table

_LIKE, _LIKE_OF_TWO = 0.3, 0.6
"""Likeness (0–1) of a misread head to the others of its place: with two and more others, and with just one."""
_FIT = 0.5
"""Share of a row's heads that must be what the others of their place are."""


def mend_heads(table: Table, roles: TableRoles, words: Lexicon) -> Table:
    """The table with heads mended that are no entry, where the lists beside it have the same heads; idempotent."""
    mended: dict[tuple[int, int], Cell] = {}
    for row in range(roles.header_rows):
        cells = sorted((c for c in table.cells if c.row == row), key=lambda c: c.col)
        if len(cells) != table.n_cols or row in roles.numbering_rows:
            continue
        for cell, text in _misread(cells, words):
            record = Correction(cell.reading.text, text, Rule.FIXED_LABEL, 0.95, "document")
            corrections = (*cell.reading.corrections, record)
            reading = replace(cell.reading, text=text, corrections=corrections, needs_review=False, reasons=())
            mended[cell.row, cell.col] = replace(cell, reading=reading)
    if not mended:
        return table
    return replace(table, cells=tuple(mended.get((c.row, c.col), c) for c in table.cells))


def _misread(cells: Sequence[Cell], words: Lexicon) -> Iterator[tuple[Cell, str]]:
    texts = [c.reading.text for c in cells]
    known = [bool(t) and words.is_known(any_year(key_of(t))) for t in texts]
    for period in range(2, len(texts) // 2 + 1):
        if len(texts) % period:
            continue
        meant = [_meant(texts[phase::period], known[phase::period]) for phase in range(period)]
        fit = sum(texts[i] == meant[i % period] for i in range(len(texts)))
        if None in meant or fit < _FIT * len(texts):
            continue
        least = _LIKE if len(texts) // period > 2 else _LIKE_OF_TWO
        for i, cell in enumerate(cells):
            said = meant[i % period]
            if said and texts[i] and not known[i] and Levenshtein.normalized_similarity(texts[i], said) >= least:
                yield cell, said
        return


def _meant(texts: Sequence[str], known: Sequence[bool]) -> str | None:
    """The one entry that the heads of a place say, or None."""
    said = Counter(t for t, sure in zip(texts, known, strict=True) if sure)
    return next(iter(said)) if len(said) == 1 else None
