"""Born-digital pages: the same table however the page is turned, cropped, covered or marked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pymupdf
import pytest
from born_digital import LEFT, TOP, WIDTHS, WORDS, cropped, draw_table, shown_sideways, turned_about, upright

from document.geometry import Box
from ocr.layergrids import layer_grids
from ocr.tables import fill_grids
from ocr.textlayer import TextLayer, read_text_layer, trusted
from ocr.textmark import find_text_watermark, without_watermark

PROSE = "本表反映部门本年度支出情况，按照功能分类列示。"
MARK = "内部使用"
HIDDEN = "又供内部軍核，820,66万元"


def read(pdf: pymupdf.Document, page: int = 0) -> TextLayer:
    return read_text_layer(pdf[page], page + 1)


def table(layer: TextLayer) -> tuple[list[list[str]], list[str]]:
    """The texts of the page's one table, row by row, and the lines outside it."""
    (filled,), rest = fill_grids(layer_grids(layer), layer.lines, layer.number)
    rows = [[c.reading.text for c in filled.cells if c.row == row] for row in range(filled.grid.n_rows)]
    return rows, [line.text for line in rest]


def test_characters_stand_where_they_are_printed_not_where_they_were_drawn() -> None:
    """The 一 of 一般公共服务支出 is drawn last; readers that keep the order of drawing put it at the end."""
    layer = read(upright())
    assert table(layer) == (WORDS, [PROSE])
    assert trusted(layer)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_page_stored_on_its_side_comes_upright(turn: int) -> None:
    layer = read(turned_about(turn))
    assert (layer.width, layer.height) == pytest.approx((595, 842))
    assert table(layer) == (WORDS, [PROSE])
    (grid,) = layer_grids(layer)
    assert (grid.box.left, grid.box.top) == pytest.approx((LEFT, TOP), abs=1)


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_page_shown_on_its_side_is_turned_to_be_read(turn: int) -> None:
    layer = read(shown_sideways(turn))
    assert table(layer) == (WORDS, [PROSE])
    assert (layer.width, layer.height) == pytest.approx((595, 842))
    assert layer.rotation == 0  # back to how it is stored


def test_a_crop_box_moves_the_origin() -> None:
    layer = read(cropped((60, 150, 500, 700)))
    assert (layer.width, layer.height) == (440, 550)
    (grid,) = layer_grids(layer)
    assert (grid.box.left, grid.box.top, grid.box.width) == pytest.approx((LEFT - 60, TOP - 150, sum(WIDTHS)), abs=1)
    assert table(layer) == (WORDS, [PROSE])


def test_what_the_crop_box_cuts_off_is_not_there() -> None:
    layer = read(cropped((60, TOP - 8, 500, 700)))  # below the line of prose
    assert table(layer) == (WORDS, [])


def scan_with_layer() -> pymupdf.Document:
    """A picture over the page, and what a recogniser read under it in render mode 3."""
    pdf = pymupdf.open()
    page = pdf.new_page()
    pixmap = pymupdf.Pixmap(pymupdf.csGRAY, pymupdf.IRect(0, 0, 60, 84))
    pixmap.clear_with(250)
    page.insert_image(page.rect, pixmap=pixmap)
    page.insert_text((80, 100), HIDDEN, fontname="china-s", fontsize=12, render_mode=3)
    return pdf


def test_an_invisible_layer_is_not_believed() -> None:
    layer = read(scan_with_layer())
    assert layer.lines == ()
    assert layer.hidden == len(HIDDEN)
    found = trusted(layer)
    assert not found
    assert "识别层" in (found.reason or "")


def test_text_under_a_picture_or_white_paint_is_hidden() -> None:
    pdf = upright()
    pdf[0].draw_rect((LEFT, TOP - 32, 560, TOP - 16), fill=(1, 1, 1), color=None)
    layer = read(pdf)
    assert table(layer) == (WORDS, [])
    assert layer.hidden == len(PROSE)
    assert trusted(layer)


