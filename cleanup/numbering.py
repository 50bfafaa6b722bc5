"""Line and column numbers (行次, 栏次): they count, so their neighbours know them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from cleanup.table_roles import TableRoles
from document.types import Cell, Correction, Rule, Table

_NUMBER = re.compile(r"\d{1,3}")
_LINE, _COLUMN = "行次", "栏次"
_MISREAD = re.compile(r"[0-9A-Za-z|.,'·*\s]{1,5}")
Place = tuple[int, int]


def counting_cells(table: Table, roles: TableRoles) -> tuple[tuple[Cell, ...], ...]:
    """The numbering rows and line columns of the table, each in printed order, blanks and words left out."""
    runs: dict[tuple[str, int], list[Cell]] = defaultdict(list)
    for cell in table.cells:
        if not cell.reading.text or not _MISREAD.fullmatch(cell.reading.text):
            continue
        if cell.row in roles.numbering_rows:
            runs["row", cell.row].append(cell)
        elif cell.col in roles.line_columns and cell.row >= roles.header_rows:
            runs["column", cell.col].append(cell)
    return tuple(tuple(run) for run in runs.values())


def mend_numbering(table: Table, roles: TableRoles) -> Table:
    """The table with line and column numbers mended that both neighbours contradict; idempotent."""
    lost = (*_lost_numbers(table, roles), *_numbers_by_place(table, roles))
    used = {col for c in table.cells if c.reading.text for col in range(c.col, c.col + c.col_span)}
    mended = {(c.row, c.col): _with_number(c, n) for c, n in lost if c.col in used}
    mended |= {(c.row, c.col): _known_as(c, word, Rule.FIXED_LABEL) for c, word in _heads(table, roles)}
    for run in counting_cells(table, roles):
        for cell, number in zip(run, _counted(run), strict=True):
            said = cell.reading.text == str(number) and not cell.reading.needs_review
            if number is not None and not said:
                mended[cell.row, cell.col] = _with_number(cell, number)
    if not mended:
        return table
    return replace(table, cells=tuple(mended.get((c.row, c.col), c) for c in table.cells))


def _heads(table: Table, roles: TableRoles) -> Iterator[tuple[Cell, str]]:
    """栏次 before a row that counts and 行次 over a column that does, half misread: 样次, 行; known by their place."""
    head = [c for c in table.cells if c.row < roles.header_rows and c.row not in roles.numbering_rows]
    lines = {col: [c for c in head if c.col == col and c.col_span == 1] for col in sorted(roles.line_columns)}
    said = {c.reading.text for cells in lines.values() for c in cells if c.reading.text}
    if said and all(_is_half(text, _LINE) for text in said):
        for cells in lines.values():
            words = [c for c in cells if c.reading.text]
            for cell in words or cells[:1]:
                if cell.reading.text != _LINE and len(cells) - len(words) <= 1:
                    yield cell, _LINE
    for row in roles.numbering_rows:
        words = [c for c in table.cells if c.row == row and any(x.isalpha() for x in c.reading.text)]
        if len(words) == 1 and words[0].reading.text != _COLUMN and _is_half(words[0].reading.text, _COLUMN):
            yield words[0], _COLUMN


def _is_half(text: str, word: str) -> bool:
    """Whether a text is the word, or has one of its two characters lost or misread."""
    return 0 < len(text) <= len(word) and (text in word or any(a == b for a, b in zip(text, word, strict=False)))


def _lost_numbers(table: Table, roles: TableRoles) -> Iterator[tuple[Cell, int]]:
    """Blank cells of a count whose neighbours leave room for just one number: 3, nothing, 5; and at its ends."""
    at = {(c.row, c.col): c for c in table.cells}
    ones = {c.row for c in table.cells if c.reading.text == "1"}
    for (row, col), cell in at.items():
        if cell.reading.text or cell.row_span > 1 or cell.col_span > 1:
            continue
        if row in roles.numbering_rows:
            before, after = at.get((row, col - 1)), at.get((row, col + 1))
        elif col in roles.line_columns and row >= roles.header_rows:
            before, after = at.get((row - 1, col)), at.get((row + 1, col))
        else:
            continue
        at_end = _number_at_an_end(cell, at, table, roles)
        if at_end is not None:
            yield cell, at_end
        if after is None or at_end is not None:
            continue
        beyond = at.get((row, col + 2))
        starts = after.reading.text == "2" and beyond is not None and beyond.reading.text == "3"
        if starts and row in roles.numbering_rows and col not in roles.line_columns and row not in ones:
            yield cell, 1
            continue
        if before is None:
            continue
        first, last = before.reading.text, after.reading.text
        if _NUMBER.fullmatch(first) and _NUMBER.fullmatch(last) and int(last) == int(first) + 2:
            yield cell, int(first) + 1


def _numbers_by_place(table: Table, roles: TableRoles) -> Iterator[tuple[Cell, int]]:
    """Blanks in a 栏次 row whose other numbers all stand where counting its columns of amounts puts them.

    So over lists side by side: 栏次, blank under 行次, nothing, 栏次, blank under 行次, 2, 3.
    """
    for row in roles.numbering_rows:
        cells = sorted(
            (c for c in table.cells if c.row == row and c.col not in roles.line_columns), key=lambda c: c.col
        )
        places = [c for c in cells if not c.reading.text or _NUMBER.fullmatch(c.reading.text)]
        read = {n: _number_of(c) for n, c in enumerate(places, 1)}
        known = [number == n for n, number in read.items() if number is not None]
        halves = sum(c.reading.text == "栏次" for c in cells)
        one_each = len(places) == halves == len(known) + 1 > 1
        many = len(known) >= _MANY * len(places) and len(known) >= _LEAST_KNOWN
        if all(known) and (many or one_each):
            yield from ((c, n) for n, c in enumerate(places, 1) if not c.reading.text)


_MANY, _LEAST_KNOWN = 0.75, 3
"""Share and number of the column numbers that must have been read."""


def _number_at_an_end(cell: Cell, at: Mapping[Place, Cell], table: Table, roles: TableRoles) -> int | None:
    """What a blank must be in the last column of a 栏次 row (5, 6, nothing), or first in 序号 (nothing, 2, 3)."""
    row, col = cell.row, cell.col
    in_row = row in roles.numbering_rows
    if in_row and col == table.n_cols - 1:
        last, two_last, three_last = (_number_of(at.get((row, col - n))) for n in (1, 2, 3))
        counting = last is not None and two_last == last - 1 and three_last == last - 2
        return last + 1 if last is not None and counting else None
    is_first = row == roles.header_rows or row - 1 in roles.numbering_rows
    if not in_row and is_first and [_number_of(at.get((row + n, col))) for n in (1, 2)] == [2, 3]:
        return 1
    return None


def _number_of(cell: Cell | None) -> int | None:
    return int(cell.reading.text) if cell is not None and _NUMBER.fullmatch(cell.reading.text) else None


def vouched_numbers(table: Table, roles: TableRoles) -> frozenset[Place]:
    """Places of line and column numbers that their neighbours confirm."""
    return frozenset(
        (cell.row, cell.col)
        for run in counting_cells(table, roles)
        for cell, number in zip(run, _counted(run), strict=True)
        if number is not None and cell.reading.text == str(number)
    )


def _counted(run: Sequence[Cell]) -> list[int | None]:
    """For each cell the number its neighbours say: both beside it, or the two on its only side."""
    read = [int(c.reading.text) if _NUMBER.fullmatch(c.reading.text) else None for c in run]
    return [
        _said_by(_at(read, (i - 2, i - 1, i + 1, i + 2)), i, len(run), cell.reading.text) for i, cell in enumerate(run)
    ]


def _said_by(around: Sequence[int | None], i: int, count: int, text: str) -> int | None:
    two_back, back, ahead, two_ahead = around
    if back is not None and ahead is not None:
        return back + 1 if ahead == back + 2 else None
    said = None
    if i == 0 and ahead is not None and two_ahead == ahead + 1 and ahead > 1:
        said = ahead - 1
    elif i == count - 1 and back is not None and two_back == back - 1:
        said = back + 1
    # the last number of a column may skip on purpose: only what is plainly a misreading is mended there
    return said if said is not None and (str(said) in text or not text.isdigit()) else None


def _at(values: Sequence[int | None], places: Iterable[int]) -> list[int | None]:
    return [values[p] if 0 <= p < len(values) else None for p in places]


def _with_number(cell: Cell, number: int) -> Cell:
    return _known_as(cell, str(number), Rule.NUMBER_FORMAT)


def _known_as(cell: Cell, text: str, rule: Rule) -> Cell:
    """The cell with what its place says that it holds."""
    reading = cell.reading
    mended = reading
    if reading.text != text:
        record = Correction(reading.text, text, rule, 0.97, "sequence")
        mended = replace(reading, text=text, corrections=(*reading.corrections, record))
    # ink that nobody read, or a number whose form was in doubt: now it is known what it says
    mended = replace(mended, needs_review=False, reasons=())
    return replace(cell, reading=mended)
