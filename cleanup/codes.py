"""Subject codes mended from their form, their name and their place in the tree (科目编码)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rapidfuzz.distance import Levenshtein

from cleanup.lexicon import Lexicon, key_of
from cleanup.table_roles import CODE, TableRoles, code_form
from document.types import Cell, Correction, Reading, Rule, Table

_EDGED = re.compile(r"\D{0,3}?(\d{3,7})\D{0,3}")
_DOUBT = 0.1
"""Probability of another digit from which the recogniser counts as doubting its own."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A code cell with what stands around it in its column."""

    cell: Cell
    code: str
    """The code after its form was mended."""
    name: str
    """Key of the name beside it, "" where there is none."""
    parents: tuple[str, ...]
    """The 类 and 款 that were printed last above it."""
    following: str
    """The next code below it, "" at the end."""


def correct_codes(table: Table, roles: TableRoles, words: Lexicon) -> Table:
    """The table with misread codes mended where form, name and tree agree; idempotent."""
    cells = {(c.row, c.col): c for c in table.cells}
    mended: dict[tuple[int, int], Cell] = {}
    for col in sorted(roles.code_columns):
        column = [c for c in table.cells if c.col == col and c.row >= roles.header_rows and c.reading.text]
        for row in _rows(column, cells):
            reading = _mended(row, words)
            if reading is not row.cell.reading:
                mended[row.cell.row, row.cell.col] = replace(row.cell, reading=reading)
    if not mended:
        return table
    return replace(table, cells=tuple(mended.get((c.row, c.col), c) for c in table.cells))


def _form(text: str) -> str:
    """The code in the text: letters taken for digits, and up to three strange characters at its ends."""
    form = code_form(text)
    edged = _EDGED.fullmatch(form)
    return edged.group(1) if edged and CODE.fullmatch(edged.group(1)) else form


def _rows(column: Sequence[Cell], cells: dict[tuple[int, int], Cell]) -> list[_Row]:
    codes = [_form(c.reading.text) for c in column]
    rows: list[_Row] = []
    above: dict[int, str] = {}
    for i, (cell, code) in enumerate(zip(column, codes, strict=True)):
        beside = cells.get((cell.row, cell.col + cell.col_span))
        name = key_of(beside.reading.text) if beside else ""
        parents = tuple(above[n] for n in (3, 5) if n in above and n < len(code))
        rows.append(_Row(cell, code, name, parents, codes[i + 1] if i + 1 < len(codes) else ""))
        if CODE.fullmatch(code):
            above = {n: c for n, c in above.items() if n < len(code)} | {len(code): code}
    return rows


def _mended(row: _Row, words: Lexicon) -> Reading:
    reading = row.cell.reading
    by_name = _from_name(row, words)
    if by_name is not None:
        return _with_code(reading, by_name, 0.97, words.source)
    if row.code != reading.text:
        return _with_code(reading, row.code, 0.99, None)
    return reading


def _with_code(reading: Reading, code: str, score: float, source: str | None) -> Reading:
    record = Correction(reading.text, code, Rule.SUBJECT_CODE, score, source)
    return replace(reading, text=code, corrections=(*reading.corrections, record))


def _from_name(row: _Row, words: Lexicon) -> str | None:
    """The one code that bears the name, is a digit away, and fits the tree better than the code read."""
    bearers = words.codes.get(row.name, ())
    if not bearers or row.code in words.names:
        return None
    near = {s.code for s in bearers if _one_digit_away(row.code, s.code)}
    fitting = [c for c in near if _fits(c, row) and (not _fits(row.code, row) or _doubted(row, c))]
    return fitting[0] if len(fitting) == 1 else None


def _one_digit_away(read: str, code: str) -> bool:
    return read != code and Levenshtein.distance(read, code, score_cutoff=1) <= 1


def _fits(code: str, row: _Row) -> bool:
    """Whether the code lies under what is printed above it, and over what follows."""
    under = all(code.startswith(p) for p in row.parents)
    follower = row.following
    over = len(follower) <= len(code) or follower.startswith(code) or not CODE.fullmatch(follower)
    return under and over


def _doubted(row: _Row, code: str) -> bool:
    """Whether the recogniser itself gave the other digit a chance."""
    characters = [c for line in row.cell.lines for c in line.characters if c.text.strip()]
    if len(characters) != len(code) or len(row.code) != len(code):
        return False
    return all(
        a == b or dict(c.alternatives).get(b, 0.0) >= _DOUBT for a, b, c in zip(row.code, code, characters, strict=True)
    )
