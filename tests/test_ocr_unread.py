"""Blank cells that are not blank, and pages whose ink nobody read."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from document.geometry import Box
from document.types import BlockKind, Cell, Origin, Page, PageContent, Reading, Table, TextBlock, TextLine
from ocr.types import PageImage, Pixels
from ocr.unread import REASON, REASON_NEAR, note_unread

DPI = 144.0
UNIT = DPI / 72
WORD = Box(10, 14, 60, 26)
BLANK = Box(100, 10, 200, 30)


def page_of(pixels: Pixels) -> PageImage:
    height, width = pixels.shape
    return PageImage(1, pixels, DPI, np.eye(3), width / UNIT, height / UNIT)


def paper() -> Pixels:
    pixels = np.full((400, 440), 255, np.uint8)
    for x in range(20, 120, 24):  # the word that was read
        cv2.rectangle(pixels, (x, 28), (x + 18, 52), 0, 3)
    return pixels


def content_of(read: bool = True) -> PageContent:
    line = TextLine("合计", WORD, 0.99)
    cells = (
        Cell(0, 0, 1, Box(5, 10, 100, 30), Reading("合计", "合计"), lines=(line,)),
        Cell(0, 1, 1, BLANK),
    )
    page = Page(1, Origin.SCAN, 220, 200)
    return PageContent(page, (Table("t", (1,), 1, 2, cells),) if read else ())


def flagged(pixels: Pixels, dropped: tuple[TextLine, ...] = ()) -> bool:
    table = note_unread(content_of(), page_of(pixels), dropped).blocks[0]
    assert isinstance(table, Table)
    assert not table.cells[0].reading.needs_review
    return table.cells[1].reading.reasons == (REASON,)


def test_characters_in_a_blank_cell_are_said() -> None:
    pixels = paper()
    cv2.putText(pixels, "38", (240, 52), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 0, 2)
    assert flagged(pixels)


@pytest.mark.parametrize(("text", "size"), [("0", 0.42), ("3", 0.42), ("1", 0.5)])
def test_a_lone_digit_of_small_type_is_said(text: str, size: float) -> None:
    """Half as high as the boxes in which lines are found, which have a margin."""
    pixels = paper()
    cv2.putText(pixels, text, (300, 48), cv2.FONT_HERSHEY_SIMPLEX, size, 0, 2)
    assert flagged(pixels)


@pytest.mark.parametrize("mark", ["nothing", "speck", "rule", "pale"])
def test_specks_rules_and_pale_residue_are_not(mark: str) -> None:
    pixels = paper()
    if mark == "speck":
        cv2.circle(pixels, (260, 40), 3, 0, -1)
    elif mark == "rule":
        cv2.line(pixels, (200, 34), (400, 34), 0, 2)
    elif mark == "pale":
        cv2.putText(pixels, "38", (240, 52), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 190, 2)
    assert not flagged(pixels)


def test_a_line_that_was_found_there_and_dropped_is_said_if_it_was_no_speck() -> None:
    assert flagged(paper(), (TextLine("彼", Box(110, 14, 150, 26), 0.4),))
    assert not flagged(paper(), (TextLine("i", Box(110, 14, 115, 26), 0.2),))


def test_a_page_of_ink_without_a_word_says_so_and_a_blank_one_does_not() -> None:
    pixels = np.full((400, 440), 255, np.uint8)
    assert note_unread(content_of(read=False), page_of(pixels), ()).page.error is None
    for row in range(4):
        cv2.putText(pixels, "38142", (40, 60 + 80 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.9, 0, 2)
    noted = note_unread(content_of(read=False), page_of(pixels), ()).page
    assert noted.error == "page 1: ink, but no text was read"
    assert noted.origin is Origin.SCAN


@pytest.mark.parametrize(("height", "said"), [(26.0, True), (13.0, False)])
def test_one_character_in_a_box_of_two_is_said(height: float, said: bool) -> None:
    """行 over 次 in one narrow box: a recogniser of lines reads the first."""
    content = content_of()
    table = content.blocks[0]
    assert isinstance(table, Table)
    narrow = Cell(0, 1, 1, BLANK, Reading("行", "行"), lines=(TextLine("行", Box(120, 4, 132, 4 + height), 0.99),))
    content = replace(content, blocks=(replace(table, cells=(table.cells[0], narrow)),))
    noted = note_unread(content, page_of(paper()), ()).blocks[0]
    assert isinstance(noted, Table)
    assert noted.cells[1].reading.needs_review == said


@pytest.mark.parametrize(("text", "width", "said"), [("合", 26.0, True), ("合", 15.0, False), ("8", 26.0, False)])
def test_one_han_character_in_a_box_as_wide_as_two_is_said(text: str, width: float, said: bool) -> None:
    """合计 found as one line, of which only 合 was read; a digit's box is often too wide."""
    content = content_of()
    table = content.blocks[0]
    assert isinstance(table, Table)
    line = TextLine(text, Box(120, 14, 120 + width, 27), 0.99)
    cell = Cell(0, 1, 1, BLANK, Reading(text, text), lines=(line,))
    content = replace(content, blocks=(replace(table, cells=(table.cells[0], cell)),))
    noted = note_unread(content, page_of(paper()), ()).blocks[0]
    assert isinstance(noted, Table)
    assert noted.cells[1].reading.needs_review == said


@pytest.mark.parametrize(("below", "said"), [(True, True), (False, False)])
def test_a_second_line_that_was_not_found_is_said(below: bool, said: bool) -> None:
    """上缴上级 over 支出 in a narrow head, of which the detector found the first line alone."""
    pixels = paper()
    if below:
        cv2.putText(pixels, "88", (240, 92), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 0, 2)
    content = content_of()
    table = content.blocks[0]
    assert isinstance(table, Table)
    line = TextLine("上缴上级", Box(110, 14, 160, 26), 0.99)
    head = Cell(0, 1, 1, Box(100, 10, 200, 54), Reading("上缴上级", "上缴上级"), lines=(line,))
    content = replace(content, blocks=(replace(table, cells=(table.cells[0], head)),))
    noted = note_unread(content, page_of(pixels), ()).blocks[0]
    assert isinstance(noted, Table)
    assert noted.cells[1].reading.needs_review == said


def test_the_text_next_to_a_line_that_nobody_could_read_is_flagged_and_no_other() -> None:
    def text(name: str, top: float) -> TextBlock:
        reading = Reading("本年收入合计", "本年收入合计")
        line = TextLine("本年收入合计", Box(10, top, 150, top + 12), 0.99)
        return TextBlock(name, BlockKind.PARAGRAPH, (1,), line.box, reading, lines=(line,))

    content = content_of()
    content = replace(content, blocks=(*content.blocks, text("a", 60), text("b", 150)))
    noted = note_unread(content, page_of(paper()), (), [Box(10, 130, 150, 142)])
    assert [block.reading.reasons for block in noted.blocks if isinstance(block, TextBlock)] == [(), (REASON_NEAR,)]
    in_table = note_unread(content, page_of(paper()), (), [Box(20, 14, 180, 26)])
    assert all(not block.reading.needs_review for block in in_table.blocks if isinstance(block, TextBlock))
