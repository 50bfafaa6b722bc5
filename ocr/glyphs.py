"""Characters of a born-digital page, put together into lines by where they stand.

PyMuPDF's own line building is left aside on purpose: it keeps the order of drawing, so that a glyph 一
drawn last ends a cell it should begin, and one text operation may run over several table cells. Here a
line is what stands side by side on one baseline in one style, in the order of its positions.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from document.geometry import Box
from document.types import Character, TextLine

Point = tuple[float, float]
Affine = tuple[float, float, float, float, float, float]
"""PDF matrix ``(a, b, c, d, e, f)``: x' = a·x + c·y + e, y' = b·x + d·y + f."""

MAX_GLYPHS = 200_000
"""Most glyphs taken from one page; a full page of 6-point type has about 10,000."""

ASCENT, DESCENT = 0.86, 0.14
"""Shares of the type size above and below the baseline. Chinese type fills its square so; the fonts' own
figures are not used, because WPS and Excel write subsets whose bounding boxes are wrong."""

SAME_PLACE = 0.17
"""Two equal glyphs nearer than this share of their size are one, drawn twice for boldness."""

BASELINE_DRIFT = 0.3
"""Glyphs whose baselines differ by less than this share of their size stand on one line."""

GAP_SPLITS = 0.95
"""A gap wider than this share of the size ends a piece, whoever drew it."""

GAP_SPLITS_OPERATIONS = 0.28
"""The same between two text operations: cells drawn one by one may stand that near."""


@dataclass(frozen=True, slots=True)
class Style:
    """What a glyph looks like, as far as a watermark differs from print."""

    colour: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Red, green, blue, 0–1."""
    opacity: float = 1.0
    annotation: bool = False
    """Drawn by an annotation (批注), not by the page itself."""
    layer: str = ""
    """Name of the optional content group it belongs to."""

    @property
    def lightness(self) -> float:
        """How light it shows on white paper, 0 (black) to 1 (invisible)."""
        ink = 1 - (0.299 * self.colour[0] + 0.587 * self.colour[1] + 0.114 * self.colour[2])
        return 1 - ink * self.opacity


@dataclass(frozen=True, slots=True)
class Glyph:
    """One drawn character, in points on the page it came from."""

    text: str
    origin: Point
    """Start of its baseline."""
    end: Point
    """Where its advance ends."""
    size: float
    style: Style
    serial: int
    """Number of the drawing operation, counted over the page."""
    operation: int
    """Number of the text span; glyphs of one span were drawn together."""
    upright: bool = False
    """Vertical writing: it stands upright and the next one stands below it."""
    visible: bool = True
    """False for render mode 3, the way an OCR layer is hidden."""

    @property
    def angle(self) -> float:
        """Direction of the baseline, degrees counter-clockwise, -180 < angle <= 180."""
        return -math.degrees(math.atan2(self.end[1] - self.origin[1], self.end[0] - self.origin[0]))

    @property
    def center(self) -> Point:
        """Middle of the glyph's square."""
        across = (ASCENT - DESCENT) / 2 * self.size
        turn = math.radians(self.angle)
        return (
            (self.origin[0] + self.end[0]) / 2 - across * math.sin(turn),
            (self.origin[1] + self.end[1]) / 2 - across * math.cos(turn),
        )


def read_glyphs(spans: Iterable[dict[str, Any]], content: frozenset[tuple[str, int, int]] | None) -> list[Glyph]:
    """The glyphs of a text trace (``Page.get_texttrace``), at most ``MAX_GLYPHS``.

    ``content`` holds the places (``glyph_place``) of what the page itself draws, None when the page has no
    annotations; a glyph anywhere else is an annotation's.
    """
    found: list[Glyph] = []
    for operation, span in enumerate(spans):
        found += _span_glyphs(span, operation, content)
        if len(found) >= MAX_GLYPHS:
            break
    return found[:MAX_GLYPHS]


def glyph_place(text: str, x: float, y: float) -> tuple[str, int, int]:
    """A key for one glyph at one place, to the point."""
    return text, round(x), round(y)


