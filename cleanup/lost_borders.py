"""Borders that a scan does not show (缺失的列线): a code and a name, a label and an amount, read as one cell.

The rows above and below have the border, a number stands on one side of it and words on the other: no cell that is
merged in print holds that. The cell is parted at the border; the table says so.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from itertools import chain

from document.types import Cell, Character, Document, Reading, Table, TextLine

NEAR = 3
"""Rows above and below in which the border is looked for."""
MANY = 5
"""Rows with the border from which one of them on either side is enough: several rows at a page's end may lack it."""
OFF = 1.2
"""How far a border may lie from the place where number and words meet, in heights of the type: pages bend, and
recognisers place characters roughly."""
APART = 0.4
"""Gap between number and words, in heights of the type, at least: the paddings of two cells. 2023年 has none."""
REASON = "第{row}行“{left}”与“{right}”之间的列线没有找到，按上下行分为两格"
_NUMBER = r"-?\d[\d,]{0,20}(?:\.\d{1,4})?"
_NUMBER_FIRST = re.compile(rf"({_NUMBER})([^\d.,].*[\u4e00-\u9fff].*[\u4e00-\u9fff].*)")
_WORDS_FIRST = re.compile(rf"(.*[\u4e00-\u9fff].*[\u4e00-\u9fff]）?)({_NUMBER})")


def part_joined_cells(document: Document) -> Document:
    """The document with cells parted that hold a number and words on the two sides of a border of their neighbours."""
    return replace(document, blocks=tuple(_parted(b) if isinstance(b, Table) else b for b in document.blocks))


def _parted(table: Table) -> Table:
    borders = _borders(table)
    cells: list[Cell] = []
    reasons: list[str] = []
    for cell in table.cells:
        parts = _parts(cell, borders)
        cells += parts or (cell,)
        if parts:
            left, right = (part.reading.text for part in parts)
            reasons.append(REASON.format(row=cell.row + 1, left=left, right=right))
    if not reasons:
        return table
    return replace(table, cells=tuple(cells), reasons=tuple(dict.fromkeys((*table.reasons, *reasons))))


def _borders(table: Table) -> dict[tuple[int, int, int], float]:
    """By page, row and column: where the border right of the column stands in that row."""
    found: dict[tuple[int, int, int], list[float]] = defaultdict(list)
    for cell in table.cells:
        for row in range(cell.row, cell.row + cell.row_span):
            found[cell.page, row, cell.col + cell.col_span - 1].append(cell.box.right)
            found[cell.page, row, cell.col - 1].append(cell.box.left)
    return {place: sum(at) / len(at) for place, at in found.items()}


def _parts(cell: Cell, borders: Mapping[tuple[int, int, int], float]) -> tuple[Cell, Cell] | None:
    """The two cells that a cell over two columns is, or None where it is one."""
    if cell.col_span != 2 or cell.row_span != 1 or cell.reading.text != cell.reading.raw:
        return None
    matches = [m for p in (_NUMBER_FIRST, _WORDS_FIRST) if (m := p.fullmatch(cell.reading.text))]
    border = _border_of(cell, borders) if matches else None
    if border is None:
        return None
    for match in matches:
        if lines := _lines_of(cell, len(match.group(1)), border):
            return (
                _one(cell, match.group(1), lines[0], (cell.box.left, border), 0),
                _one(cell, match.group(2), lines[1], (border, cell.box.right), 1),
            )
    return None


def _border_of(cell: Cell, borders: Mapping[tuple[int, int, int], float]) -> float | None:
    """Where the border through a cell would stand, from the nearest rows of its page that have it."""
    near = [
        [at for n in range(1, NEAR + 1) if (at := borders.get((cell.page, cell.row + way * n, cell.col))) is not None]
        for way in (-1, 1)
    ]
    many = sum(page == cell.page and col == cell.col for page, _, col in borders) >= MANY
    found = [side[0] for side in near if side]
    return sum(found) / len(found) if found and (many or len(found) == 2) else None


def _lines_of(cell: Cell, left: int, border: float) -> tuple[tuple[TextLine, ...], tuple[TextLine, ...]] | None:
    """The lines left and right of the border, of which the first have ``left`` characters; None if they do not fit."""
    characters = [c for c in chain.from_iterable(line.characters for line in cell.lines) if c.text.strip()]
    if "".join(c.text for c in characters) != "".join(cell.reading.text.split()):
        return None
    before, after = characters[:left], characters[left:]
    height = min(line.box.height for line in cell.lines)
    if not before or not after or after[0].left - before[-1].right < APART * height:
        return None
    middles = [(c.left + c.right) / 2 for c in before], [(c.left + c.right) / 2 for c in after]
    if max(middles[0]) > border + OFF * height or min(middles[1]) < border - OFF * height:
        return None
    sides: tuple[list[TextLine], list[TextLine]] = ([], [])
    done = 0
    for line in cell.lines:
        own = [c for c in line.characters if c.text.strip()]
        cut = max(0, min(len(own), left - done))
        done += len(own)
        for side, piece in zip(sides, (own[:cut], own[cut:]), strict=True):
            if piece:
                side.append(_piece(line, piece))
    return tuple(sides[0]), tuple(sides[1])


def _piece(line: TextLine, characters: list[Character]) -> TextLine:
    """A part of a line; all of it where it holds all characters."""
    if len(characters) == sum(bool(c.text.strip()) for c in line.characters):
        return line
    # a text layer's characters need not stand in the order in which they are read
    left = min(max(min(c.left for c in characters), line.box.left), line.box.right)
    right = max(min(max(c.right for c in characters), line.box.right), left)
    text = "".join(c.text for c in characters)
    confidence = sum(c.probability for c in characters) / len(characters)
    box = replace(line.box, left=left, right=right)
    return replace(line, text=text, box=box, confidence=confidence, characters=tuple(characters))


def _one(cell: Cell, text: str, lines: tuple[TextLine, ...], sides: tuple[float, float], place: int) -> Cell:
    left, right = sides
    box = replace(cell.box, left=min(left, right), right=max(left, right))
    reading = Reading(
        text, text, min(line.confidence for line in lines), cell.reading.needs_review, cell.reading.reasons
    )
    return replace(cell, col=cell.col + place, col_span=1, box=box, reading=reading, lines=lines)
