"""Prints parts onto pages with PyMuPDF: lines, contents with leaders, ruled tables that run over pages.

Coordinates are PDF points, origin top left. The Chinese font is PyMuPDF's built-in one unless a font file is
given; its Latin letters can be exchanged for Helvetica, Times or Courier.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate, pairwise, takewhile
from typing import Any

import pymupdf

from benchmarks.forms import Align, Chart, Contents, Form, Line, NewPage, Part, Placed, Rules, Style, place

A4 = (595.0, 842.0)
LEADING = 1.22
"""Line distance inside a table cell, times the type size."""
Point = tuple[float, float]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""
CHART_COLOURS = ((0.27, 0.45, 0.77), (0.93, 0.49, 0.19), (0.65, 0.65, 0.65), (1.0, 0.75, 0.0))
NOT_FIRST = set("，。；：、！？）》”’％%")
"""Signs that may not begin a line (避头尾)."""


@dataclass(frozen=True, slots=True)
class Face:
    """The fonts of one document: one for Chinese, one for ASCII."""

    chinese: Any
    latin: Any

    def font(self, char: str) -> Any:
        """The font that draws the character."""
        return self.latin if ord(char) < 128 else self.chinese

    def width(self, text: str, size: float) -> float:
        """How long the text is at this type size, points."""
        return sum(_advance(self, c) for c in text) * size


@cache
def _advance(face: Face, char: str) -> float:
    return float(face.font(char).text_length(char, 1.0))


@cache
def face(latin: str = "china-s", font_file: str | None = None) -> Face:
    """The face with PyMuPDF's font ``latin`` for ASCII and, if given, another Chinese font from a file."""
    chinese = pymupdf.Font(fontfile=font_file) if font_file else pymupdf.Font("china-s")
    return Face(chinese, chinese if latin.startswith("china") else pymupdf.Font(latin))


def pieces(text: str) -> list[str]:
    """The text in unbreakable pieces: Chinese characters one by one, runs of ASCII whole."""
    found: list[str] = []
    for char in text:
        ascii_run = char.isascii() and not char.isspace() and found and found[-1][-1].isascii()
        if found and ((ascii_run and not found[-1].isspace()) or char in NOT_FIRST):
            found[-1] += char
        else:
            found.append(char)
    return found


def wrap(text: str, width: float, size: float, fonts: Face, first: float = 0.0) -> list[str]:
    """The text in lines of at most ``width`` points, the first one shorter by ``first``.

    A piece that is longer than a line is broken between characters.
    """
    lines, room = [""], width - first
    for piece in pieces(text):
        units = [piece] if fonts.width(piece, size) <= width else list(piece)
        for unit in units:
            if lines[-1] and fonts.width(lines[-1] + unit, size) > room:
                lines.append("")
                room = width
            lines[-1] += unit
    return lines


@dataclass(slots=True)
class _Sheet:
    """The page being printed, and what is printed on it so far. Lives only inside ``print_parts``."""

    pdf: Any
    style: Style
    fonts: Face
    landscape: bool = False
    y: float = 0.0
    page: Any = None
    writer: Any = None
    white: Any = None
    line_top: float = 0.0
    used: bool = field(default=False)

    @property
    def width(self) -> float:
        return A4[1] if self.landscape else A4[0]

    @property
    def height(self) -> float:
        return A4[0] if self.landscape else A4[1]

    @property
    def room(self) -> float:
        """Height that is left above the bottom margin."""
        return self.height - 62 - self.y

    @property
    def measure(self) -> float:
        """Width between the margins."""
        return self.width - 2 * self.style.margin

    def open(self) -> None:
        """Begin a page."""
        self.close()
        self.page = self.pdf.new_page(width=self.width, height=self.height)
        self.writer = pymupdf.TextWriter(self.page.rect)
        self.white = pymupdf.TextWriter(self.page.rect, color=(1, 1, 1))
        self.y = 64.0
        if self.style.running_head:
            self.put(self.style.running_head, self.style.margin, 44, 8.5)
            self.page.draw_line((self.style.margin, 50), (self.width - self.style.margin, 50), width=0.4)
        self.used = False

    def close(self) -> None:
        """Write what was put onto the page, and the page number."""
        if self.page is None:
            return
        number = self.pdf.page_count - self.style.unnumbered
        if self.style.page_number and number > 0:
            text = self.style.page_number.format(number)
            self.put(text, (self.width - self.fonts.width(text, 9)) / 2, self.height - 34, 9)
        self.writer.write_text(self.page)
        self.white.write_text(self.page)

    def put(
        self, text: str, x: float, baseline: float, size: float, bold: bool = False, *, white: bool = False
    ) -> None:
        """Set a line of text; bold is the same text a hair beside itself."""
        writer = self.white if white else self.writer
        for shift in (0.0, size * 0.035) if bold else (0.0,):
            at = x + shift
            for run in _runs(text, self.fonts):
                writer.append((at, baseline), run, font=self.fonts.font(run[0]), fontsize=size)
                at += self.fonts.width(run, size)
        self.used = True


