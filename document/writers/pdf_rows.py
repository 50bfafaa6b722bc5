"""The cells of a table as runs that readers take for rows.

Viewers that go by the page rather than by the order of the file (poppler's, so Evince and ``pdftotext``) take wide gaps
for gaps between columns and copy column after column. Here there are none: the first and the last characters of a cell
are boxes that take what room the cell has, the others lie over their ink. A cell that is found is marked as a whole.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, groupby

from document.types import Cell
from document.writers.glyphless import em_width, text_width
from document.writers.lines import Ink, Run, placed
from document.writers.safe import plain

_TOUCH = 2.0
"""Points between two cells that stand side by side."""
_WIDEST = 4.0
"""Times its own width that a character is drawn at; MuPDF takes far wider ones for bold print of their neighbours."""
_INSET = 0.3
"""Of the type size, left free at both ends of a cell: poppler parts columns by a gap of 0.7 of it; MuPDF takes two hits
of a search for one where they are nearer than about half."""


@dataclass(frozen=True, slots=True)
class _Printed:
    """A cell with text."""

    runs: Sequence[Run]
    left: float
    right: float
    """The room it has, in points: the cell and blank cells on its right."""


def table_runs(cells: Sequence[Cell], ink: Ink | None) -> Iterator[Run]:
    """The runs of a table's cells on one page, row by row; ``cells`` are sorted by row and column."""
    for _, row in groupby(cells, key=lambda cell: cell.row):
        yield from _with_spaces(_wide(_on_one_line(_printed(list(row), ink))))


def _printed(row: Sequence[Cell], ink: Ink | None) -> list[_Printed]:
    found: list[_Printed] = []
    for cell in row:
        runs = placed(plain(cell.reading.text), cell.box, ink)
        if runs:
            found.append(_Printed(runs, cell.box.left, cell.box.right))
        elif found and abs(cell.box.left - found[-1].right) <= _TOUCH:
            found[-1] = replace(found[-1], right=cell.box.right)
    return found


def _on_one_line(row: Sequence[_Printed]) -> list[_Printed]:
    """The row with one baseline and size for what stands nearly on one line, as viewers like it."""
    single = [printed.runs[0] for printed in row if len(printed.runs) == 1]
    if not single:
        return list(row)
    size = statistics.median(run.size for run in single)
    level = statistics.median(_level(run) for run in single)
    return [
        replace(printed, runs=[replace(printed.runs[0], size=size, baseline=level + slope * printed.runs[0].left)])
        if len(printed.runs) == 1 and abs(_level(printed.runs[0]) - level) < 0.4 * size
        else printed
        for printed in row
        for slope in (printed.runs[0].slope,)
    ]


def _level(run: Run) -> float:
    """Where the baseline meets the page's left edge."""
    return run.baseline - run.slope * run.left


def _wide(row: Sequence[_Printed]) -> Iterator[list[Run]]:
    """The pieces of each run, as wide as its cell has room towards its neighbours."""
    for place, printed in enumerate(row):
        for run in printed.runs:
            inset = _INSET * run.size
            left = run.left if place == 0 else min(run.left, printed.left + inset)
            end = run.left + run.width
            right = end if place == len(row) - 1 else max(end, printed.right - inset)
            yield _pieces(run, left, right)


def _pieces(run: Run, left: float, right: float) -> list[Run]:
    """The run from ``left`` to ``right``: what stands at its ends wide, the characters between where they are."""
    em = run.width / text_width(run.text)
    head = _wide_characters(run.text, run.left - left, em)
    tail = _wide_characters(run.text[::-1], right - run.left - run.width, em)
    if head + tail >= len(run.text):
        return [_part(run, run.text, left, right)]
    first = run.left + em * text_width(run.text[:head])
    last = run.left + em * text_width(run.text[: len(run.text) - tail])
    ends = [left, first, last, right]
    texts = run.text[:head], run.text[head : len(run.text) - tail], run.text[len(run.text) - tail :]
    return [_part(run, text, *ends[place : place + 2]) for place, text in enumerate(texts) if text]


def _wide_characters(text: str, room: float, em: float) -> int:
    """How many characters at the text's start take the room beside it; all where even they are too few."""
    if room <= 0:
        return 0
    ends = accumulate(em * em_width(character) for character in text)
    return next((number for number, end in enumerate(ends, 1) if end + room <= _WIDEST * end), len(text))


def _part(run: Run, text: str, left: float, right: float) -> Run:
    """Some characters of a run, on its baseline."""
    return replace(run, text=text, left=left, width=right - left, baseline=_level(run) + run.slope * left)


def _with_spaces(runs: Iterator[list[Run]]) -> Iterator[Run]:
    """The pieces with a space in each gap between neighbours, as wide as the gap."""
    last = None
    for pieces in runs:
        if last is not None and pieces[0].left > last.left + last.width:
            yield _part(last, " ", last.left + last.width, pieces[0].left)
        yield from pieces
        last = pieces[-1]