def test_white_type_shows_on_a_dark_ground_alone() -> None:
    pdf = upright()
    page = pdf[0]
    page.draw_rect((LEFT, 400, 300, 420), fill=(0.1, 0.2, 0.5), color=None)
    for y in (414, 474):
        page.insert_text((LEFT + 4, y), "收入总表", fontname="china-s", fontsize=10, color=(1, 1, 1))
    layer = read(pdf)
    assert [line.box.top for line in layer.lines if line.text == "收入总表"] == pytest.approx([405.4], abs=1)


@pytest.mark.parametrize("text", ["ÕýÎÄÕýÎÄÕýÎÄÕýÎÄÕýÎÄÕýÎÄ", "\ufffd" * 30, "垽堃垲埐埖埗埛埜埝埞埡埢埤埥埦埧" * 3])
def test_layers_without_meaning_are_not_believed(text: str) -> None:
    layer = read(upright())
    line = replace(layer.lines[0], text=text)
    assert not trusted(replace(layer, lines=(line,), styles=layer.styles[:1]))


def test_a_page_without_text_is_not_believed() -> None:
    pdf = pymupdf.open()
    pdf.new_page()
    assert not trusted(read(pdf))


# -- watermarks in their dresses -------------------------------------------------------------------------

Dress = Callable[[pymupdf.Document, pymupdf.Page], None]


def as_annotation(pdf: pymupdf.Document, page: pymupdf.Page) -> None:
    box = pymupdf.Rect(120, 210, 360, 250)
    page.add_freetext_annot(box, MARK, fontsize=26, fontname="china-s", text_color=(0.6, 0.6, 0.6), rotate=0)


def as_form(pdf: pymupdf.Document, page: pymupdf.Page) -> None:
    """A form XObject that all pages show, as word processors do."""
    source = pymupdf.open()
    as_spans(source, source.new_page())
    page.show_pdf_page(page.rect, source, 0)


def as_spans(pdf: pymupdf.Document, page: pymupdf.Page) -> None:
    """Slanted text among the page's own."""
    morph = (pymupdf.Point(120, 260), pymupdf.Matrix(1, 1).prerotate(30))
    page.insert_text((120, 260), MARK, fontname="china-s", fontsize=30, color=(0.7, 0.7, 0.7), morph=morph)


def as_layer(pdf: pymupdf.Document, page: pymupdf.Page) -> None:
    """Text of an optional content group, level and black."""
    group = pdf.add_ocg("水印")
    page.insert_text((120, 250), MARK, fontname="china-s", fontsize=26, color=(0.5, 0.5, 0.5), oc=group)


@pytest.mark.parametrize("put", [as_annotation, as_form, as_spans, as_layer])
@pytest.mark.parametrize("turn", [0, 90])
def test_a_watermark_over_the_table_goes_and_the_table_stays(put: Dress, turn: int) -> None:
    pdf = pymupdf.open()
    for _ in range(3):
        draw_table(pdf.new_page())
        put(pdf, pdf[-1])
        pdf[-1].set_rotation(turn)
    pdf = pymupdf.open("pdf", pdf.tobytes())
    layers = [read(pdf, number) for number in range(3)]
    found = find_text_watermark(layers)
    assert found is not None
    assert found.phrase == MARK
    for layer in layers:
        left, share = without_watermark(layer, found)
        assert share is not None
        assert table(left) == (WORDS, [PROSE])


def test_a_stamped_word_on_one_page_stays_text() -> None:
    """Negative control: what does not recur is the page's own, slanted or not."""
    pdf = upright()
    as_spans(pdf, pdf[0])
    for _ in range(2):
        draw_table(pdf.new_page())
    assert find_text_watermark([read(pdf, number) for number in range(3)]) is None


def test_boxes_are_on_the_upright_page() -> None:
    layer = read(turned_about(90))
    page = Box(0, 0, layer.width, layer.height)
    assert all(page.contains(*line.box.center) for line in layer.lines)
    assert all(abs(line.angle) < 1 for line in layer.lines)
