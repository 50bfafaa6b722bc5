"""Confidence: doubt where the recogniser doubts, none where only the form of a character is open."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cleanup.confidence import ConfidenceOptions, assess
from dictionaries.loader import load_dictionary
from document.geometry import Box
from document.types import Cell, Character, Document, Origin, Page, Reading, Source, Table, TextLine

DICTIONARY = load_dictionary()
BOX = Box(0, 0, 10, 10)


def assessed(text: str, *characters: Character, origin: Origin = Origin.SCAN, cover: float = 0) -> Reading:
    line = TextLine(text, BOX, 0.995, characters, watermark_cover=cover)
    cell = Cell(0, 0, 1, BOX, Reading(text, text), lines=(line,))
    table = Table("t", (1,), 1, 1, (cell,))
    page = Page(1, origin, 100, 100)
    return assess(Document(Source("a", "0" * 64, 1), (page,), (table,)), DICTIONARY).tables[0].cells[0].reading


def sure(text: str) -> tuple[Character, ...]:
    return tuple(Character(c, 0.999, i, i + 1) for i, c in enumerate(text))


def test_a_doubtful_digit_is_said() -> None:
    reading = assessed("302.78", *sure("302.7"), Character("8", 0.51, 5, 6, (("3", 0.48),)))
    assert reading.needs_review
    assert reading.reasons == ("“8”可能是“3”",)
    assert reading.confidence < 0.95


def test_sure_fields_are_not_flagged() -> None:
    for text in ("302.78", "住房公积金", "政务大厅运行费"):
        reading = assessed(text, *sure(text))
        assert not reading.needs_review
        assert reading.confidence > 0.9


def test_the_form_of_a_bracket_is_no_doubt() -> None:
    bracket = Character("（", 0.45, 2, 3, (("(", 0.54),))
    assert not assessed("某项目（境）费", *sure("某项目"), bracket, *sure("境）费")).needs_review


def test_a_letter_like_a_digit_is_no_doubt_in_a_number() -> None:
    nought = Character("0", 0.6, 0, 1, (("O", 0.39),))
    assert not assessed("0", nought).needs_review
    assert assessed("0", Character("0", 0.6, 0, 1, (("8", 0.39),))).needs_review


def form(*targets: tuple[str, str, float]) -> Document:
    """Targets with the other sign that the recogniser thought of, and how likely it was."""
    cells = tuple(
        Cell(row, 0, 1, BOX, Reading(text, text), lines=(TextLine(text, BOX, 0.97, (first, *sure(text)[1:])),))
        for row, (text, other, chance) in enumerate(targets)
        for first in [Character(text[0], 1 - chance, 0, 1, ((other, chance),))]
    )
    page = Page(1, Origin.SCAN, 100, 100)
    return Document(Source("a", "0" * 64, 1), (page,), (Table("t", (1,), len(cells), 1, cells),))


def test_a_pale_bar_is_no_doubt_where_the_document_prints_bars() -> None:
    targets = [("≥9次/年", ">", 0.2), ("≥93%", ">", 0.2), ("≤3%", "<", 0.3), ("≥5次/年", ">", 0.0), ("≥91%", ">", 0.2)]
    barred = [c.reading.confidence for c in assess(form(*targets), DICTIONARY).tables[0].cells]
    mixed = assess(form(*targets, (">7次/年", "≥", 0.0)), DICTIONARY).tables[0].cells
    assert min(barred) > max(c.reading.confidence for c in mixed[:3])


def test_a_dictionary_word_vouches_for_its_characters() -> None:
    doubtful = Character("积", 0.4, 3, 4, (("枳", 0.3),))
    assert not assessed("住房公积金", *sure("住房公"), doubtful, *sure("金")).needs_review
    assert assessed("住房公积池", *sure("住房公"), doubtful, *sure("池")).needs_review


def test_a_word_that_is_said_elsewhere_vouches_for_a_character() -> None:
    """维护费 is a word of the dictionary and 维护贸 none; beside 事 stand both 务 and 业, and nothing tells."""
    rate = assessed("巡检维护费", *sure("巡检维护"), Character("费", 0.8, 4, 5, (("贸", 0.18),)))
    either = assessed("某某事务处", *sure("某某事"), Character("务", 0.8, 3, 4, (("业", 0.18),)), *sure("处"))
    neither = assessed("某某窼鬻处", *sure("某某窼"), Character("鬻", 0.8, 3, 4, (("粥", 0.18),)), *sure("处"))
    assert not rate.needs_review
    assert rate.confidence > 0.9 > max(either.confidence, neither.confidence)


def test_a_word_goes_on_over_a_lines_end() -> None:
    first, second = sure("某市计算机购"), (Character("置", 0.6, 0, 1, (("量", 0.39),)),)
    lines = (TextLine("某市计算机购", BOX, 0.999, first), TextLine("置", BOX, 0.6, second))
    cell = Cell(0, 0, 1, BOX, Reading("某市计算机购置", "某市计算机购置"), lines=lines)
    page = Page(1, Origin.SCAN, 100, 100)
    alone = replace(cell, reading=Reading("置", "置"), lines=lines[1:])
    both, one = (
        assess(Document(Source("a", "0" * 64, 1), (page,), (Table("t", (1,), 1, 1, (c,)),)), DICTIONARY)
        for c in (cell, alone)
    )
    assert both.tables[0].cells[0].reading.confidence > one.tables[0].cells[0].reading.confidence + 0.1


def test_the_form_of_a_character_leaves_the_mean_alone() -> None:
    same, other = (
        assessed("某项目(境)", *sure("某项目(境"), Character(")", 0.55, 5, 6, ((a, 0.449),))) for a in ("）", "》")
    )
    assert same.confidence == assessed("某项目(境)", *sure("某项目(境)")).confidence > other.confidence


@pytest.mark.parametrize(("cover", "flagged"), [(0.0, False), (0.7, True)])
def test_a_watermark_over_the_box_makes_doubt_count_double(cover: float, flagged: bool) -> None:
    reading = assessed("12.00", *sure("12.0"), Character("0", 0.8, 4, 5, (("8", 0.1),)), cover=cover)
    assert reading.needs_review is flagged


def test_a_text_layer_is_not_doubted() -> None:
    assert not assessed("3", Character("3", 0.1, 0, 1), origin=Origin.TEXT_LAYER).needs_review


def test_earlier_flags_stay() -> None:
    flagged = Reading("1,2", "1,2", needs_review=True, reasons=("无法确定",))
    cell = Cell(0, 0, 1, BOX, flagged)
    document = Document(Source("a", "0" * 64, 1), (), (Table("t", (1,), 1, 1, (cell,)),))
    after = assess(document, DICTIONARY).tables[0].cells[0].reading
    assert (after.needs_review, after.reasons) == (True, ("无法确定",))
    assert assess(replace(document), DICTIONARY) == assess(document, DICTIONARY)


def test_a_sum_vouches_for_its_numbers() -> None:
    doubtful = Character("8", 0.51, 5, 6, (("3", 0.48),))
    line = TextLine("302.78", BOX, 0.99, (*sure("302.7"), doubtful))
    cell = Cell(0, 0, 1, BOX, Reading("302.78", "302.78"), lines=(line,), amount="302.78", verified_by=("合计",))
    page = Page(1, Origin.SCAN, 100, 100)
    document = Document(Source("a", "0" * 64, 1), (page,), (Table("t", (1,), 1, 1, (cell,)),))
    reading = assess(document, DICTIONARY).tables[0].cells[0].reading
    assert not reading.needs_review
    assert reading.confidence > 0.9


def test_an_operator_who_allows_fewer_silent_errors_sees_more_fields() -> None:
    cells = []
    for i, probability in enumerate((0.6, 0.8, 0.9, 0.97, 0.999)):
        line = TextLine("某项目", BOX, probability, (*sure("某项"), Character("目", probability, 2, 3)))
        cells.append(Cell(0, i, 1, BOX, Reading("某项目", "某项目"), lines=(line,)))
    page = Page(1, Origin.SCAN, 100, 100)
    document = Document(Source("a", "0" * 64, 1), (page,), (Table("t", (1,), 1, 5, tuple(cells)),))
    flagged = [
        sum(
            c.reading.needs_review
            for c in assess(document, DICTIONARY, ConfidenceOptions(silent_per_10k=n)).tables[0].cells
        )
        for n in (0, 1, 5, 20, 10_000)
    ]
    assert flagged == sorted(flagged, reverse=True)
    assert flagged[0] == 5
    assert flagged[-1] == 0