def _runs(text: str, fonts: Face) -> list[str]:
    """The text in runs of one font."""
    runs: list[str] = []
    for char in text:
        if runs and fonts.font(runs[-1][0]) is fonts.font(char):
            runs[-1] += char
        else:
            runs.append(char)
    return runs


def _start(align: Align, left: float, width: float, length: float) -> float:
    """Where a text of ``length`` begins between ``left`` and ``left + width``."""
    free = {Align.LEFT: 0.0, Align.CENTER: (width - length) / 2, Align.RIGHT: width - length}[align]
    return left + free


def _print_line(sheet: _Sheet, line: Line) -> None:
    style = sheet.style
    size = style.table_size + 0.5 if line.small else style.body_size * line.size
    step = size * (1.5 if line.small or line.size > 1 else style.line_height)
    first = 2 * size if line.indent else 0.0
    wrapped = wrap(line.text, sheet.measure, size, sheet.fonts, first)
    if line.beside:
        sheet.y = sheet.line_top
    else:
        sheet.y += line.above
    for i, text in enumerate(wrapped):
        if sheet.room < step:
            sheet.open()
        sheet.line_top = sheet.y
        x = _start(line.align, style.margin, sheet.measure, sheet.fonts.width(text, size))
        sheet.put(text, x + (first if i == 0 else 0), sheet.y + size, size, line.bold)
        sheet.y += step


def _print_contents(sheet: _Sheet, entry: Contents) -> None:
    style, fonts, size = sheet.style, sheet.fonts, sheet.style.body_size
    step = size * style.line_height
    if sheet.room < step:
        sheet.open()
    indent = 0.0 if entry.text.startswith("第") else 1.5 * size
    number = str(entry.page)
    end = style.margin + sheet.measure - fonts.width(number, size)
    begin = style.margin + indent + fonts.width(entry.text, size) + 4
    count = int((end - 4 - begin) / fonts.width(style.leader, size))
    sheet.put(entry.text, style.margin + indent, sheet.y + size, size)
    if count > 0:
        sheet.put(style.leader * count, begin, sheet.y + size, size)
    sheet.put(number, end, sheet.y + size, size)
    sheet.y += step


@dataclass(frozen=True, slots=True)
class _Set:
    """A form with its text wrapped and its columns and rows measured."""

    form: Form
    placed: tuple[Placed, ...]
    wrapped: tuple[tuple[str, ...], ...]
    """The lines of each placed slot."""
    lefts: tuple[float, ...]
    """n_cols + 1 x positions."""
    heights: tuple[float, ...]
    """Of the rows."""
    size: float


def _set_form(sheet: _Sheet, form: Form) -> _Set:
    style = sheet.style
    size = form.size or style.table_size
    placed = place(form.rows, len(form.widths))
    scale = sheet.measure / sum(form.widths)
    lefts = tuple(style.margin + scale * w for w in accumulate(form.widths, initial=0.0))
    wrapped = tuple(
        tuple(wrap(p.slot.text, lefts[p.col + p.slot.cols] - lefts[p.col] - 4, size, sheet.fonts)) for p in placed
    )
    pad = style.row_pad * (size / style.table_size) ** 2
    heights = [size * LEADING + pad] * len(form.rows)
    for rows in range(1, max(p.slot.rows for p in placed) + 1):
        for p, lines in zip(placed, wrapped, strict=True):
            if p.slot.rows == rows:
                lack = len(lines) * size * LEADING + pad - sum(heights[p.row : p.row + rows])
                heights[p.row + rows - 1] += max(0.0, lack)
    return _Set(form, placed, wrapped, lefts, tuple(heights), size)


