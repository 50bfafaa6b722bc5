"""Signs before targets (指标值): a bar that was lost comes back, or is said."""

from __future__ import annotations

import pytest

from cleanup.signs import mend_signs, prints_bars
from document.geometry import Box
from document.types import Cell, Character, Document, Origin, Page, Reading, Source, Table, TextLine

BOX = Box(0, 0, 9, 9)
BARRED = (("≥9次/年", ">", 0.4), ("≥93%", ">", 0.2), ("≤3%", "<", 0.3), ("≥5次/年", ">", 0.03))


def form(*targets: tuple[str, str, float]) -> Document:
    """Targets with the other sign that the recogniser thought of, and how likely it was."""
    cells = tuple(
        Cell(row, 0, 1, BOX, Reading(text, text), lines=(TextLine(text, BOX, 0.97, (first, *rest)),))
        for row, (text, other, chance) in enumerate(targets)
        for first in [Character(text[0], 1 - chance, 0, 1, ((other, chance),))]
        for rest in [tuple(Character(c, 0.999, n, n + 1) for n, c in enumerate(text[1:], 1))]
    )
    page = Page(1, Origin.SCAN, 100, 100)
    return Document(Source("a", "0" * 64, 1), (page,), (Table("t", (1,), len(cells), 1, cells),))


def last_of(document: Document) -> Reading:
    return mend_signs(document).tables[0].cells[-1].reading


@pytest.mark.parametrize(("text", "bar", "mended"), [(">91%", "≥", "≥91%"), ("<550元", "≤", "≤550元")])
def test_a_bar_the_recogniser_thought_of_comes_back_where_all_others_have_one(text: str, bar: str, mended: str) -> None:
    document = form(*BARRED, (text, bar, 0.08))
    assert prints_bars(document)
    reading = last_of(document)
    assert (reading.text, reading.raw, reading.needs_review) == (mended, text, False)
    assert reading.corrections[-1].before == text
    assert mend_signs(mend_signs(document)) == mend_signs(document)


def test_a_sign_without_a_bar_among_others_with_one_is_said() -> None:
    reading = last_of(form(*BARRED, (">95%", "≥", 0.021)))
    assert (reading.text, reading.reasons) == (">95%", ("“>”可能是“≥”",))


def test_a_sign_that_is_surely_printed_without_a_bar_stays() -> None:
    reading = last_of(form(*BARRED, (">95%", "≥", 0.001)))
    assert (reading.text, reading.needs_review) == (">95%", False)


def test_two_targets_show_nothing_of_what_a_document_prints() -> None:
    reading = last_of(form(BARRED[1], (">91%", "≥", 0.08)))
    assert (reading.text, reading.needs_review) == (">91%", False)
