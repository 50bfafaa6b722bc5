"""Columns that the paper does not have (多出的列): a stroke of a watermark or a character taken for a rule.

Such a border stands in one or two rows, in the middle of a label; all other rows, the head's among them, have one
cell over both columns. The pieces are joined and the column goes. Where the texts on its sides stand apart, as the
paddings of two cells keep them, the border is printed: 实施单位 | 市水务局 in one row of a form.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from cleanup.numbers import looks_like_number
from document.geometry import Box
from document.types import Cell, Document, Table

LEAST_ROWS = 10
"""Shorter tables have too few rows to tell a stray border from a real one."""
MOST_SPLIT = 0.1
"""Share of the rows that may have the border."""
MOST_APART = 0.6
"""Gap between the pieces of one label, in heights of its type, at most; a cell's paddings leave more."""


def join_split_columns(document: Document) -> Document:
    """The document with columns joined that only a stray border parts."""
    blocks = tuple(_joined(block) if isinstance(block, Table) else block for block in document.blocks)
    return replace(document, blocks=blocks)


def _joined(table: Table) -> Table:
    for column in range(table.n_cols - 2, -1, -1):
        if table.n_rows >= LEAST_ROWS and _is_stray(table, column):
            table = _without_border(table, column)
    return table


def _is_stray(table: Table, column: int) -> bool:
    """Whether the border right of ``column`` parts only a few labels."""
    split: dict[int, dict[int, Cell]] = defaultdict(dict)
    crossed = 0
    for cell in table.cells:
        if cell.col <= column < cell.col + cell.col_span - 1:
            crossed += cell.row_span
        elif cell.col + cell.col_span - 1 == column or cell.col == column + 1:
            split[cell.row][cell.col] = cell
    if not split or crossed < (1 - MOST_SPLIT) * table.n_rows:
        return False
    return all(_is_one_label(pair, column) for pair in split.values())


def _is_one_label(pair: Mapping[int, Cell], column: int) -> bool:
    """Whether two cells beside the border are pieces of one label: words on both sides, or nothing on one."""
    if len(pair) != 2 or any(cell.row_span > 1 for cell in pair.values()):
        return False
    left, right = (pair[col] for col in sorted(pair))
    texts = [cell.reading.text for cell in (left, right)]
    if left.col + left.col_span - 1 != column or any(looks_like_number(t) for t in texts):
        return False
    return not all(texts) or (all(any(c.isalpha() for c in t) for t in texts) and not _stand_apart(left, right))


def _stand_apart(left: Cell, right: Cell) -> bool:
    """Whether the texts of two cells side by side have more between them than the characters of a word."""
    before, after = [k.box for k in left.lines if k.text.strip()], [k.box for k in right.lines if k.text.strip()]
    if not before or not after:
        return False
    gap = min(b.left for b in after) - max(b.right for b in before)
    return gap > MOST_APART * min(b.height for b in (*before, *after))


def _without_border(table: Table, column: int) -> Table:
    cells: list[Cell] = []
    for cell in table.cells:
        if cell.col == column + 1 and cells and cells[-1].row == cell.row and _ends_at(cells[-1], column):
            cells[-1] = _one(cells[-1], cell)
        elif cell.col > column:
            cells.append(replace(cell, col=cell.col - 1))
        elif cell.col + cell.col_span - 1 > column:
            cells.append(replace(cell, col_span=cell.col_span - 1))
        else:
            cells.append(cell)
    return replace(table, n_cols=table.n_cols - 1, cells=tuple(cells))


def _ends_at(cell: Cell, column: int) -> bool:
    return cell.col + cell.col_span - 1 == column


def _one(left: Cell, right: Cell) -> Cell:
    reading, box = left.reading.joined(right.reading), Box.around((left.box, right.box))
    return replace(
        left, reading=reading, box=box, col_span=left.col_span + right.col_span - 1, lines=left.lines + right.lines
    )
