"""What the prose says of an amount that a table prints (文字与表): 公务接待费26.64万元 against the 三公 table.

The identities name a label, the tables that print it and what they call it. Where the sentence's amount is one of the
table's, the cells are verified by it; where it is one slip away from one of them and none of them, sentence and
cell are flagged. Anything else may be another year or another part of the money, and says nothing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from cleanup.amount_grid import plain, read_grid
from cleanup.copies import SIGNIFICANT, digits
from cleanup.misreadings import misreading_cost
from cleanup.prose_amounts import SCALE, ProseNumber, prose_numbers
from dictionaries.identities import Identities, Identity, IdentityKind
from document.types import Cell, Document, Table, TextBlock

_BETWEEN = re.compile(r"(?:年初|全年|年|财政拨款|预算|决算|支出|收入|安排|总额|合计|数|[为共约”\"（）()境]|20\d\d)*")
"""What may stand between a label and its amount: 公务接待费支出决算为."""
_WINDOW = 24
Place = tuple[int, int, int]
"""Block, row and column."""


@dataclass(frozen=True, slots=True)
class _Printed:
    """An amount of a table, in yuan."""

    place: Place
    yuan: Decimal
    verified: bool


def check_prose_tables(document: Document, identities: Identities) -> Document:
    """The document with amounts in prose held against the tables that print them; nothing is changed."""
    entries = identities.of_kind(IdentityKind.PROSE_TABLE)
    printed = {entry.name: tuple(_amounts(document, entry)) for entry in entries}
    said: dict[int, list[str]] = defaultdict(list)
    doubts: dict[Place, list[str]] = defaultdict(list)
    verified: dict[Place, list[str]] = defaultdict(list)
    for index, block in enumerate(document.blocks):
        for entry, number in _claims(block, entries) if isinstance(block, TextBlock) else ():
            found = printed[entry.name]
            same = [p for p in found if p.yuan == number.yuan]
            text = block.reading.text if isinstance(block, TextBlock) else ""
            near = [p for p in found if not same and _one_slip(text, number, p.yuan)]
            for p in same if digits(number.yuan) >= SIGNIFICANT else ():
                verified[p.place].append(entry.name)
            for p in near[:1]:
                in_table = format(p.yuan / SCALE[number.unit], "f")
                words = f"{entry.name}：文字为{number.value}{number.unit}，表中为{in_table}{number.unit}"
                said[index].append(words)
                doubts[p.place] += [words] if not p.verified else []
    return _written(document, said, doubts, verified)


def _amounts(document: Document, entry: Identity) -> Iterator[_Printed]:
    """The amounts that the entry's tables print in rows or columns of its name."""
    names = {plain(label) for part in entry.parts for label in part.labels} or {plain(t) for t in entry.total}
    for index, table in enumerate(document.blocks):
        if not isinstance(table, Table) or not any(plain(t) in plain(table.title or "") for t in entry.tables):
            continue
        grid, scale = read_grid(table), SCALE.get((table.unit or "万元").strip(), SCALE["万元"])
        if grid is None:
            continue
        rows = {row for (row, _), label in grid.labels.items() if label.text in names}
        columns = {c for c, chain in grid.heads.items() if any(grid.head_texts.get(a) in names for a in chain)}
        cells = {(c.row, c.col): c for c in table.cells}
        for (row, col), amount in sorted(grid.amounts.items()):
            if (row in rows or col in columns) and not amount.unread:
                yield _Printed((index, row, col), amount.value * scale, bool(cells[row, col].verified_by))


def _claims(block: TextBlock, entries: Sequence[Identity]) -> Iterator[tuple[Identity, ProseNumber]]:
    """Amounts that stand right after a label of an entry; the longest label decides."""
    for number in prose_numbers(block.reading.text):
        if not number.is_amount:
            continue
        lead = plain(number.lead[-_WINDOW:])
        found = [
            (len(plain(label)), entry)
            for entry in entries
            for label in entry.total
            if (at := lead.rfind(plain(label))) >= 0 and _BETWEEN.fullmatch(lead[at + len(plain(label)) :])
        ]
        if found:
            yield max(found, key=lambda pair: pair[0])[1], number


def _one_slip(text: str, number: ProseNumber, yuan: Decimal) -> bool:
    read = text[number.start : number.end]
    value = yuan / SCALE[number.unit]
    return value > 0 and 0 < misreading_cost(read, value, len(read.partition(".")[2])) <= 1


def _written(
    document: Document,
    said: Mapping[int, list[str]],
    doubts: Mapping[Place, list[str]],
    verified: Mapping[Place, list[str]],
) -> Document:
    blocks = list(document.blocks)
    for index, words in said.items():
        block = blocks[index]
        if isinstance(block, TextBlock):
            blocks[index] = replace(block, reading=block.reading.doubted(*words))
    for index in {place[0] for place in (*doubts, *verified)}:
        table = blocks[index]
        if isinstance(table, Table):
            cells = tuple(
                _noted(c, doubts.get((index, c.row, c.col), ()), verified.get((index, c.row, c.col), ()))
                for c in table.cells
            )
            blocks[index] = replace(table, cells=cells)
    return replace(document, blocks=tuple(blocks))


def _noted(cell: Cell, doubts: Sequence[str], verified: Sequence[str]) -> Cell:
    cell = replace(cell, verified_by=tuple(dict.fromkeys((*cell.verified_by, *verified)))) if verified else cell
    return replace(cell, reading=cell.reading.doubted(*doubts)) if doubts else cell
