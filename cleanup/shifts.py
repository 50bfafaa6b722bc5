"""Rows and columns that are not where they were printed (错行错列): what a table itself says of it.

A table without rules is put together by alignment; where that goes wrong, two columns come out as one, a row slides
under its neighbour, a repeated head stays in the middle. Each leaves a mark that no printed table has: a count of the
columns with a hole, amounts where the column holds labels. The cell that shows it is flagged; the table is, where one
misreading could not explain it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from cleanup.amount_grid import AmountGrid, plain, read_grid
from cleanup.completeness import JOINED, flagged
from cleanup.table_roles import TableRoles, table_roles
from document.geometry import Box
from document.types import Cell, Document, Table

_COLUMN_NUMBER = re.compile(r"(\d{1,2})(?:=.{1,40})?")
"""Of a 栏次 row: 4, or 4=1+2+3."""
_LINE_AND_NUMBER = re.compile(r"(\d{1,3})\s+-?\d[\d,.]{0,20}")
_TWO_ROWS = re.compile(r".{0,20}[小合总]计其中[：:].{1,60}|.{1,20}[栏行]次", re.S)
"""小计 | 其中：动用上年结转, 项目 | 栏次: two rows in one cell."""
_TWO_AMOUNTS = re.compile(r"-?[\d,]{1,20}\.\d{2}\s*-?[\d,]{1,20}\.\d{2}")
_DECIMAL = re.compile(r"-?[\d,]{1,20}\.\d{1,4}")
_WORD = re.compile(r"[\u4e00-\u9fff]{2}")
MAX_LOST = 6
"""A larger hole in the 栏次 is a misread number."""
MAX_NUMBERS = 60
"""More columns than any disclosure numbers."""
LEAST_GAP = 0.5
"""Heights of the type between two texts beside each other that stand in two columns; within a text it is less."""
LEAST_SURE = 4
"""Cells of a column's kind, blank amounts among them, before others in it can be out of place."""
MOST_OUT = 0.25
"""Share of a column's cells that may be out of place; with more nobody knows what the column is for."""


@dataclass(frozen=True, slots=True)
class Shift:
    """A mark of a row or column out of place."""

    words: str
    """For an operator."""
    cells: tuple[tuple[int, int], ...] = ()
    """Row and column of the cells to look at."""
    certain: bool = True
    """Whether the table as a whole must be looked at; otherwise one cell may be misread."""


def note_shifts(document: Document) -> Document:
    """The document with tables flagged whose rows or columns have shifted, and the cells that show it.

    Expects what ``note_missing`` noted.
    """
    return replace(
        document, blocks=tuple(_noted(block) if isinstance(block, Table) else block for block in document.blocks)
    )


def _noted(table: Table) -> Table:
    shifts = find_shifts(table)
    if not shifts:
        return table
    words: dict[tuple[int, int], list[str]] = defaultdict(list)
    for shift in shifts:
        for place in shift.cells:
            words[place].append(shift.words)
    cells = tuple(flagged(c, *words[c.row, c.col]) if (c.row, c.col) in words else c for c in table.cells)
    certain = [shift.words for shift in shifts if shift.certain]
    reasons = tuple(dict.fromkeys((*table.reasons, *certain)))
    return replace(table, cells=cells, reasons=reasons, needs_review=table.needs_review or bool(certain))


def find_shifts(table: Table) -> tuple[Shift, ...]:
    """All marks of shifted rows and columns in the table."""
    roles = table_roles(table)
    grid = read_grid(table)
    found = [*_lost_columns(table), *_repeated_heads(table, roles), *_joined(table)]
    if grid is not None:
        found += [
            *_joined_numbers(table, grid.heads),
            *_out_of_place(table, roles, grid),
            *_headless(table, roles, grid),
        ]
    return tuple(found)


