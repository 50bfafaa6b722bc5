"""Lines of plain text on their way through the clean-up (纯文本的行), and the tables that runs of them are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from document.geometry import Box
from document.types import Cell, Reading, Table

NOWHERE = Box(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class TextChange:
    """One change to a line or cell, or, where ``reason`` says why, one doubt without a change."""

    line: int
    """1-based, in the text as it came."""
    before: str
    after: str
    rule: str
    """A ``Rule``, or "flag"."""
    score: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line on its way: its number in the source, its text, and what was done."""

    number: int
    text: str
    changes: tuple[TextChange, ...] = ()
    gone: bool = False

    def becomes(self, text: str, rule: str, score: float, before: str | None = None, after: str = "") -> Line:
        """The line with a new text; ``before`` and ``after`` name the piece that changed, default the line."""
        piece = (self.text, text) if before is None else (before, after)
        change = TextChange(self.number, *piece, rule, round(score, 4))
        return replace(self, text=text, changes=(*self.changes, change))

    def with_cell(self, column: int, text: str, rule: str, score: float) -> Line:
        """The line with another text in one cell."""
        cells = self.text.split("\t")
        joined = "\t".join([*cells[:column], text, *cells[column + 1 :]])
        return self.becomes(joined, rule, score, cells[column], text)

    def doubted(self, piece: str, reason: str) -> Line:
        """The line with a doubt noted; its text stays."""
        return replace(self, changes=(*self.changes, TextChange(self.number, piece, piece, "flag", 0.0, reason)))


def table_runs(lines: Sequence[Line]) -> list[list[int]]:
    """Indices of lines with cells, in runs: each is a table, or what one page has of it."""
    runs: list[list[int]] = []
    last = -2
    for i, line in enumerate(lines):
        if line.gone or "\t" not in line.text:
            continue
        if i == last + 1:
            runs[-1].append(i)
        else:
            runs.append([i])
        last = i
    return runs


def table_of(name: str, rows: Sequence[str]) -> Table:
    """The table that lines with tabs are; boxes are nowhere."""
    cells = tuple(
        Cell(r, c, 1, NOWHERE, Reading(text, text))
        for r, row in enumerate(rows)
        for c, text in enumerate(row.split("\t"))
    )
    return Table(name, (1,), len(rows), max(c.col for c in cells) + 1, cells)
