"""Text that is missing (缺漏): sequences with holes in line numbers, enumerators and codes; cells that ran together.

A row that was lost in reading leaves a jump in what counts: 行次 8, 10; 九、 十一、. One jump alone may be in print
(forms do skip numbers) and flags the cell after it; two at the same row mean that a row is missing there.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from cleanup.amount_grid import AmountGrid, read_grid
from cleanup.table_roles import table_roles
from document.types import Cell, Document, Table

_TWO_NUMBERS = re.compile(r"-?[\d,]{1,20}\.\d{2}[\s,]+-?[\d,]{1,20}\.\d{2}")
_LABEL_AND_NUMBER = re.compile(r".{0,80}[\u4e00-\u9fff）][\s:：]?\d[\d,]{0,20}\.\d{2}")
_LONE_NUMBER = re.compile(r"-?\d[\d,]{1,20}(?:\.\d{1,4})?%?|-?\d\.\d{1,4}%?")
"""A lone digit is mostly a stroke, or an enumerator."""
_HAN = re.compile(r"[\u4e00-\u9fff]")
_SPLIT_UNIT = re.compile(r"[（(](?:万|千|亿)\s?\d[\d,.]{0,20}\s?元?[）)]|[（(]\s?\d[\d,.]{0,20}\s?(?:万|千|亿)元[）)]$")
_ENDS_IN_NUMBER = re.compile(r".{0,80}[^\d.]\d{1,3}", re.S)
JOINED = "一格内有两项内容，可能与邻格连读"
"""Reason of a cell that holds two numbers, or a label and a number."""
LEAST_AMOUNTS = 5
"""A table with fewer amounts is a form, where sentences end in numbers."""
_NUMBER = re.compile(r"\d{1,3}")
SURE = 0.95
"""Probability of its digits from which a line number is what is printed."""
GAP, HIGH = 0.2, 1.5
"""Most space between two rows that touch, and height of a row without room for another, in usual heights a line."""
MAX_JUMP = 20
"""A larger jump begins another count."""


@dataclass(frozen=True, slots=True)
class Jump:
    """A place where a count leaves something out."""

    row: int
    """The row after the hole."""
    col: int
    before: str
    after: str

    @property
    def words(self) -> str:
        """For an operator."""
        return f"从“{self.before}”跳到“{self.after}”，可能缺行"


def note_missing(document: Document) -> Document:
    """The document with cells after a hole in a count flagged, and tables where a row must be missing."""
    blocks = tuple(_noted(_parted(block)) if isinstance(block, Table) else block for block in document.blocks)
    return replace(document, blocks=blocks)


def _parted(table: Table) -> Table:
    """The table with cells flagged that hold two numbers, or a label and a number."""
    lines = table_roles(table).line_columns
    many = sum(cell.amount is not None for cell in table.cells) >= LEAST_AMOUNTS
    cells = tuple(
        flagged(c, JOINED)
        if _side_by_side(c)
        or _in_a_unit(c)
        or (
            c.col_span > 1
            and lines.intersection(range(c.col, c.col + c.col_span))
            and _ENDS_IN_NUMBER.fullmatch(c.reading.text)
        )
        or (many and (_TWO_NUMBERS.fullmatch(c.reading.text) or _LABEL_AND_NUMBER.fullmatch(c.reading.text)))
        else c
        for c in table.cells
    )
    return replace(table, cells=cells)


def _side_by_side(cell: Cell) -> bool:
    """Whether a number and words were read beside each other in one cell: 146 | 实际到位金额（万元）, a lost border."""
    said = cell.reading.text
    numbers = [k for k in cell.lines if _LONE_NUMBER.fullmatch(k.text.strip()) and k.text.strip() in said]
    words = [k for k in cell.lines if len(_HAN.findall(k.text)) >= 2]
    return any(
        abs(n.box.center[1] - w.box.center[1]) < 0.8 * w.box.height + 0.3 * cell.box.height
        and (n.box.right <= w.box.left + 1 or w.box.right <= n.box.left + 1)
        for n in numbers
        for w in words
    )


def _in_a_unit(cell: Cell) -> bool:
    """Whether a number stands inside the unit of a label: 实际到位金额（万146元）."""
    return bool(_SPLIT_UNIT.search(cell.reading.text))


def flagged(cell: Cell, *why: str) -> Cell:
    """The cell marked for review, with further reasons."""
    return replace(cell, reading=cell.reading.doubted(*why))


def _noted(table: Table) -> Table:
    jumps = find_jumps(table)
    if not jumps:
        return table
    by_row: dict[int, list[Jump]] = defaultdict(list)
    for jump in jumps:
        by_row[jump.row].append(jump)
    certain = [jump for found in by_row.values() if len(found) >= 2 for jump in found]
    lone = {jump for found in by_row.values() if len(found) == 1 for jump in found}
    words = {(j.row, j.col): j.words for j in jumps if not (j in lone and _leaves_no_room(table, j))}
    cells = tuple(flagged(c, words[c.row, c.col]) if (c.row, c.col) in words else c for c in table.cells)
    reasons = tuple(dict.fromkeys((*table.reasons, *(f"第{j.row + 1}行前{j.words}" for j in jumps))))
    return replace(table, cells=cells, reasons=reasons, needs_review=table.needs_review or bool(certain))


def _leaves_no_room(table: Table, jump: Jump) -> bool:
    """Whether a jump of line numbers is in print: surely read, and no row fits between the two that it parts.

    Their cells touch, and the second is no higher than its lines of text need.
    """
    cells = {c.row: c for c in table.cells if c.col == jump.col}
    after, before = cells[jump.row], cells.get(jump.row - 1)
    if before is None or before.reading.text != jump.before or before.page != after.page or not after.lines:
        return False
    sure = all(c.probability >= SURE for line in after.lines for c in line.characters)
    heights = [c.box.height / max(1, _levels(c)) for c in table.cells if c.row_span == 1 and c.lines]
    usual = median(heights)
    most = max(_levels(c) for c in table.cells if c.row == jump.row)
    touching = abs(after.box.top - before.box.bottom) <= GAP * usual
    return sure and touching and after.box.height <= HIGH * usual * most


def _levels(cell: Cell) -> int:
    """How many lines of text lie over each other in a cell."""
    tops = sorted(line.box.top for line in cell.lines)
    height = median([line.box.height for line in cell.lines]) if cell.lines else 0.0
    return 1 + sum(b - a > 0.5 * height for a, b in pairwise(tops))


def find_jumps(table: Table) -> tuple[Jump, ...]:
    """All jumps of line numbers and of 一、二、三 in the table, by column and row."""
    grid = read_grid(table)
    found = [*_number_jumps(table), *(_enumerator_jumps(grid) if grid is not None else ())]
    return tuple(sorted(found, key=lambda j: (j.row, j.col)))


def _number_jumps(table: Table) -> Iterator[Jump]:
    roles = table_roles(table)
    for col in roles.line_columns:
        run = [
            (c.row, int(c.reading.text))
            for c in table.cells
            if c.col == col and c.row >= roles.header_rows and _NUMBER.fullmatch(c.reading.text)
        ]
        for (_, before), (row, after) in pairwise(run):
            if 1 < after - before <= MAX_JUMP:
                yield Jump(row, col, str(before), str(after))


def _enumerator_jumps(grid: AmountGrid) -> Iterator[Jump]:
    """Jumps between labels of one rank in one column; a lower or repeated number begins another list."""
    last: dict[tuple[int, int], tuple[int, str]] = {}
    for (row, col), label in sorted(grid.labels.items()):
        if label.ordinal is None or label.col != col:
            continue
        key = (col, label.rank)
        before = last.get(key)
        for deeper in [k for k in last if k[0] == col and k[1] > label.rank]:
            del last[deeper]
        last[key] = (label.ordinal, label.text)
        if before is not None and 1 < label.ordinal - before[0] <= MAX_JUMP:
            yield Jump(row, col, before[1][:20], label.text[:20])
