"""``tables/*.csv``: one file per table for spreadsheets, as RFC 4180 has it, with the mark that Excel knows UTF-8 by.

A merged cell's text stands in its first position, the others are empty. A number is written without separators,
so that it arrives as a number; text that a spreadsheet would take for a formula gets an apostrophe before it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

from document.types import Cell, Document, Table
from document.writers.grid import fitted_rows, table_names
from document.writers.original import Original
from document.writers.safe import amount_of, is_percent, spreadsheet_text

FOLDER = "tables"


def write_csv_tables(document: Document, original: Original | None = None) -> Mapping[str, bytes]:
    """The files by name: ``tables/01-公开01表-收入支出决算总表.csv``. Raises ContractError."""
    names = table_names(document.tables, longest=48)
    return {
        f"{FOLDER}/{place:02}-{name}.csv": table_csv(table).encode("utf-8-sig")
        for place, (name, table) in enumerate(zip(names, document.tables, strict=True), 1)
    }


def table_csv(table: Table) -> str:
    """One table as CSV, a line for each of its rows. Raises ContractError."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for row in fitted_rows(table):
        texts = [""] * table.n_cols
        for cell in row:
            texts[cell.col] = _field(cell)
        writer.writerow(texts)
    return out.getvalue()


def _field(cell: Cell) -> str:
    amount = amount_of(cell)
    if amount is None:
        return spreadsheet_text(cell.reading.text)
    return format(amount, "f") + ("%" if is_percent(cell.reading) else "")
