"""Columns that only a stray border parts are joined; real ones stay."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cleanup.split_columns import join_split_columns
from document.geometry import Box
from document.types import Document, Table, TextLine
from tests.amount_tables import EXPENDITURE, document, table

ROWS: list[list[str | None]] = [["编码", "名称", None, "金额"]] + [
    [f"3010{i}", "某项补助", None, "1.00"] for i in range(12)
]


def split(*rows: int, left: str = "某项", right: str = "补助") -> Table:
    """The table with a border through the names of some rows; all other names span both columns."""
    texts = [list(row) for row in ROWS]
    for row in rows:
        texts[row][1:3] = [left, right]
    spans = {(r, 1): (1, 2) for r in range(len(texts)) if r not in rows}
    return table(texts, spans=spans)


def joined(one: Table) -> Table:
    return join_split_columns(Document(document().source, (), (one,))).tables[0]


def test_a_border_in_one_row_goes_and_the_label_is_whole() -> None:
    found = joined(split(5))
    assert found.n_cols == 3
    assert {c.col_span for c in found.cells} == {1}
    assert [c.reading.text for c in found.cells if c.row == 5] == ["30104", "某项补助", "1.00"]
    assert [(c.row, c.col) for c in found.cells] == [(r, c) for r in range(13) for c in range(3)]


def test_a_border_in_many_rows_stays() -> None:
    one = split(2, 4, 6)
    assert joined(one) == one


def test_a_border_between_a_label_and_a_number_stays() -> None:
    one = split(5, right="12.00")
    assert joined(one) == one


@pytest.mark.parametrize(("gap", "columns"), [(0.0, 3), (4.0, 3), (8.0, 4), (40.0, 4)])
def test_a_border_that_two_texts_keep_away_from_stays(gap: float, columns: int) -> None:
    """实施单位 | 市水务局 in one row of a form: each text keeps its distance to the border, none runs through it."""
    one = split(5, left="实施单位", right="市水务局")
    boxes = {1: Box(100, 50, 140, 60), 2: Box(140 + gap, 50, 180 + gap, 60)}
    cells = tuple(
        replace(c, lines=(TextLine(c.reading.text, boxes[c.col], 0.99),)) if c.row == 5 and c.col in boxes else c
        for c in one.cells
    )
    assert joined(replace(one, cells=cells)).n_cols == columns


def test_ordinary_and_short_tables_stay() -> None:
    for one in (table(EXPENDITURE), table(ROWS[:4], spans={(r, 1): (1, 2) for r in range(3)})):
        assert joined(one) == one
