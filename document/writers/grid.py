"""A table's cells as rows, whatever the file they came from claims; and names for tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import groupby

from document.exceptions import ContractError
from document.types import Block, Cell, Document, Table
from document.writers.safe import plain

MAX_POSITIONS = 500_000
"""Grid positions of one table: thirty pages of the densest print have 20,000."""
_IN_NAME = re.compile(r"[^\w（）()]+")


def fitted_rows(table: Table) -> list[list[Cell]]:
    """The cells of each row by column, with spans that neither leave the grid nor cover another cell.

    Two cells at one position, which the contract rules out, become one with both texts: nothing is lost. Raises
    ContractError where a cell lies outside the grid, or the grid is larger than any print.
    """
    if table.n_rows * table.n_cols > MAX_POSITIONS:
        raise ContractError(f"{table.id}: {table.n_rows} × {table.n_cols} positions are no printed table.")
    rows: list[list[Cell]] = [[] for _ in range(table.n_rows)]
    taken = {(cell.row, cell.col) for cell in table.cells}
    for _, shared in groupby(sorted(table.cells, key=_position), key=_position):
        cell = reduce(_joined, shared)
        if not (0 <= cell.row < table.n_rows and 0 <= cell.col < table.n_cols):
            raise ContractError(f"{table.id}: a cell at row {cell.row}, column {cell.col} lies outside its grid.")
        rows[cell.row].append(_fitted(cell, table, taken))
    return rows


def _fitted(cell: Cell, table: Table, taken: set[tuple[int, int]]) -> Cell:
    """The cell with its spans, or as a single position where they cannot be; marks what it covers as taken."""
    inside = cell.row + cell.row_span <= table.n_rows and cell.col + cell.col_span <= table.n_cols
    covered = _covered(cell) - {(cell.row, cell.col)} if inside else {(cell.row, cell.col)}
    if covered & taken:
        return replace(cell, row_span=1, col_span=1)
    taken |= covered
    return cell


def _position(cell: Cell) -> tuple[int, int]:
    return cell.row, cell.col


def _joined(cell: Cell, other: Cell) -> Cell:
    """The cell with the other's text after its own; two texts are no number."""
    texts = [text for text in (cell.reading.text, other.reading.text) if text]
    reading = replace(cell.reading, text=" ".join(texts), needs_review=True)
    return replace(cell, reading=reading, amount=None if len(texts) > 1 else cell.amount or other.amount)


def _covered(cell: Cell) -> set[tuple[int, int]]:
    rows = range(cell.row, cell.row + cell.row_span)
    return {(row, col) for row in rows for col in range(cell.col, cell.col + cell.col_span)}


@dataclass(frozen=True, slots=True)
class Part:
    """What of a block is printed on one page."""

    place: int
    """Of the block in the document, 0 and up."""
    block: Block
    cells: tuple[Cell, ...] = ()
    """Of a table: those on the page, row by row."""


def parts_by_page(document: Document) -> Mapping[int, Sequence[Part]]:
    """What is printed on each page of the document, in reading order; a text stands on the first of its pages."""
    parts: dict[int, list[Part]] = {page.number: [] for page in document.pages}
    for place, block in enumerate(document.blocks):
        if not isinstance(block, Table):
            parts.setdefault(block.pages[0], []).append(Part(place, block))
            continue
        cells: dict[int, list[Cell]] = {}
        for cell in sorted(block.cells, key=_position):
            cells.setdefault(cell.page, []).append(cell)
        for number, listed in sorted(cells.items()):
            parts.setdefault(number, []).append(Part(place, block, tuple(listed)))
    return parts


def header_rows(rows: Sequence[Sequence[Cell]]) -> int:
    """How many rows at the top are header: those before the first amount, at most five, and never all of them."""
    for number, row in enumerate(rows[:6]):
        if any(cell.amount is not None for cell in row):
            return min(number, 5, len(rows) - 1)
    return 1 if len(rows) > 1 else 0


def table_names(tables: Iterable[Table], longest: int) -> list[str]:
    """One name for each table, fit for files and sheets: what is printed above it, cut to ``longest`` characters.

    Equal names get a number at the end; a table without any is 表1, 表2 … by its place in the document.
    """
    used: set[str] = set()
    names = []
    for place, table in enumerate(tables, 1):
        printed = "-".join(part for part in (_name(table.number), _name(table.title)) if part)
        names.append(_unused((printed or f"表{place}")[:longest].strip("-_"), used, longest))
        used.add(names[-1].casefold())
    return names


def _unused(name: str, used: set[str], longest: int) -> str:
    """The name, with a number at its end where others have it already."""
    candidates = (f"{name[: longest - len(end)]}{end}" for end in ("", *(f"({n})" for n in range(2, len(used) + 3))))
    return next(candidate for candidate in candidates if candidate.casefold() not in used)


def _name(text: str | None) -> str:
    return _IN_NAME.sub("-", plain(text or "")).strip("-_")


def table_heading(table: Table) -> str:
    """What to call the table before people: its number and title as printed, else its place."""
    printed = plain(" ".join(part for part in (table.number, table.title) if part))
    return printed or f"无题表（第{pages_in_words(table.pages)}页）"


def pages_in_words(pages: Sequence[int]) -> str:
    """Page numbers as people write them, in order: 4, 4–6, or 1–3、7."""
    spans: list[list[int]] = []
    for page in pages:
        if spans and page == spans[-1][1] + 1:
            spans[-1][1] = page
        else:
            spans.append([page, page])
    return "、".join(str(first) if first == last else f"{first}–{last}" for first, last in spans)
