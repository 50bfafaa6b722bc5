"""The code that stands in a row beside a name, and where both are (编码与名称)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from cleanup.table_roles import CODE, TableRoles
from document.types import Cell, Table


@dataclass(frozen=True, slots=True)
class RowCode:
    """One code in one row."""

    code: str
    row: int
    col: int
    """Column of the code (of its last piece where it is printed in pieces)."""
    name_at: tuple[int, int] | None
    """Row and column of the name beside it; None where that cell is blank or missing."""


def row_codes(table: Table, roles: TableRoles) -> tuple[RowCode, ...]:
    """All codes of the table's body, in row order."""
    rows: dict[int, dict[int, Cell]] = defaultdict(dict)
    for cell in table.cells:
        if cell.row >= roles.header_rows:
            rows[cell.row][cell.col] = cell
    found: list[RowCode] = []
    for row in sorted(rows):
        found.extend(_codes_of_row(rows[row], roles))
    return tuple(found)


def _codes_of_row(row: dict[int, Cell], roles: TableRoles) -> list[RowCode]:
    places: list[tuple[tuple[int, ...], str]] = [
        ((c,), row[c].reading.text) for c in sorted(roles.code_columns) if c in row
    ]
    if roles.level_columns and all(c in row for c in roles.level_columns):
        pieces = "".join(row[c].reading.text for c in roles.level_columns)
        places.append((roles.level_columns, pieces))
    found = []
    for columns, text in places:
        code = "".join(text.split())
        if CODE.fullmatch(code):
            found.append(RowCode(code, row[columns[0]].row, columns[-1], _name_beside(row, columns[-1])))
    return found


def _name_beside(row: dict[int, Cell], col: int) -> tuple[int, int] | None:
    code = row[col]
    beside = row.get(code.col + code.col_span)
    if beside is None or not any(c.isalpha() for c in beside.reading.text):
        return None
    return beside.row, beside.col
