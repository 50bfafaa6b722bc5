"""Borders that a scan does not show: a code and a name, or a label and an amount, in one cell are parted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cleanup.lost_borders import part_joined_cells
from document.geometry import Box
from document.types import Cell, Character, Document, Reading, Table, TextLine
from tests.amount_tables import document

EDGES = (40.0, 100.0, 290.0, 370.0)
"""Borders of three columns: code, name, amount."""
ROWS = (("21202", "规划与管理", "611.78"), ("2120201", "城乡社区规划", "611.78"), ("21203", "公共设施", "3.46"))


def line(text: str, left: float, top: float) -> TextLine:
    """Type of 9 points; digits are half as wide."""
    at, characters = left, []
    for c in text:
        wide = 4.5 if c.isascii() else 9.0
        characters.append(Character(c, 0.98, at, at + wide))
        at += wide
    return TextLine(text, Box(left, top, at, top + 9), 0.98, tuple(characters))


def joined(*lines: TextLine) -> TextLine:
    """One line of what was read through from one cell to the next."""
    boxes = [k.box for k in lines]
    characters = tuple(c for k in lines for c in k.characters)
    return TextLine("".join(k.text for k in lines), Box.around(boxes), 0.98, characters)


def table(merged: int = 1, through: TextLine | None = None, second: TextLine | None = None) -> Table:
    """Three rows; the row ``merged`` has one cell over code and name, with ``through`` or both texts read as one."""
    cells = []
    for r, texts in enumerate(ROWS):
        top = 100.0 + 20 * r
        lines = [line(t, EDGES[c] + 3, top + 5) for c, t in enumerate(texts)]
        if r == merged:
            lines[:2] = [through or joined(*lines[:2])]
        spans = (2, 1) if r == merged else (1, 1, 1)
        col = 0
        for k, span in zip(lines, spans, strict=True):
            box = Box(EDGES[col], top, EDGES[col + span], top + 20)
            more = (second,) if second and span == 2 else ()
            text = "".join(part.text for part in (k, *more))
            cells.append(Cell(r, col, 1, box, Reading(text, text, 0.98), col_span=span, lines=(k, *more)))
            col += span
    return Table("t", (1,), 3, 3, tuple(cells))


def parted(one: Table) -> Table:
    return part_joined_cells(Document(document().source, (), (one,))).tables[0]


def texts(one: Table, row: int = 1) -> list[str]:
    return [c.reading.text for c in one.cells if c.row == row]


def test_a_code_and_a_name_read_as_one_are_two_cells() -> None:
    found = parted(table())
    assert texts(found) == ["2120201", "城乡社区规划", "611.78"]
    assert [(c.col, c.col_span, c.box.left, c.box.right) for c in found.cells if c.row == 1] == [
        (0, 1, 40, 100),
        (1, 1, 100, 290),
        (2, 1, 290, 370),
    ]
    assert [k.text for c in found.cells if c.row == 1 for k in c.lines] == ["2120201", "城乡社区规划", "611.78"]
    assert "“2120201”与“城乡社区规划”" in found.reasons[0]
    assert parted(found) == found


def test_a_name_over_two_lines_stays_whole() -> None:
    found = parted(table(second=line("与管理", 103, 114)))
    assert texts(found) == ["2120201", "城乡社区规划与管理", "611.78"]
    assert [len(c.lines) for c in found.cells if c.row == 1] == [1, 2, 1]


def test_a_label_and_an_amount_are_parted_too() -> None:
    through = joined(line("本年收入合计", 43, 125), line("1,234.56", 104, 125))
    assert texts(parted(table(through=through))) == ["本年收入合计", "1,234.56", "611.78"]


@pytest.mark.parametrize(
    "through",
    [
        pytest.param(line("2023年预算合计", 86, 125), id="no gap between number and words"),
        pytest.param(joined(line("本年收入", 43, 125), line("合计", 103, 125)), id="words on both sides"),
    ],
)
def test_a_cell_that_may_be_merged_in_print_stays(through: TextLine) -> None:
    one = table(through=through)
    assert parted(one) == one


@pytest.mark.parametrize("merged", [0, 2])
def test_a_border_is_asked_of_rows_above_and_below(merged: int) -> None:
    """The first and the last row may be a head or a total over both columns."""
    one = table(merged)
    assert parted(one) == one


def test_at_a_pages_end_many_rows_above_are_enough() -> None:
    above = tuple(
        replace(c, row=c.row + 2 * n, box=replace(c.box, top=c.box.top + 40 * n, bottom=c.box.bottom + 40 * n))
        for n in range(3)
        for c in table(2).cells
        if c.row < 2
    )
    last = tuple(replace(c, row=6) for c in table(2).cells if c.row == 2)
    assert texts(parted(Table("t", (1,), 7, 3, above + last)), 6) == ["21203", "公共设施", "3.46"]


def test_a_page_that_bends_moves_the_border() -> None:
    moved = tuple(
        replace(c, box=replace(c.box, right=c.box.right + 8)) if (c.row, c.col) in {(0, 0), (2, 0)} else c
        for c in table().cells
    )
    assert texts(parted(replace(table(), cells=moved))) == ["2120201", "城乡社区规划", "611.78"]


def test_characters_out_of_order_make_no_box_inside_out() -> None:
    """A text layer may hold its characters in any order."""
    through = joined(line("2120201", 43, 125), line("城乡社区规划", 103, 125))
    name = through.characters[7:]
    there = [(c.left, c.right) for c in reversed(name[1:])]
    mixed = (name[0], *(replace(c, left=a, right=b) for c, (a, b) in zip(name[1:], there, strict=True)))
    shifted = (*through.characters[:6], replace(through.characters[6], left=41, right=42), *mixed)
    found = parted(table(through=replace(through, characters=shifted)))
    assert texts(found)[:2] == ["2120201", "城乡社区规划"]
    code = next(c for c in found.cells if (c.row, c.col) == (1, 0))
    assert code.lines[0].box.left < code.lines[0].box.right