def _span_glyphs(span: dict[str, Any], operation: int, content: frozenset[tuple[str, int, int]] | None) -> list[Glyph]:
    size = float(span["size"])
    if not (0.5 < size < 2000) or not all(map(math.isfinite, (*span["dir"], size))):
        return []
    texts = [_character(code) for code, *_ in span["chars"]]
    ends = _advance_ends(span, texts)
    colour, opacity, layer = (
        _colour(span.get("color")),
        float(span.get("opacity") or 0.0),
        span.get("layer") or "",
    )
    glyphs = []
    for text, (_, _, origin, _), end in zip(texts, span["chars"], ends, strict=True):
        if not text or not all(map(math.isfinite, (*origin, *end))):
            continue
        drawn_by_page = content is None or glyph_place(text, *origin) in content
        style = Style(colour, round(opacity, 2), not drawn_by_page, layer[:100])
        glyphs.append(
            Glyph(
                text, (origin[0], origin[1]), end, size, style, int(span["seqno"]), operation,
                upright=bool(span["wmode"]), visible=span["type"] != 3 and opacity > 0.02,
            )
        )  # fmt: skip
    return glyphs


def _character(code: int) -> str:
    """The character of a code point; "" for what prints nothing, U+FFFD for what has no Unicode value."""
    if not 0 < code < 0x110000 or 0xD800 <= code < 0xE000:
        return "\ufffd"
    text = chr(code)
    if text.isspace():
        return " "
    return "" if unicodedata.category(text) in ("Cf", "Cc") else text


def _colour(value: Any) -> tuple[float, float, float]:
    """Red, green, blue from a grey, RGB or CMYK tuple; black when there is none."""
    parts = [float(v) for v in value] if isinstance(value, Sequence) else []
    if len(parts) == 1:
        parts *= 3
    if len(parts) == 4:
        parts = [(1 - p) * (1 - parts[3]) for p in parts[:3]]
    return (round(parts[0], 2), round(parts[1], 2), round(parts[2], 2)) if len(parts) == 3 else (0.0, 0.0, 0.0)


def _advance_ends(span: dict[str, Any], texts: Sequence[str]) -> list[Point]:
    """Where each glyph's advance ends: by its bounding box when it stands on an axis, else by its kind."""
    dx, dy = span["dir"]
    ends = []
    for text, (_, _, origin, box) in zip(texts, span["chars"], strict=True):
        if span["wmode"]:
            advance, (ux, uy) = float(span["size"]), (1.0, 0.0)
            origin = (box[0], box[3] - DESCENT * span["size"])
        elif min(abs(dx), abs(dy)) < 0.01:
            advance, (ux, uy) = (box[2] - box[0] if abs(dx) > abs(dy) else box[3] - box[1]), (dx, dy)
        else:
            advance, (ux, uy) = span["size"] * (1.0 if is_wide(text) else 0.5), (dx, dy)
        advance = max(float(advance), 0.01)
        ends.append((origin[0] + ux * advance, origin[1] + uy * advance))
    return ends


def is_wide(text: str) -> bool:
    """Whether the first character takes a full square (Chinese characters and full-width signs)."""
    return bool(text) and unicodedata.east_asian_width(text[0]) in "WFA"


def moved(glyph: Glyph, matrix: Affine) -> Glyph:
    """The glyph after an affine map without scaling (a quarter turn of the page)."""
    a, b, c, d, e, f = matrix

    def go(p: Point) -> Point:
        return a * p[0] + c * p[1] + e, b * p[0] + d * p[1] + f

    return replace(glyph, origin=go(glyph.origin), end=go(glyph.end))