def _breaks(done: _Set) -> list[int]:
    """Rows before which the table may go on to the next page: those that no tall cell crosses."""
    crossed = {r for p in done.placed for r in range(p.row + 1, p.row + p.slot.rows)}
    return [r for r in range(done.form.header + 1, len(done.heights)) if r not in crossed]


def _chunks(done: _Set, room: float, full: float, header: float) -> list[tuple[int, int]]:
    """First and last+1 row of each page's part of the table."""
    chunks, start, space = [], 0, room
    ends = [*_breaks(done), len(done.heights)]
    while start < len(done.heights):
        fits = [e for e in ends if e > start and sum(done.heights[start:e]) <= space]
        end = max(fits, default=min(e for e in ends if e > start))
        chunks.append((start, end))
        start, space = end, full - header
    return chunks


def _fill(style: Style, head: bool) -> tuple[float, float, float] | None:
    """The ground of a cell."""
    if not head:
        return None
    return style.banner or ((0.9, 0.9, 0.9) if style.shaded_header else None)


def _edges(rules: Rules, box: Box, row: int, end: int, done: _Set) -> list[tuple[Point, Point]]:
    """The ruling lines around one cell that the table's kind of rules wants."""
    left, top, right, bottom = box
    inside = [x for x in done.lefts if left < x < right] if done.form.pieced else []
    level = [((a, y), (b, y)) for y in (top, bottom) for a, b in pairwise([left, *inside, right])]
    upright = [((x, top), (x, bottom)) for x in (left, right)]
    if rules in (Rules.ALL, Rules.DOUBLE):
        return level + upright
    if rules is Rules.OPEN:
        return level + [line for line in upright if line[0][0] not in (done.lefts[0], done.lefts[-1])]
    if rules is Rules.HORIZONTAL:
        return level
    if rules is Rules.NONE:
        return []
    wanted = {top: row in (0, done.form.header), bottom: end in (done.form.header, len(done.heights))}
    return [line for line in level if wanted[line[0][1]]]


def _frame(shape: Any, style: Style, box: Box) -> None:
    """The table's outline, where it has one."""
    if style.rules not in (Rules.ALL, Rules.DOUBLE):
        return
    left, top, right, bottom = box
    shape.draw_rect((left, top, right, bottom))
    if style.rules is Rules.DOUBLE:
        shape.draw_rect((left - 2, top - 2, right + 2, bottom + 2))
    shape.finish(width=style.frame, color=(0, 0, 0))


def _draw_cell(sheet: _Sheet, shape: Any, done: _Set, index: int, box: Box) -> None:
    """Draw one cell: its ground, its rules, its lines of text in the middle of its height."""
    p, lines, style = done.placed[index], done.wrapped[index], sheet.style
    left, top, right, bottom = box
    head = p.row < done.form.header
    fill = _fill(style, head)
    if fill:
        shape.draw_rect(box)
        shape.finish(width=0, color=None, fill=fill)
    for start, end in _edges(style.rules, box, p.row, p.row + p.slot.rows, done):
        shape.draw_line(start, end)
    shape.finish(width=style.ruling, color=(0, 0, 0), closePath=False)
    align = p.slot.align or (Align.CENTER if head or p.slot.cols > 1 else done.form.aligns[p.col])
    base = (top + bottom - len(lines) * done.size * LEADING) / 2 + done.size * 0.98
    for i, text in enumerate(lines):
        x = _start(align, left + 2, right - left - 4, sheet.fonts.width(text, done.size))
        at = (x + p.slot.indent * done.size / 2, base + i * done.size * LEADING)
        sheet.put(text, *at, done.size, white=head and style.banner is not None)


