"""``amounts.csv``: tidy amounts, one row for each, for spreadsheets and data frames.

Every row says where its amount stands (document, table, row with code and path, column path, page, box) and how far
it may be trusted. Amounts are plain numbers, also negative ones; all texts are harmless for spreadsheets.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from document.types import Cell, Document, Rule, Table
from document.writers.grid import fitted_rows, header_rows
from document.writers.original import Original
from document.writers.safe import amount_of, is_percent, plain, spreadsheet_text

FILE = "amounts.csv"
COLUMNS = (
    "document",
    "entity",
    "year",
    "kind",
    "table_number",
    "table_title",
    "row_code",
    "row_name",
    "row_path",
    "column_path",
    "amount",
    "unit",
    "amount_yuan",
    "page",
    "left",
    "top",
    "right",
    "bottom",
    "confidence",
    "status",
)
YUAN = {"元": Decimal(1), "千元": Decimal(1000), "万元": Decimal(10_000), "亿元": Decimal(100_000_000)}
"""What one of a unit is in yuan."""
_CODE = re.compile(r"\d{3}(?:\d{2}){0,2}")
_PIECES = re.compile(r"\d{2,3}")
_COUNTED = re.compile(r"[（(](辆|台|套|台、套|台（套）|人|个|平方米|次|批次|人次|%)[）)]")
_NUMBERING = re.compile(r"\d{1,2}|栏次|行次")
_CHANGED = frozenset({Rule.IDENTITY, Rule.REVIEWER, Rule.NUMBER_FORMAT, Rule.WATERMARK_RESIDUE, Rule.DEBRIS})


class AmountStatus(StrEnum):
    """How far an amount may be trusted."""

    VERIFIED = "verified"
    """Takes part in sums that hold, as read."""
    CORRECTED = "corrected"
    """Changed from what was read, and not in doubt."""
    UNVERIFIED = "unverified"
    NEEDS_REVIEW = "needs_review"


@dataclass(frozen=True, slots=True)
class _Row:
    """What a table row says of its amounts; for wide tables, of those right of its label."""

    code: str = ""
    name: str = ""
    path: str = ""


def write_amounts_csv(document: Document, original: Original | None = None) -> bytes:
    """All amounts of the document's tables, in reading order, as CSV with the mark Excel knows UTF-8 by.

    Raises ContractError where a table's cells lie outside its grid.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for table in document.tables:
        writer.writerows(_table_lines(document, table))
    return out.getvalue().encode("utf-8-sig")


def status_of(cell: Cell) -> AmountStatus:
    """In doubt, changed, proved by sums, or none of these."""
    if cell.reading.needs_review:
        return AmountStatus.NEEDS_REVIEW
    if any(c.rule in _CHANGED for c in cell.reading.corrections):
        return AmountStatus.CORRECTED
    return AmountStatus.VERIFIED if cell.verified_by else AmountStatus.UNVERIFIED


def _table_lines(document: Document, table: Table) -> Iterator[list[str]]:
    rows = fitted_rows(table)
    first = header_rows(rows)
    heads = _column_paths(rows[:first], table.n_cols)
    names: dict[str, str] = {}
    for row in rows[first:]:
        for cell in row:
            amount = amount_of(cell)
            if amount is not None:
                said = _said_of(row, cell, names)
                yield _line(document, table, cell, amount, said, heads[cell.col])


def _column_paths(rows: Sequence[Sequence[Cell]], n_cols: int) -> list[str]:
    """The head texts above each column, top first, joined by `` / ``; column numbers (栏次) left out."""
    paths: list[list[str]] = [[] for _ in range(n_cols)]
    for row in rows:
        for cell in row:
            text = plain(cell.reading.text)
            if not text or _NUMBERING.fullmatch(text):
                continue
            for col in range(cell.col, min(cell.col + cell.col_span, n_cols)):
                paths[col].append(text)
    return [" / ".join(path) for path in paths]


def _said_of(row: Sequence[Cell], cell: Cell, names: dict[str, str]) -> _Row:
    """Code, name and path of the amount's row: what stands nearest on its left. ``names`` remembers codes' names."""
    left = [c for c in row if c.col < cell.col and c.amount is None and c.reading.text.strip()]
    index = next((i for i in reversed(range(len(left))) if any(map(str.isalpha, left[i].reading.text))), None)
    if index is None:
        return _Row()
    name = plain(left[index].reading.text)
    code = _code_before(left[:index])
    if not code:
        return _Row("", name, name)
    names.setdefault(code, name)
    above = [names[code[:n]] for n in (3, 5) if n < len(code) and code[:n] in names]
    return _Row(code, name, " / ".join([*above, name]))


def _code_before(cells: Sequence[Cell]) -> str:
    """The code left of a name, whole or in pieces (类 款 项)."""
    texts = [re.sub(r"\s", "", cell.reading.text) for cell in cells[-3:]]
    if texts and _CODE.fullmatch(texts[-1]) and len(texts[-1]) > 2:
        return texts[-1]
    pieces = "".join(text for text in texts if _PIECES.fullmatch(text))
    return pieces if _CODE.fullmatch(pieces) else ""


def _line(document: Document, table: Table, cell: Cell, amount: Decimal, said: _Row, head: str) -> list[str]:
    unit = _unit_of(table, cell, said)
    meta = document.meta
    factor = YUAN.get(unit)
    entity = table.entity or meta.entity or ""
    year = table.year or meta.year
    texts = [document.source.name, entity, str(year or ""), meta.kind.value if meta.kind else ""]
    texts += [table.number or "", table.title or "", said.code, said.name, said.path, head]
    numbers = [format(amount, "f"), unit, format(amount * factor, "f") if factor is not None else ""]
    place = [str(cell.page), *(f"{v:.2f}" for v in cell.box.as_tuple())]
    return [
        *map(spreadsheet_text, texts),
        *numbers[:1],
        spreadsheet_text(numbers[1]),
        *numbers[2:],
        *place,
        f"{cell.reading.confidence:.4f}",
        status_of(cell).value,
    ]


def _unit_of(table: Table, cell: Cell, said: _Row) -> str:
    """The amount's unit: percent, what the row counts (辆), or the table's."""
    if is_percent(cell.reading):
        return "%"
    counted = _COUNTED.search(said.name)
    return counted.group(1) if counted else plain(table.unit or "")
