"""The text layer of a born-digital page: its characters and rules, upright, and whether to believe them.

Measured on PyMuPDF 2.0: with ``/Rotate`` and with a crop box, text traces and drawings come in one system,
the page before turning with the crop box's corner as origin; ``Page.rotation_matrix`` brings both upright.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pymupdf
from pydantic import BaseModel, ConfigDict, Field

from document.geometry import Box
from document.types import TextLine
from ocr.drawings import Fill, read_drawings
from ocr.glyphs import Affine, Glyph, Style, build_lines, glyph_place, moved, read_glyphs, without_doubles
from ocr.types import Rulings


class TrustOptions(BaseModel):
    """When a text layer is believed (文本层可信度)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_characters: int = Field(
        1, ge=0, le=1000, description="fewest visible characters of a page whose layer is believed"
    )
    max_unreadable: float = Field(
        0.02, ge=0, le=1, description="largest share of replacement, private-use and control characters"
    )
    max_foreign: float = Field(
        0.15, ge=0, le=1, description="largest share of characters that Chinese accounts do not use (乱码)"
    )
    min_common: float = Field(
        0.85, ge=0, le=1, description="smallest share of GB 2312 level-1 characters among the Chinese ones"
    )
    max_hidden: float = Field(
        0.5, ge=0, le=1, description="largest share of characters in render mode 3 or under a picture"
    )
    max_picture: float = Field(
        0.3, ge=0, le=1, description="largest share of the page under pictures, whose text the layer lacks"
    )


DEFAULT_TRUST = TrustOptions()

WHITE = 0.97
"""Lightness from which type is white: seen on a dark ground only, and there as plain as black on paper."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Whether a text layer is believed, and why not."""

    trusted: bool
    reason: str | None = None
    """In Chinese, for the operator; None when trusted."""

    def __bool__(self) -> bool:
        return self.trusted


@dataclass(frozen=True, slots=True)
class TextLayer:
    """What a born-digital page prints, in points on the upright page, origin top left."""

    number: int
    """1-based page number."""
    width: float
    height: float
    """Of the upright page."""
    rotation: int
    """Clockwise turn applied to the page as it is stored: 0, 90, 180, 270."""
    lines: tuple[TextLine, ...]
    """Pieces of text from top to bottom; a text that a gap interrupts is two of them."""
    styles: tuple[Style, ...]
    """What each line looks like, in the order of ``lines``."""
    rulings: Rulings
    seams: tuple[tuple[float, float], ...] = ()
    """Points on level rules where one drawn piece ends and the next begins (``ocr.drawings``)."""
    hidden: int = 0
    """Characters of an invisible layer, or under pictures and white paint; not in ``lines``."""
    picture_cover: float = 0.0
    """Share (0–1) of the page that pictures cover."""
    drawn: bool = False
    """Whether the page has any vector drawing or picture (a page without text may still say something)."""


def read_text_layer(page: pymupdf.Page, number: int) -> TextLayer:
    """The text layer of a page; ``number`` is its 1-based number.

    Invisible characters are counted, not returned. Text that runs up or down most of the page turns the
    page: ``rotation`` then differs from the page's own ``/Rotate``.
    """
    spans = page.get_texttrace()
    glyphs = read_glyphs(spans, _page_content(page))
    turn = _reading_turn(glyphs, int(page.rotation))
    matrix, width, height = _upright(page, turn)
    box = Box(0.0, 0.0, width, height)
    drawings = read_drawings(page.get_drawings(extended=True), matrix, box)
    pictures = _pictures(page, matrix, box)
    inside = [g for g in (moved(g, matrix) for g in glyphs) if box.contains(*g.center) and g.text.strip()]
    shown = [g for g in (moved(g, matrix) for g in glyphs) if box.contains(*g.center)]
    shown = [g for g in shown if g.visible and not _painted_over(g, drawings.fills, pictures)]
    kept = build_lines(without_doubles(g for g in shown if not _white_on_white(g, drawings.fills, pictures)))
    return TextLayer(
        number, width, height, (int(page.rotation) + turn) % 360,
        tuple(line for line, _ in kept), tuple(style for _, style in kept), drawings.rulings,
        seams=drawings.seams,
        hidden=len(inside) - sum(bool(g.text.strip()) for g in shown),
        picture_cover=_cover([p.box for p in pictures], box),
        drawn=bool(pictures or drawings.fills or drawings.rulings.horizontal),
    )  # fmt: skip


def trusted(layer: TextLayer, options: TrustOptions = DEFAULT_TRUST) -> Trust:
    """Whether the layer can stand for the page, without recognition.

    Not believed: no text at all; characters without meaning (replacement, private use, 乱码); text that is
    hidden under a picture or invisible, as an OCR layer is; a page much of which is pictures.
    """
    text = "".join(c for line in layer.lines for c in line.text if not c.isspace())
    if layer.hidden > options.max_hidden * (layer.hidden + len(text)):
        return Trust(False, "文本层不可见，像是扫描件的识别层")
    if layer.picture_cover > options.max_picture:
        return Trust(False, "页面大部分是图片，图片里的文字不在文本层中")
    if len(text) < options.min_characters:
        return Trust(False, "没有文本层")
    if sum(map(_unreadable, text)) > options.max_unreadable * len(text):
        return Trust(False, "文本层含有无法解码的字符")
    if len(text) >= 20 and sum(map(_foreign, text)) > options.max_foreign * len(text):
        return Trust(False, "文本层像是乱码")
    chinese = [c for c in text if "一" <= c <= "鿿"]
    if len(chinese) >= 30 and sum(map(_common, chinese)) < options.min_common * len(chinese):
        return Trust(False, "文本层的汉字像是编码错误")
    return Trust(True)


