"""Known forms (表样): printed forms whose true columns the print does not show everywhere, as data.

``data/forms.csv`` holds one row of a form a line, laid out as the form is: its cells from left to right, divided by
``;``. A user's folder may hold the same file: a form of theirs replaces the shipped one of the same name, and a row
without cells takes it out. Every fault is reported with file and line.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from dictionaries.loader import SHIPPED, DictionaryError, FileKind, Row, parse_file
from dictionaries.types import Years

FILE = "forms.csv"
FILLED_IN, FROM_LEFT, FROM_ABOVE = "*", "<", "^"
"""What whoever fills the form writes; a cell that goes on from the left, and one from the row above."""
_MOST_COLUMNS = 40
_SIGNS = frozenset({FILLED_IN, FROM_LEFT, FROM_ABOVE, ""})


@dataclass(frozen=True, slots=True)
class FormLabel:
    """A fixed label of a form and the columns it stands over."""

    texts: tuple[str, ...]
    """Its wordings."""
    row: int
    """0-based row of the form as the catalogue lists it."""
    start: int
    end: int
    """Its left and right edge: column edges are counted from 0 at the form's left to its number of columns."""


@dataclass(frozen=True, slots=True)
class KnownForm:
    """A form with its true columns."""

    titles: tuple[str, ...]
    """How its title ends, by its wordings; the first is its name."""
    columns: int
    hidden: tuple[int, ...]
    """Column edges at which no cell of the form begins: nothing of them is printed but where rules are pieced."""
    labels: tuple[FormLabel, ...]
    years: Years
    source: str = ""

    @property
    def name(self) -> str:
        """How it is called."""
        return self.titles[0]


@dataclass(frozen=True, slots=True)
class KnownForms:
    """The catalogue, validated."""

    entries: tuple[KnownForm, ...]
    version: str = ""
    """First 12 hex digits of the SHA-256 of all entries."""


@dataclass(frozen=True, slots=True)
class FormRow:
    """One line of the catalogue."""

    titles: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    """The wordings of each label; for other cells the one sign."""
    years: Years
    source: str


def load_forms(user: Path | None = None, shipped: Path = SHIPPED) -> KnownForms:
    """The shipped forms with those of the folder ``user`` on top.

    Raises DictionaryError when a row cannot be used, or ``user`` is no folder. Read once per process and file state.
    """
    if user is not None and not user.is_dir():
        raise DictionaryError(f"{user}: no such folder with dictionary files; make it or leave the option out")
    present = tuple(f / FILE for f in (shipped, user) if f is not None and (f / FILE).is_file())
    return _load(present, tuple((p.stat().st_size, p.stat().st_mtime_ns) for p in present))


@lru_cache(maxsize=8)
def _load(paths: tuple[Path, ...], _states: tuple[object, ...]) -> KnownForms:
    merged: dict[str, KnownForm | None] = {}
    faults: list[str] = []
    for path in paths:
        rows, found = parse_file(path, FORMS)
        faults.extend(found)
        if not found:
            merged.update(_as_forms(rows))
    if faults:
        raise DictionaryError("\n".join([f"{FILE}: {len(faults)} rows cannot be used:", *faults]))
    entries = tuple(form for form in merged.values() if form is not None)
    return KnownForms(entries, hashlib.sha256(repr(entries).encode()).hexdigest()[:12])


def _as_forms(rows: Iterable[FormRow]) -> dict[str, KnownForm | None]:
    """The rows put together by their form's name; None for a form that is taken out."""
    grouped: dict[str, list[FormRow]] = defaultdict(list)
    for row in rows:
        grouped[row.titles[0]].append(row)
    return {name: _as_form(found) for name, found in grouped.items()}


def _as_form(rows: Sequence[FormRow]) -> KnownForm | None:
    if not all(row.cells for row in rows):
        return None
    columns = len(rows[0].cells)
    printed = {edge for row in rows for edge in _edges(row)}
    hidden = tuple(edge for edge in range(columns) if edge not in printed)
    labels = tuple(label for number, row in enumerate(rows) for label in _labels(row, number))
    return KnownForm(rows[0].titles, columns, hidden, labels, rows[0].years, rows[0].source)


def _edges(row: FormRow) -> list[int]:
    """Where the cells of a row begin, and where the last ends."""
    return [*(col for col, cell in enumerate(row.cells) if cell != (FROM_LEFT,)), len(row.cells)]


def _labels(row: FormRow, number: int) -> Iterable[FormLabel]:
    for start, end in pairwise(_edges(row)):
        if row.cells[start][0] not in _SIGNS:
            yield FormLabel(row.cells[start], number, start, end)


def _form_row(row: Row) -> FormRow:
    titles = _wordings(row.text("form"))
    if not titles:
        raise row.fault("column 'form' holds no title")
    written = row.values.get("cells", "")
    cells = tuple(_wordings(cell) or ("",) for cell in written.split(";")) if written else ()
    if cells:
        _check_cells(row, cells)
    return FormRow(titles, cells, row.years(), row.values.get("source", ""))


def _check_cells(row: Row, cells: Sequence[tuple[str, ...]]) -> None:
    """Raises ValueError for a row that is no row of a form."""
    if not 2 <= len(cells) <= _MOST_COLUMNS:
        raise row.fault(f"a form has 2 to {_MOST_COLUMNS} columns, divided by ';'; here are {len(cells)}")
    if cells[0] == (FROM_LEFT,):
        raise row.fault("the first cell goes on from the left ('<'), where nothing is")
    if ("",) in cells:
        raise row.fault(f"cell {cells.index(('',)) + 1} is empty: write a label, '*', '<' or '^'")
    if any(len(cell) > 1 and _SIGNS & set(cell) for cell in cells):
        raise row.fault("'*', '<' and '^' stand for a cell by themselves")
    if all(cell[0] in _SIGNS for cell in cells):
        raise row.fault("no cell has a label, by which the row could be known")


def _wordings(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split("|") if part.strip())


def _together(rows: Sequence[tuple[Row, FormRow]]) -> Iterable[str]:
    """What is wrong with the rows of one form beside each other."""
    widths: dict[str, Counter[int]] = defaultdict(Counter)
    firsts: dict[str, FormRow] = {}
    for row, value in rows:
        first = firsts.setdefault(value.titles[0], value)
        usual = widths[value.titles[0]]
        if usual and len(value.cells) not in usual:
            yield str(row.fault(f"{len(value.cells)} cells, but the form's rows above have {next(iter(usual))}"))
        usual[len(value.cells)] += 1
        if (first.titles, first.years) != (value.titles, value.years):
            yield str(row.fault("the rows of one form have the same titles and years"))
        if value.cells and value is first and FROM_ABOVE in {cell[0] for cell in value.cells}:
            yield str(row.fault("a cell of the form's first row goes on from above ('^'), where nothing is"))


FORMS: FileKind[FormRow] = FileKind(("form", "cells"), _form_row, lambda x: (x.titles[0], x.cells), _together)
