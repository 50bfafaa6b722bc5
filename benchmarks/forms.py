"""What a drawn disclosure is made of: lines of text, lines of contents, and forms (ruled tables).

The parts are drawn by ``benchmarks.print`` and become the truth by ``truth_blocks``: both from the same
values, so that a truth cannot say anything else than what is printed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from benchmarks.papers import Cell, Table, Text


class Align(StrEnum):
    """Where a text stands in its cell or on its line."""

    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"


class Rules(StrEnum):
    """Which ruling lines a table has."""

    ALL = "all"
    OPEN = "open"
    """None at the left and right end."""
    HORIZONTAL = "horizontal"
    """No vertical ones."""
    THREE = "three"
    """三线表: above the header, below it, at the end."""
    DOUBLE = "double"
    """All, and the outline twice."""
    NONE = "none"
    """None at all: columns by alignment alone."""


class Style(BaseModel):
    """How one disclosure looks and how it writes its figures."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    body_size: float = Field(11.5, ge=8, le=18, description="type of the prose, points")
    table_size: float = Field(8.5, ge=5.5, le=12, description="type of the tables, points; wide ones go down")
    title_size: float = Field(15, ge=10, le=24, description="type of a table's title, points")
    line_height: float = Field(1.7, ge=1.1, le=2.4, description="of the prose, times the type size")
    row_pad: float = Field(5.0, ge=1.5, le=16, description="free height in a table row, points")
    ruling: float = Field(0.5, ge=0.2, le=1.6, description="thickness of the rulings, points")
    frame: float = Field(0.5, ge=0.2, le=2.5, description="thickness of a table's outline, points")
    rules: Rules = Field(Rules.ALL, description="which ruling lines the tables have")
    banner: tuple[float, float, float] | None = Field(
        None, description="colour (red, green, blue, 0-1) of header rows with white type; None for black on white"
    )
    shaded_header: bool = Field(False, description="whether header rows have a light ground")
    bold_titles: bool = Field(True, description="whether titles and headings are bold")
    latin: str = Field("china-s", description="PyMuPDF's name of the font of digits and letters")
    thousands: bool = Field(False, description="whether amounts in tables have separators")
    zero: str = Field("", description='what stands for nothing in a table: "", "0.00" or "0"')
    indent_names: bool = Field(False, description="whether names of 款 and 项 are indented")
    leader: str = Field(".", min_length=1, max_length=1, description="what leads to the page in the contents")
    repeat_header: bool = Field(True, description="whether a table that goes on repeats its header rows")
    page_number: str = Field("- {} -", description="page number, {} being the number; empty for none")
    unnumbered: int = Field(0, ge=0, description="pages at the beginning without a number")
    running_head: str = Field("", description="running header, empty for none")
    margin: float = Field(58, ge=30, le=90, description="left and right, points")
    name_word: str = Field("科目名称", description="head of the column of names")
    code_word: str = Field("科目编码", description="head of the column of codes")
    entity_word: str = Field("部门名称", description="what stands before the body's name above a table")
    colon: str = Field("：", description="after it, and after the unit")


@dataclass(frozen=True, slots=True)
class Slot:
    """The content of one cell, with its spans."""

    text: str
    rows: int = 1
    cols: int = 1
    align: Align | None = None
    """None: as the column has it, or the middle in a header."""
    indent: int = 0
    """Half characters of free space before the text."""


Row = tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A printed paragraph outside tables."""

    text: str
    size: float = 1.0
    """Times the prose's type size."""
    align: Align = Align.LEFT
    indent: bool = False
    """Whether the first line is indented by two characters."""
    bold: bool = False
    above: float = 0.0
    """Free space before it, points."""
    beside: bool = False
    """Whether it stands on the same line as the one before it (entity, year and unit above a table)."""
    small: bool = False
    """In the tables' type."""


@dataclass(frozen=True, slots=True)
class Contents:
    """A line of the table of contents."""

    text: str
    page: int


@dataclass(frozen=True, slots=True)
class NewPage:
    """What follows begins a page, upright or broad."""

    landscape: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """A ruled table."""

    title: str
    """As the truth names it."""
    rows: tuple[Row, ...]
    """Cells in reading order; a place that a span from above covers is not given again."""
    widths: tuple[float, ...]
    """Of the columns, relative."""
    header: int
    """Number of header rows."""
    aligns: tuple[Align, ...] = field(default=())
    """Of the columns."""
    size: float | None = None
    """Type size in points; None for the style's."""
    pieced: bool = False
    """Whether its level rules are drawn column by column, as spreadsheets do, under merged cells too."""


@dataclass(frozen=True, slots=True)
class Chart:
    """Coloured bars without words: a picture that must survive, and is no text."""

    heights: tuple[float, ...]
    """Of the bars, 0–1."""


Part = Line | Contents | NewPage | Form | Chart


def slots(*cells: str | Slot) -> Row:
    """A row of cells; a bare text has no span."""
    return tuple(c if isinstance(c, Slot) else Slot(c) for c in cells)


@dataclass(frozen=True, slots=True)
class Placed:
    """A slot and the grid position of its upper left corner."""

    row: int
    col: int
    slot: Slot


def place(rows: Sequence[Row], n_cols: int) -> tuple[Placed, ...]:
    """Grid positions for the slots of ``rows``, as HTML lays out a table.

    Raises ValueError when a row has too many or too few cells.
    """
    taken: set[tuple[int, int]] = set()
    placed = []
    for number, row in enumerate(rows):
        col = 0
        for slot in row:
            while (number, col) in taken:
                col += 1
            area = {(number + r, col + c) for r in range(slot.rows) for c in range(slot.cols)}
            if area & taken or col + slot.cols > n_cols or number + slot.rows > len(rows):
                raise ValueError(f"row {number}: {slot.text!r} does not fit")
            taken |= area
            placed.append(Placed(number, col, slot))
    if len(taken) != len(rows) * n_cols:
        missing = sorted({(r, c) for r in range(len(rows)) for c in range(n_cols)} - taken)
        raise ValueError(f"grid positions without a cell: {missing[:4]}")
    return tuple(placed)


def truth_table(form: Form) -> Table:
    """The table that the form is, for the truth."""
    cells = (Cell(p.row, p.col, p.slot.text, p.slot.rows, p.slot.cols) for p in place(form.rows, len(form.widths)))
    return Table(cells=tuple(cells), title=form.title)


def truth_blocks(parts: Iterable[Part]) -> tuple[Text | Table, ...]:
    """The truth of the parts, in reading order."""
    blocks: list[Text | Table] = []
    for part in parts:
        match part:
            case Line():
                blocks.append(Text(part.text))
            case Contents():
                blocks.append(Text(part.text, "toc", part.page))
            case Form():
                blocks.append(truth_table(part))
            case NewPage() | Chart():
                pass
    return tuple(blocks)


def money(amount: int, style: Style, *, prose: bool = False) -> str:
    """An amount (whole hundredths) as it is printed; in prose always with separators and zeros."""
    if prose:
        return f"{amount / 100:,.2f}" if amount else "0"
    if not amount:
        return style.zero
    return f"{amount // 100:,}.{amount % 100:02d}" if style.thousands else f"{amount // 100}.{amount % 100:02d}"
