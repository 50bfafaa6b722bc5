"""Heads that came out as two cells over each other (断开的表头): 上缴上级 over 支出.

A stroke of a watermark or of the type between two lines of one head passes for a rule. Where both texts together are a
column's name in the dictionary, over one column (a head over others spans two or more), and with other heads beside
them that are as high as both, they are one head.
"""

from __future__ import annotations

from dataclasses import replace

from cleanup.lexicon import Lexicon, any_year, key_of, lexicon
from cleanup.table_roles import table_roles
from dictionaries.types import Dictionary
from document.geometry import Box
from document.types import Cell, Document, Table


def join_split_heads(document: Document, dictionary: Dictionary) -> Document:
    """The document with heads joined that a stray rule parts; idempotent."""
    words = lexicon(dictionary, document.meta.year)
    blocks = tuple(_joined(b, words) if isinstance(b, Table) else b for b in document.blocks)
    return replace(document, blocks=blocks)


def _joined(table: Table, words: Lexicon) -> Table:
    rows = table_roles(table).header_rows
    heads = {(c.row, c.col): c for c in table.cells if c.row < rows}
    high = {c.row for c in heads.values() if c.row_span == 2}
    joined: dict[tuple[int, int], Cell | None] = {}
    for (row, col), upper in heads.items():
        lower = heads.get((row + 1, col))
        if lower is not None and row in high and _is_one_head(upper, lower, words):
            joined |= {(row, col): _one(upper, lower), (row + 1, col): None}
    if not joined:
        return table
    cells = (joined.get((c.row, c.col), c) for c in table.cells)
    return replace(table, cells=tuple(c for c in cells if c is not None))


def _is_one_head(upper: Cell, lower: Cell, words: Lexicon) -> bool:
    if {upper.row_span, upper.col_span, lower.row_span, lower.col_span} != {1}:
        return False
    above, below = (any_year(key_of(c.reading.text)) for c in (upper, lower))
    return bool(above and below) and words.is_known(above + below)


def _one(upper: Cell, lower: Cell) -> Cell:
    reading, box = upper.reading.joined(lower.reading), Box.around((upper.box, lower.box))
    return replace(upper, reading=reading, box=box, row_span=2, lines=upper.lines + lower.lines)