def without_doubles(glyphs: Iterable[Glyph]) -> list[Glyph]:
    """Each glyph once, where boldness was made by drawing it twice (fill and stroke, or shifted a little)."""
    kept: list[Glyph] = []
    places: dict[tuple[str, int, int], list[Glyph]] = {}
    for glyph in glyphs:
        step = max(glyph.size, 1.0)
        column, row = int(glyph.origin[0] // step), int(glyph.origin[1] // step)
        near = (
            other for i in (-1, 0, 1) for j in (-1, 0, 1) for other in places.get((glyph.text, column + i, row + j), ())
        )
        if any(_same_place(glyph, other) for other in near):
            continue
        kept.append(glyph)
        places.setdefault((glyph.text, column, row), []).append(glyph)
    return kept


def _same_place(one: Glyph, other: Glyph) -> bool:
    reach = SAME_PLACE * min(one.size, other.size)
    return math.dist(one.origin, other.origin) < reach and abs(one.size - other.size) < 0.1 * one.size


def build_lines(glyphs: Sequence[Glyph]) -> list[tuple[TextLine, Style]]:
    """Lines of the glyphs, each with its style, from top to bottom and left to right.

    Glyphs join when they have one direction and one style, stand on one baseline, and no gap lies between
    them. Glyphs of vertical writing become lines of their own.
    """
    groups: dict[tuple[int, Style], list[Glyph]] = {}
    lines = []
    for glyph in glyphs:
        if glyph.upright:
            lines.append((_line([glyph], 0.0), glyph.style))
        else:
            groups.setdefault((round(glyph.angle) % 360, glyph.style), []).append(glyph)
    for (angle, style), members in groups.items():
        for run in _runs(members, math.radians(angle)):
            if any(g.text != " " for g in run):
                lines.append((_line(_stripped(run), _half_turn(angle)), style))
    return sorted(lines, key=lambda pair: (pair[0].box.top, pair[0].box.left))


def _half_turn(angle: int) -> float:
    """A direction in degrees brought into -90 < angle <= 90."""
    turned = angle % 360
    turned = turned - 360 if turned > 180 else turned
    if turned > 90:
        return float(turned - 180)
    return float(turned + 180 if turned <= -90 else turned)


def _runs(glyphs: Sequence[Glyph], turn: float) -> list[list[Glyph]]:
    """Pieces of text: the glyphs of one direction and style, cut into baselines and at gaps."""
    cos, sin = math.cos(turn), math.sin(turn)

    def along(p: Point) -> float:
        return p[0] * cos - p[1] * sin

    def across(p: Point) -> float:
        return p[0] * sin + p[1] * cos

    pieces: list[list[Glyph]] = []
    for baseline in _baselines(sorted(glyphs, key=lambda g: across(g.origin)), lambda g: across(g.origin)):
        ordered = sorted(baseline, key=lambda g: along(g.origin))
        piece = [ordered[0]]
        for before, after in pairwise(ordered):
            gap = along(after.origin) - along(before.end)
            if _splits(before, after, gap):
                pieces.append(piece)
                piece = []
            piece.append(after)
        pieces.append(piece)
    return [part for piece in pieces for part in _cut_at_spaces(piece)]


def _baselines(ordered: Sequence[Glyph], across: Any) -> list[list[Glyph]]:
    """Glyphs sorted across the baselines, grouped by baseline."""
    rows: list[list[Glyph]] = []
    for glyph in ordered:
        last = rows[-1] if rows else None
        if last and across(glyph) - across(last[-1]) <= BASELINE_DRIFT * min(glyph.size, last[-1].size):
            last.append(glyph)
        else:
            rows.append([glyph])
    return rows


def _splits(before: Glyph, after: Glyph, gap: float) -> bool:
    size = min(before.size, after.size)
    if max(before.size, after.size) > 2 * size and gap > 0:
        return True
    limit = GAP_SPLITS if before.operation == after.operation else GAP_SPLITS_OPERATIONS
    if before.text == " " or after.text == " ":
        limit = GAP_SPLITS
    return gap > limit * size


def _cut_at_spaces(piece: list[Glyph]) -> list[list[Glyph]]:
    """The piece cut where a run of spaces is wider than one and a half squares: printed side by side."""
    parts: list[list[Glyph]] = [[]]
    for index, glyph in enumerate(piece):
        if glyph.text == " " and parts[-1] and _space_width(piece, index) > 1.6 * glyph.size:
            if any(g.text != " " for g in parts[-1]):
                parts.append([])
            continue
        parts[-1].append(glyph)
    return [p for p in parts if p]


def _space_width(piece: list[Glyph], index: int) -> float:
    """Width of the run of spaces around the glyph at ``index``."""
    first = last = index
    while first > 0 and piece[first - 1].text == " " and index - first < 200:
        first -= 1
    while last + 1 < len(piece) and piece[last + 1].text == " " and last - index < 200:
        last += 1
    return math.dist(piece[first].origin, piece[last].end)


def _stripped(run: list[Glyph]) -> list[Glyph]:
    """The run without spaces at its ends."""
    inked = [i for i, g in enumerate(run) if g.text != " "]
    return run[inked[0] : inked[-1] + 1]


def _line(run: list[Glyph], angle: float) -> TextLine:
    """The text line of one run."""
    boxes = [_glyph_box(g) for g in run]
    return TextLine(
        text="".join(g.text for g in run),
        box=Box.around(boxes),
        confidence=1.0,
        characters=tuple(Character(g.text, 1.0, b.left, b.right) for g, b in zip(run, boxes, strict=True)),
        angle=angle,
        size=max(g.size for g in run),
    )


def _glyph_box(glyph: Glyph) -> Box:
    """The upright box around the glyph's square."""
    turn = math.radians(glyph.angle)
    up, down = ASCENT * glyph.size, -DESCENT * glyph.size
    corners = [
        (p[0] - h * math.sin(turn), p[1] - h * math.cos(turn)) for p in (glyph.origin, glyph.end) for h in (up, down)
    ]
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return Box(min(xs), min(ys), max(xs), max(ys))
