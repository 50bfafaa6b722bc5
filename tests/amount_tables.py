"""Tables drawn in code for the tests about amounts: text in, cells out."""

from __future__ import annotations

from collections.abc import Sequence

from cleanup.numbers import clean_numbers
from document.geometry import Box
from document.types import (
    BlockKind,
    Cell,
    Character,
    Document,
    Meta,
    Origin,
    Page,
    Reading,
    Source,
    Table,
    TextBlock,
    TextLine,
)

BOX = Box(10, 20, 30, 40)
Spans = dict[tuple[int, int], tuple[int, int]]


def table(
    rows: Sequence[Sequence[str | None]], title: str | None = "支出决算表", spans: Spans | None = None, **more: object
) -> Table:
    """One cell for each text; None where another cell's span covers the position."""
    cells = [
        Cell(r, c, 1, BOX, Reading(text, text), *(spans or {}).get((r, c), (1, 1)))
        for r, row in enumerate(rows)
        for c, text in enumerate(row)
        if text is not None
    ]
    columns = max(len(row) for row in rows)
    return Table("t", (1,), len(rows), columns, tuple(cells), title=title, **more)  # type: ignore[arg-type]


def document(*tables: Table, notes: Sequence[str] = ()) -> Document:
    """The tables and notes as a document whose numbers are cleaned."""
    blocks = [TextBlock(f"n{i}", BlockKind.NOTE, (1,), BOX, Reading(n, n)) for i, n in enumerate(notes)]
    page = Page(1, Origin.SCAN, 595, 842)
    return clean_numbers(Document(Source("a.pdf", "0" * 64, 1), (page,), (*tables, *blocks), Meta(year=2023)))


def cell(doc: Document, row: int, col: int, number: int = 0) -> Cell:
    """The cell at a place of the ``number``-th table."""
    return next(c for c in doc.tables[number].cells if (c.row, c.col) == (row, col))


def heard(text: str, position: int, alternative: str, probability: float) -> TextLine:
    """A line whose character at ``position`` might be another."""
    characters = tuple(
        Character(t, 0.99, i, i + 1)
        if i != position
        else Character(t, 1 - probability, i, i + 1, ((alternative, probability),))
        for i, t in enumerate(text)
    )
    return TextLine(text, BOX, 0.9, characters)


EXPENDITURE = [
    ["科目编码", "科目名称", "合计", "基本支出", "项目支出"],
    ["合计", "", "915.52", "712.30", "203.22"],
    ["208", "社会保障和就业支出", "366.00", "366.00", ""],
    ["20805", "行政事业单位养老支出", "366.00", "366.00", ""],
    ["2080505", "机关事业单位基本养老保险缴费支出", "231.49", "231.49", ""],
    ["2080506", "机关事业单位职业年金缴费支出", "134.51", "134.51", ""],
    ["210", "卫生健康支出", "549.52", "346.30", "203.22"],
    ["21011", "行政事业单位医疗", "549.52", "346.30", "203.22"],
    ["2101101", "行政单位医疗", "346.30", "346.30", ""],
    ["2101102", "事业单位医疗", "203.22", "", "203.22"],
]
"""A table whose sums hold, down the codes and across the columns."""


def changed(row: int, col: int, text: str) -> list[list[str]]:
    """The table with one other text."""
    rows = [list(line) for line in EXPENDITURE]
    rows[row][col] = text
    return rows