def _draw_cells(sheet: _Sheet, done: _Set, first: int, last: int) -> None:
    """Draw the rows from ``first`` to ``last`` (not included) where the sheet stands."""
    shape = sheet.page.new_shape()
    tops = tuple(accumulate(done.heights[first:last], initial=sheet.y))
    for index, p in enumerate(done.placed):
        if first <= p.row < last:
            span = tops[p.row - first], tops[p.row - first + p.slot.rows]
            box = (done.lefts[p.col], span[0], done.lefts[p.col + p.slot.cols], span[1])
            _draw_cell(sheet, shape, done, index, box)
    _frame(shape, sheet.style, (done.lefts[0], tops[0], done.lefts[-1], tops[-1]))
    shape.commit(overlay=False)
    sheet.y = tops[-1]


def _print_form(sheet: _Sheet, form: Form) -> None:
    done = _set_form(sheet, form)
    header = sum(done.heights[: form.header]) if sheet.style.repeat_header else 0.0
    if sheet.room < sum(done.heights[: form.header + 2]):
        sheet.open()
    full = sheet.height - 62 - 64.0
    for number, (first, last) in enumerate(_chunks(done, sheet.room, full, header)):
        if number:
            sheet.open()
            if header:
                _draw_cells(sheet, done, 0, form.header)
        _draw_cells(sheet, done, first, last)
    sheet.y += 4


def _print_chart(sheet: _Sheet, chart: Chart) -> None:
    height, step = 130.0, sheet.measure / len(chart.heights)
    if sheet.room < height + 12:
        sheet.open()
    bottom = sheet.y + height
    shape = sheet.page.new_shape()
    for i, share in enumerate(chart.heights):
        left = sheet.style.margin + (i + 0.2) * step
        shape.draw_rect((left, bottom - share * height, left + 0.6 * step, bottom))
        shape.finish(width=0, fill=CHART_COLOURS[i % len(CHART_COLOURS)])
    shape.draw_line((sheet.style.margin, bottom), (sheet.style.margin + sheet.measure, bottom))
    shape.finish(width=0.8, color=(0.3, 0.3, 0.3))
    shape.commit(overlay=False)
    sheet.used, sheet.y = True, bottom + 12


def _print_part(sheet: _Sheet, part: Part) -> None:
    match part:
        case Line():
            _print_line(sheet, part)
        case Contents():
            _print_contents(sheet, part)
        case Form():
            _print_form(sheet, part)
        case Chart():
            _print_chart(sheet, part)
        case NewPage():
            _turn_page(sheet, part.landscape)


def _turn_page(sheet: _Sheet, landscape: bool) -> None:
    """Begin a page, unless the one that is open is still blank and lies the right way."""
    if not sheet.used:
        if sheet.landscape == landscape:
            return
        sheet.pdf.delete_page(-1)
    else:
        sheet.close()
    sheet.page = None
    sheet.landscape = landscape
    sheet.open()


def print_parts(parts: Iterable[Part], style: Style, fonts: Face) -> bytes:
    """The parts as a born-digital PDF; the same bytes for the same values."""
    pdf = pymupdf.open()
    sheet = _Sheet(pdf, style, fonts)
    sheet.open()
    printed = _without_trailing_breaks(list(parts))
    for i, part in enumerate(printed):
        if isinstance(part, Line) and not part.beside and sheet.room < _kept_together(sheet, printed[i:]):
            sheet.open()
        _print_part(sheet, part)
    sheet.close()
    pdf.subset_fonts()
    return bytes(pdf.tobytes(garbage=4, deflate=True, no_new_id=True))


def _kept_together(sheet: _Sheet, parts: Sequence[Part]) -> float:
    """Height that must be free here so that a table's title does not stand alone at the foot of a page."""
    head = list(takewhile(lambda p: isinstance(p, Line) and not p.indent, parts))
    after = parts[len(head)] if len(head) < len(parts) else None
    if not head or not isinstance(after, Form):
        return 0.0
    done = _set_form(sheet, after)
    rows = sum(done.heights[: after.header + 2])
    return rows + sum(2 * sheet.style.body_size * p.size for p in head if isinstance(p, Line) and not p.beside)


def _without_trailing_breaks(parts: Sequence[Part]) -> Sequence[Part]:
    while parts and isinstance(parts[-1], NewPage):
        parts = parts[:-1]
    return parts


def printable(char: str, fonts: Face) -> bool:
    """Whether the face has a glyph for the character."""
    return unicodedata.category(char).startswith("Z") or bool(fonts.font(char).has_glyph(ord(char)))
