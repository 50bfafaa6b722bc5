"""Watermarks in a text layer: what recurs and looks unlike print, and never what only recurs."""

from __future__ import annotations

import pymupdf
import pytest

from ocr.textlayer import TextLayer, read_text_layer
from ocr.textmark import find_text_watermark, without_watermark

MARK = "仅供内部审核"


def page_of(pdf: pymupdf.Document) -> pymupdf.Page:
    """A page with a line of prose and a head that says 预算数 three times, white on a dark ground."""
    page = pdf.new_page()
    page.insert_text((72, 100), "本表仅供内部审核，请勿外传。", fontname="china-s", fontsize=11)
    page.draw_rect((72, 150, 372, 170), fill=(0.1, 0.3, 0.6), color=None)
    for column in range(3):
        page.insert_text((90 + 100 * column, 165), "预算数", fontname="china-s", fontsize=9, color=(1, 1, 1))
    return page


def layers(pdf: pymupdf.Document) -> list[TextLayer]:
    return [read_text_layer(page, number) for number, page in enumerate(pdf, 1)]


def texts(layer: TextLayer) -> list[str]:
    return [line.text for line in layer.lines]


def slanted(page: pymupdf.Page, at: tuple[float, float], grey: float = 0.7, angle: float = 30) -> None:
    morph = (pymupdf.Point(*at), pymupdf.Matrix(1, 1).prerotate(angle))
    page.insert_text(at, MARK, fontname="china-s", fontsize=30, color=(grey,) * 3, morph=morph)


def test_a_slanted_pale_phrase_on_all_pages_is_a_watermark_and_goes() -> None:
    pdf = pymupdf.open()
    for _ in range(3):
        slanted(page_of(pdf), (150, 500))
    found = find_text_watermark(layers(pdf))
    assert found is not None
    assert (found.phrase, found.pages) == (MARK, (1, 2, 3))
    for layer in layers(pdf):
        left, share = without_watermark(layer, found)
        assert share is not None
        assert 0 < share.coverage < 0.2
        assert texts(left) == [t for t in texts(layer) if t != MARK]


@pytest.mark.parametrize("pages", [1, 3])
def test_white_heads_on_a_dark_ground_are_no_watermark(pages: int) -> None:
    """They recur on a page and from page to page, and they are light: but nobody overlooks them."""
    pdf = pymupdf.open()
    for _ in range(pages):
        page_of(pdf)
    assert texts(layers(pdf)[0]).count("预算数") == 3
    assert find_text_watermark(layers(pdf)) is None


def test_tiles_over_a_single_page_are_a_watermark() -> None:
    pdf = pymupdf.open()
    page = page_of(pdf)
    for place in ((60, 300), (300, 420), (100, 600), (320, 740)):
        slanted(page, place)
    found = find_text_watermark(layers(pdf))
    assert found is not None
    assert found.phrase == MARK


def test_the_words_alone_make_no_watermark() -> None:
    """A running head with the very phrase: level and dark, it is print."""
    pdf = pymupdf.open()
    for _ in range(4):
        page_of(pdf).insert_text((72, 40), MARK, fontname="china-s", fontsize=10)
    assert find_text_watermark(layers(pdf), phrases=[MARK]) is None


def test_a_stacked_phrase_is_told_line_by_line() -> None:
    pdf = pymupdf.open()
    for _ in range(3):
        page = page_of(pdf)
        for row, line in enumerate(("内部资料", "注意保存")):
            morph = (pymupdf.Point(200, 500), pymupdf.Matrix(1, 1).prerotate(25))
            page.insert_text(
                (200, 500 + 34 * row), line, fontname="china-s", fontsize=28, color=(0.6,) * 3, morph=morph
            )
    found = find_text_watermark(layers(pdf))
    assert found is not None
    assert found.phrase == "内部资料\n注意保存"