def _lost_columns(table: Table) -> Iterator[Shift]:
    """Holes in the 栏次: 1 2 3 5 6 in five columns beside each other."""
    rows: dict[int, dict[int, str]] = defaultdict(dict)
    for cell in table.cells:
        rows[cell.row][cell.col] = plain(cell.reading.text)
    for row, texts in rows.items():
        if "栏次" not in texts.values():
            continue
        numbers = _ascending([(c, int(m[1])) for c, t in sorted(texts.items()) if (m := _COLUMN_NUMBER.fullmatch(t))])
        for (col, before), (other, after) in pairwise(numbers):
            lost = after - before - (other - col)
            if 0 < lost <= MAX_LOST:
                yield Shift(f"栏次从{before}跳到{after}，可能少了{lost}列", ((row, other),))
            blank = [c for c in range(col + 1, other) if texts.get(c) == ""]
            if lost == 0 and blank:
                yield Shift(f"栏次从{before}跳到{after}，漏读了栏次", tuple((row, c) for c in blank), certain=False)
        for col, first in _pairs_in_one_cell(texts, numbers):
            yield Shift(f"栏次{first}与{first + 1}在一格内，可能少了1列", ((row, col),))


def _pairs_in_one_cell(texts: Mapping[int, str], numbers: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Columns beside a number that hold the next two, or the two before, and the first of the two."""
    beside = {(col + 1, n + 1) for col, n in numbers} | {(col - 1, n - 2) for col, n in numbers}
    return sorted((col, n) for col, n in beside if texts.get(col) == f"{n}{n + 1}")


def _ascending(numbers: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The most of the numbers that rise from left to right; the others are misread, or two in one cell."""
    best: list[list[tuple[int, int]]] = []
    for col, number in numbers[:MAX_NUMBERS]:
        before = max((run for run in best if run[-1][1] < number), key=len, default=[])
        best.append([*before, (col, number)])
    return max(best, key=len, default=[])


def _repeated_heads(table: Table, roles: TableRoles) -> Iterator[Shift]:
    """A head that is printed again on the next page and has stayed among the rows."""
    rows: dict[int, dict[int, str]] = defaultdict(dict)
    pages: dict[int, int] = {}
    for cell in table.cells:
        rows[cell.row][cell.col] = plain(cell.reading.text)
        pages.setdefault(cell.row, cell.page)
    heads = {(col, text) for row in range(roles.header_rows) for col, text in rows[row].items() if _WORD.search(text)}
    for before, row in pairwise(sorted(rows)):
        same = [col for col, text in rows[row].items() if (col, text) in heads]
        turned = row >= roles.header_rows and pages[row] != pages[before]
        if turned and len(same) >= 3:
            yield Shift(f"第{row + 1}行是续页上重复的表头", tuple((row, col) for col in same))


def _joined(table: Table) -> Iterator[Shift]:
    """Cells with two contents: two rows or two columns came out as one."""
    widths = {(cell.row, cell.col): _contents(cell) for cell in table.cells}
    places = tuple(place for place, contents in widths.items() if contents > 1)
    if len(places) == 1 and widths[places[0]] == 2:
        yield Shift(JOINED, places, certain=False)
    elif places:
        yield Shift(f"{len(places)}格内有并列的内容，可能有行或列并在一起", (*places, *_pushed(table, places)))


def _pushed(table: Table, joined: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The cells right of a column that came out as one with the next: what stands there is printed one column on.

    In the rows with two contents also the blanks; elsewhere what has a text.
    """
    by_col: dict[int, list[int]] = defaultdict(list)
    for row, col in joined:
        by_col[col].append(row)
    first = min((col for col, rows in by_col.items() if len(rows) >= 2), default=table.n_cols)
    rows, top = by_col.get(first, []), min(by_col.get(first, [0]))
    pushed = [c for c in table.cells if c.col > first and c.row >= top]
    if 2 * sum(bool(c.verified_by) for c in pushed) > sum(c.amount is not None for c in pushed):
        return []  # its amounts add up: they stand under their own heads
    return [(c.row, c.col) for c in pushed if c.row in rows or c.reading.text.strip()]


def _contents(cell: Cell) -> int:
    """How many contents show that the cell holds them."""
    text = cell.reading.text.strip()
    pieces = [k.box for k in cell.lines if _WORD.search(k.text)]
    apart = sum(any(_beside(left, right) for left in pieces) for right in pieces)
    two = JOINED in cell.reading.reasons or _TWO_ROWS.fullmatch(text) or _TWO_AMOUNTS.fullmatch(text)
    return max(1 + apart, 2 if two else 1)


def _beside(left: Box, right: Box) -> bool:
    """Whether two texts stand on one level, with a column's gap between them."""
    height = min(left.height, right.height)
    return abs(left.center[1] - right.center[1]) < 0.5 * height and right.left - left.right >= LEAST_GAP * height


def _joined_numbers(table: Table, columns: Iterable[int]) -> Iterator[Shift]:
    """Line numbers in the cells of an amount column: 7 3, 10 1, 12 2."""
    for col in columns:
        found = [
            (cell.row, int(m[1]))
            for cell in table.cells
            if cell.col == col and (m := _LINE_AND_NUMBER.fullmatch(cell.reading.text.strip()))
        ]
        if len(found) >= 3 and all(b > a for (_, a), (_, b) in pairwise(found)):
            yield Shift(f"第{col + 1}列的数前有行次，可能少了一列", tuple((row, col) for row, _ in found))


def _out_of_place(table: Table, roles: TableRoles, grid: AmountGrid) -> Iterator[Shift]:
    """Labels among amounts where the row has no label of its own, amounts among labels."""
    amounts, labels = _body(table, roles, grid)
    found: list[tuple[int, int]] = []
    for panel in grid.panels:
        own = panel.label_col
        wrong = [(r, own) for r, c in amounts if c == own]
        found += wrong if _few(wrong, sum(c == own for _, c in labels)) else []
        for col in panel.amount_cols:
            wrong = [(r, c) for r, c in labels if c == col and (r, own) not in labels and grid.label(r, panel) is None]
            found += wrong if _few(wrong, sum(c == col and not a.unread for (_, c), a in grid.amounts.items())) else []
    if found:
        rows = sorted({row for row, _ in found})
        where = "、".join(str(row + 1) for row in rows[:5]) + ("等" if len(rows) > 5 else "")
        yield Shift(f"第{where}行的名称与金额不在各自的列，可能错列", tuple(sorted(set(found))), len(rows) >= 2)


def _few(wrong: list[tuple[int, int]], right: int) -> bool:
    return right >= LEAST_SURE and 0 < len(wrong) <= MOST_OUT * (right + len(wrong))


def _body(table: Table, roles: TableRoles, grid: AmountGrid) -> tuple[set[tuple[int, int]], set[tuple[int, int]]]:
    """The places of amounts and of labels; rows without an amount, such as a head printed again, left out."""
    cells = [c for c in table.cells if c.row >= roles.header_rows and c.row not in roles.numbering_rows]
    with_amount = Counter(c.row for c in cells if c.amount is not None)
    amounts = {(c.row, c.col) for c in cells if c.col_span == 1 and _DECIMAL.fullmatch(c.reading.text.strip())}
    labels = {
        (c.row, c.col)
        for c in cells
        if c.col_span == 1 and c.amount is None and with_amount[c.row] and _WORD.search(c.reading.text)
    }
    return amounts, labels


def _headless(table: Table, roles: TableRoles, grid: AmountGrid) -> Iterator[Shift]:
    """Amounts in a column without a head, in a table whose other columns have one."""
    heads = {
        col
        for cell in table.cells
        if cell.row < roles.header_rows and cell.reading.text.strip()
        for col in range(cell.col, cell.col + min(cell.col_span, 200))
    }
    filled: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for cell in table.cells:
        if cell.row >= roles.header_rows and cell.amount is not None and cell.col_span == 1:
            filled[cell.col].append((cell.row, cell.col))
    without = {col: places for col, places in filled.items() if col not in heads and len(places) >= 2}
    if len(heads) < 2 or len(heads) + len(without) < table.n_cols - 1:
        return
    for col, places in without.items():
        yield Shift(f"第{col + 1}列有金额而没有表头，可能错列", tuple(places))
