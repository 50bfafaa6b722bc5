"""Text that is missing (缺漏): sequences with holes in line numbers, enumerators and codes.

A row that was lost in reading leaves a jump in what counts: 行次 8, 10; 九、 十一、. One jump alone may be in print
(forms do skip numbers) and flags the cell after it; two at the same row mean that a row is missing there.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from cleanup.amount_grid import AmountGrid, read_grid
from cleanup.table_roles import table_roles
from document.types import Document, Table

_NUMBER = re.compile(r"\d{1,3}")
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
    blocks = tuple(_noted(block) if isinstance(block, Table) else block for block in document.blocks)
    return replace(document, blocks=blocks)


def _noted(table: Table) -> Table:
    jumps = find_jumps(table)
    if not jumps:
        return table
    by_row: dict[int, list[Jump]] = defaultdict(list)
    for jump in jumps:
        by_row[jump.row].append(jump)
    certain = [jump for found in by_row.values() if len(found) >= 2 for jump in found]
    words = {(jump.row, jump.col): jump.words for jump in jumps}
    cells = tuple(
        replace(
            c,
            reading=replace(
                c.reading,
                needs_review=True,
                reasons=tuple(dict.fromkeys((*c.reading.reasons, words[c.row, c.col]))),
            ),
        )
        if (c.row, c.col) in words
        else c
        for c in table.cells
    )
    reasons = tuple(dict.fromkeys((*table.reasons, *(f"第{j.row + 1}行前{j.words}" for j in jumps))))
    return replace(table, cells=cells, reasons=reasons, needs_review=table.needs_review or bool(certain))


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
