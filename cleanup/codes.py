"""Subject codes mended from their form, their name and their place in the tree (科目编码)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rapidfuzz.distance import Levenshtein

from cleanup.lexicon import Lexicon, key_of
from cleanup.table_roles import CODE, TableRoles, code_form, digits_of
from document.types import Cell, Correction, Reading, Rule, Table

_EDGED = re.compile(r"\D{0,3}?(\d{3,7})\D{0,3}")
_CUT_CODE = re.compile(r"(|.*\s)(\d{3,6})")
_CUT_TAIL = re.compile(r"-?(\d{1,3})\s*(\D\S*)", re.S)
_POINTED = re.compile(r"\d{2,6}[.,]\d{1,5}")
"""2080.06 for 2080506: a stroke of a digit taken for a mark. No code is printed so."""
_NO_CODE = "应为科目编码，识别不清"
_LEVEL_LENGTHS = ((3,), (2, 5), (2, 7))
"""Digits of what stands under 类, 款 and 项: each part's own, or the code as far as that part (205, 20501, 2050101)."""
_WHOLE_PARTS = 3
"""Parts of a code in a column that show that it holds such, at least; and they are most of what it holds."""
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
    between: tuple[str, str]
    """The nearest codes above and below that stand beside their own name; "" where there is none."""
    is_beside_codes: bool
    """Whether the cells right above and below it hold codes; of the first one, the cell below."""


def correct_codes(table: Table, roles: TableRoles, words: Lexicon) -> Table:
    """The table with misread codes mended where form, name and tree agree; idempotent."""
    cells = {(c.row, c.col): c for c in table.cells}
    mended = _level_cells(table, roles)
    for col in sorted(roles.code_columns):
        column = [c for c in table.cells if c.col == col and c.row >= roles.header_rows]
        for row in _rows(column, cells, words):
            reading = _mended(row, words) if row.cell.reading.text else _with_lost_code(row, words)
            if reading is not row.cell.reading:
                mended[row.cell.row, row.cell.col] = replace(row.cell, reading=reading)
    if not mended:
        return table
    return replace(table, cells=tuple(mended.get((c.row, c.col), c) for c in table.cells))


def _level_cells(table: Table, roles: TableRoles) -> dict[tuple[int, int], Cell]:
    """The cells under 类, 款, 项 that hold no part of a code as read: letters are digits, and a lost digit is told."""
    found: dict[tuple[int, int], Cell] = {}
    for col, lengths in zip(roles.level_columns, _LEVEL_LENGTHS, strict=False):
        column = [
            c
            for c in table.cells
            if c.col == col and roles.is_body_row(c) and c.col_span == 1 and any(d.isdigit() for d in c.reading.text)
        ]
        parts = [digits_of(c.reading.text) for c in column]
        whole = [len(part) in lengths for part in parts]
        if sum(whole) < max(_WHOLE_PARTS, 0.5 * len(column)):
            continue
        for cell, part, is_whole in zip(column, parts, whole, strict=True):
            if not is_whole:
                found[cell.row, col] = replace(cell, reading=cell.reading.doubted(_NO_CODE))
            elif part != cell.reading.text:
                found[cell.row, col] = replace(cell, reading=_with_code(cell.reading, part, 0.99, None))
    return found


def join_split_codes(table: Table, words: Lexicon) -> Table:
    """3021 | 3 维修（护）费 → 30213 | 维修（护）费: a code that the line between two cells cut, known from its name.

    What stands on both sides of the cut (3022 | 24 被装购置费) is counted once.
    """
    at = {(c.row, c.col): c for c in table.cells}
    mended: dict[tuple[int, int], Cell] = {}
    for cell in table.cells:
        head = _CUT_CODE.fullmatch(cell.reading.text)
        right = at.get((cell.row, cell.col + cell.col_span))
        tail = _CUT_TAIL.fullmatch(right.reading.text) if head and right else None
        code = _joined(head.group(2), tail.group(1), key_of(tail.group(2)), words) if head and tail else None
        if head and tail and right and code:
            before = f"{head.group(1)}{code}"
            mended[cell.row, cell.col] = replace(cell, reading=_with_code(cell.reading, before, 0.97, words.source))
            mended[right.row, right.col] = replace(
                right, reading=_with_code(right.reading, tail.group(2), 0.97, words.source)
            )
    if not mended:
        return table
    return replace(table, cells=tuple(mended.get((c.row, c.col), c) for c in table.cells))