def _unreadable(character: str) -> bool:
    """Replacement character, private use, or not a character at all."""
    code = ord(character)
    return code == 0xFFFD or 0xE000 <= code <= 0xF8FF or code >= 0xF0000 or code < 0x20


def _foreign(character: str) -> bool:
    """A character of another script: what 乱码 is made of (accented Latin, Cyrillic, Hangul, kana …)."""
    code = ord(character)
    return (0x80 <= code < 0x2000 and character not in "·×÷°±§¥") or 0x3040 <= code < 0x3100 or 0xAC00 <= code < 0xD800


def _common(character: str) -> bool:
    """Whether GB 2312 lists the character at level 1 (3,755 characters: 99 % of any current text)."""
    try:
        coded = character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return 0xB0 <= coded[0] <= 0xD7


def _page_content(page: pymupdf.Page) -> frozenset[tuple[str, int, int]] | None:
    """Places of the glyphs that the page itself draws; None when it has no annotations."""
    if page.first_annot is None and page.first_widget is None:
        return None
    found = page.get_displaylist(annots=False).get_textpage(0)
    # PyMuPDF 2.0 gives MuPDF's own object where it once gave this class
    raw = (found if isinstance(found, pymupdf.TextPage) else pymupdf.TextPage(found)).extractRAWDICT()
    places = set()
    for block in raw["blocks"]:
        for line in block.get("lines", ()):
            for span in line["spans"]:
                places |= {_near(c["c"], c["origin"], page) for c in span["chars"]}
    return frozenset(places)


def _near(text: str, origin: tuple[float, float], page: pymupdf.Page) -> tuple[str, int, int]:
    """The place of a display list's glyph, which is turned, on the page before turning."""
    (x, y), (a, b, c, d, e, f) = origin, page.derotation_matrix
    return glyph_place(" " if text.isspace() else text, a * x + c * y + e, b * x + d * y + f)


def _reading_turn(glyphs: Sequence[Glyph], rotation: int) -> int:
    """Clockwise turn, beyond ``/Rotate``, that brings most of the page's text level."""
    turns = Counter(
        round((g.angle - rotation) / 90) * 90 % 360
        for g in glyphs
        if not g.upright and not g.style.annotation and abs((g.angle + 45) % 90 - 45) < 3
    )
    return turns.most_common(1)[0][0] if turns else 0


def _upright(page: pymupdf.Page, turn: int) -> tuple[Affine, float, float]:
    """The map from the page before turning to the upright page, and the upright page's size in points."""
    matrix = pymupdf.Matrix(page.rotation_matrix)
    width, height = float(page.rect.width), float(page.rect.height)
    for _ in range(turn // 90):
        matrix = matrix * pymupdf.Matrix(0, 1, -1, 0, height, 0)
        width, height = height, width
    a, b, c, d, e, f = matrix
    return (a, b, c, d, e, f), width, height


def _pictures(page: pymupdf.Page, matrix: Affine, box: Box) -> list[Fill]:
    """Where pictures lie, with their place in the order of drawing."""
    found = []
    for serial, (kind, rect, *_) in enumerate(page.get_bboxlog()):
        corners = [float(v) for v in rect]
        if kind not in ("fill-image", "fill-shade") or not all(map(math.isfinite, corners)):
            continue
        a, b, c, d, e, f = matrix
        xs = sorted(a * x + c * y + e for x, y in (corners[:2], corners[2:]))
        ys = sorted(b * x + d * y + f for x, y in (corners[:2], corners[2:]))
        shown = Box(xs[0], ys[0], xs[1], ys[1]).intersection(box)
        if shown and shown.area > 0:
            found.append(Fill(shown, False, serial))
    return found


def _painted_over(glyph: Glyph, fills: Sequence[Fill], pictures: Sequence[Fill]) -> bool:
    """Whether a later picture or white area hides the glyph."""
    covers = [*(f for f in fills if f.white), *pictures]
    return any(c.serial > glyph.serial and c.box.contains(*glyph.center) for c in covers)


def _white_on_white(glyph: Glyph, fills: Sequence[Fill], pictures: Sequence[Fill]) -> bool:
    """Whether a white glyph stands on bare paper, where nobody sees it."""
    if glyph.style.lightness < WHITE:
        return False
    grounds = [*(f for f in fills if not f.white), *pictures]
    return not any(g.serial < glyph.serial and g.box.contains(*glyph.center) for g in grounds)


def _cover(boxes: Sequence[Box], page: Box) -> float:
    """Share of the page under the boxes, counted on a grid of 40 × 40 points of the page."""
    if not boxes or page.area <= 0:
        return 0.0
    steps = [(i + 0.5) / 40 for i in range(40)]
    points = [(page.width * x, page.height * y) for x in steps for y in steps]
    return sum(any(b.contains(*p) for b in boxes[:500]) for p in points) / len(points)


__all__ = ["DEFAULT_TRUST", "WHITE", "TextLayer", "Trust", "TrustOptions", "read_text_layer", "trusted"]
