"""Two lines read at one place: one of them goes, or a person is asked."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cleanup.overlaps import REASON, without_doubles
from document.geometry import Box
from document.types import Cell, Document, Reading, Rule, Source, Table, TextLine


def cell_of(*lines: tuple[str, Box]) -> Cell:
    text = "".join(t for t, _ in lines)
    return Cell(0, 0, 1, Box(0, 0, 200, 40), Reading(text, text), lines=tuple(TextLine(t, b, 0.99) for t, b in lines))


def cleaned(cell: Cell) -> Cell:
    table = Table("t", (1,), 1, 1, (cell,))
    document = without_doubles(Document(Source("a.pdf", "0" * 64, 1), (), (table,)))
    assert without_doubles(document) == document
    return document.tables[0].cells[0]


def test_a_piece_of_a_line_over_the_whole_line_goes() -> None:
    cell = cleaned(cell_of(("三、国防支", Box(10, 10, 52, 22)), ("三、国防支出", Box(11, 10, 68, 22))))
    assert cell.reading.text == "三、国防支出"
    assert [c.rule for c in cell.reading.corrections] == [Rule.DEBRIS]
    assert [k.text for k in cell.lines] == ["三、国防支出"]
    assert not cell.reading.needs_review


def test_the_same_word_twice_at_one_place_stays_once_and_twice_at_two_places_twice() -> None:
    assert cleaned(cell_of(("是", Box(10, 10, 20, 20)), ("是", Box(11, 11, 20, 20)))).reading.text == "是"
    assert cleaned(cell_of(("是", Box(10, 10, 20, 20)), ("是", Box(30, 10, 40, 20)))).reading.text == "是是"


def test_two_different_texts_at_one_place_are_said_and_kept() -> None:
    cell = cleaned(cell_of(("（1100%）=", Box(10, 10, 90, 20)), ("（111.40/146", Box(12, 10, 100, 20))))
    assert cell.reading.text == "（1100%）=（111.40/146"
    assert cell.reading.reasons == (REASON,)


def test_characters_that_two_pieces_of_a_line_share_stand_once() -> None:
    left, right = ("执行率（执行/到位×100%）", Box(10, 10, 110, 20)), ("100%）=（111/146×100%）", Box(80, 10, 180, 20))
    assert cleaned(cell_of(left, right)).reading.text == "执行率（执行/到位×100%）=（111/146×100%）"
    apart = cell_of(left, (right[0], Box(112, 10, 212, 20)))
    assert cleaned(apart) == apart
    other = cell_of(left, ("等于（111/146×100%）", Box(80, 10, 180, 20)))
    assert cleaned(other) == other


@given(st.lists(st.text("合计支出算12.", min_size=1, max_size=5), min_size=1, max_size=5))
def test_lines_beside_and_below_each_other_never_change(texts: list[str]) -> None:
    cell = cell_of(*((t, Box(10, 12 * i, 60, 12 * i + 10)) for i, t in enumerate(texts)))
    assert cleaned(cell) == cell