def _joined(head: str, tail: str, name: str, words: Lexicon) -> str | None:
    """The one code that the two pieces make and that bears the name; None where the first is a code already."""
    if head in words.names:
        return None
    codes = {head + tail[k:] for k in range(len(tail)) if head.endswith(tail[:k])}
    found = [c for c in sorted(codes) if CODE.fullmatch(c) and name in words.standard_names(c)]
    return found[0] if len(found) == 1 else None


def _form(text: str) -> str:
    """The code in the text: letters taken for digits, and up to three strange characters at its ends."""
    form = code_form(text)
    edged = _EDGED.fullmatch(form)
    return edged.group(1) if edged and CODE.fullmatch(edged.group(1)) else form


def _rows(column: Sequence[Cell], cells: dict[tuple[int, int], Cell], words: Lexicon) -> list[_Row]:
    codes = [_form(c.reading.text) for c in column]
    rights = [cells.get((c.row, c.col + c.col_span)) for c in column]
    names = [key_of(right.reading.text) if right else "" for right in rights]
    whole = [bool(CODE.fullmatch(code)) for code in codes]
    firm = [any(s.code == code for s in words.codes.get(name, ())) for code, name in zip(codes, names, strict=True)]
    solid = [code if is_firm else "" for code, is_firm in zip(codes, firm, strict=True)]
    before, after, following = _last_before(solid), _last_before(solid[::-1])[::-1], _last_before(codes[::-1])[::-1]
    rows: list[_Row] = []
    above: dict[int, str] = {}
    for i, (cell, code) in enumerate(zip(column, codes, strict=True)):
        parents = tuple(above[n] for n in (3, 5) if n in above and n < len(code))
        beside = 0 < i < len(codes) - 1 and whole[i - 1] and whole[i + 1]
        beside = beside or (i == 0 and len(codes) > 1 and whole[1])
        rows.append(_Row(cell, code, names[i], parents, following[i], (before[i], after[i]), beside))
        if CODE.fullmatch(code):
            above = {n: c for n, c in above.items() if n < len(code)} | {len(code): code}
    return rows


def _last_before(texts: Sequence[str]) -> list[str]:
    """For each place the last text before it that is not blank; "" where there is none."""
    found, last = [], ""
    for text in texts:
        found.append(last)
        last = text or last
    return found


def _mended(row: _Row, words: Lexicon) -> Reading:
    reading = row.cell.reading
    by_name = _from_name(row, words) or _from_place(row, words)
    if by_name is not None:
        return _with_code(reading, by_name, 0.97, words.source)
    if row.code != reading.text:
        return _with_code(reading, row.code, 0.99, None)
    return reading.doubted(_NO_CODE) if _POINTED.fullmatch(reading.text) else reading


def _from_place(row: _Row, words: Lexicon) -> str | None:
    """The one code that bears the name and lies between the firm codes around it, where what was read does not."""
    before, after = row.between
    if (CODE.fullmatch(row.code) and _lies_between(row.code, before, after)) or not (before or after):
        return None
    found = [s.code for s in words.codes.get(row.name, ()) if _lies_between(s.code, before, after)]
    return found[0] if len(found) == 1 else None


def _lies_between(code: str, before: str, after: str) -> bool:
    """Whether a code follows the one and precedes the other, in the class of one of them."""
    in_order = before < code and (not after or code < after)
    return in_order and code[:3] in (before[:3], after[:3])


def _with_lost_code(row: _Row, words: Lexicon) -> Reading:
    """A blank between two codes, beside a name that has just one code there: printed so, or lost; said."""
    reading, code = row.cell.reading, _from_place(row, words)
    if code is None or not row.is_beside_codes:
        return reading
    return reading.doubted(f"编码空缺，按名称和次序应为{code}")


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
