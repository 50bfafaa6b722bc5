"""A small typesetter: paragraphs as the lines a recogniser or a text layer would give, for layout tests."""

from __future__ import annotations

import itertools
import random
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace

from document.geometry import Box
from document.types import Cell, Page, Reading, TextLine
from document.types import Origin as PageOrigin
from ocr.types import FilledGrid, Grid, GridCell

PAGE = Page(1, PageOrigin.SCAN, 595.0, 842.0)
CLOSING = "，。、；：！？）》”"
OPENING = "（《“"


def width(text: str, size: float) -> float:
    """Width of a text in points: full-width characters are as wide as high, others half of it."""
    return sum(size if unicodedata.east_asian_width(c) in "WFA" else size / 2 for c in text)


def line(text: str, left: float, top: float, size: float = 12.0) -> TextLine:
    """One line of type whose top left corner is given."""
    return TextLine(text, Box(left, top, left + width(text, size), top + size), 0.99, size=size)


def centred(text: str, top: float, size: float = 16.0, page: Page = PAGE) -> TextLine:
    """One line in the middle of the page."""
    return line(text, (page.width - width(text, size)) / 2, top, size)


def tokens(text: str) -> list[str]:
    """What a line break may not divide: numbers with their signs, characters with closing or opening marks."""
    found: list[str] = []
    for c in text:
        glued = found and (
            c in CLOSING or found[-1][-1] in OPENING or (c.isascii() and found[-1][-1].isascii() and not c.isspace())
        )
        if glued:
            found[-1] += c
        else:
            found.append(c)
    return found


def broken(text: str, ems: float, first: float) -> list[str]:
    """The text broken into lines of ``ems`` type sizes, the first one ``first`` shorter."""
    lines, room = [""], ems - first
    for token in tokens(text):
        need = width(token, 1.0)
        if need > room + 1e-6 and lines[-1]:
            lines.append("")
            room = ems
        lines[-1] += token
        room -= need
    return lines


def set_paragraphs(
    paragraphs: Iterable[str],
    left: float = 90.0,
    top: float = 80.0,
    ems: float = 34.0,
    size: float = 12.0,
    pitch: float = 1.6,
    indent: float = 2.0,
    gap: float = 0.0,
) -> list[TextLine]:
    """Paragraphs set one under the other; ``pitch``, ``indent`` and the ``gap`` between them in type sizes."""
    found, y = [], top
    for text in paragraphs:
        for number, part in enumerate(broken(text, ems, indent)):
            found.append(line(part, left + (indent * size if number == 0 else 0), y, size))
            y += pitch * size
        y += gap * size
    return found


def shaken(lines: Sequence[TextLine], rng: random.Random, by: float = 0.12) -> list[TextLine]:
    """The lines as a recogniser's boxes have them: edges off by up to ``by`` type sizes, no size given."""
    return [_shaken(k, rng, by * k.size) for k in lines]


def _shaken(k: TextLine, rng: random.Random, by: float) -> TextLine:
    def off() -> float:
        return rng.uniform(-by, by)

    box = Box(k.box.left + off(), k.box.top + off() - by, k.box.right + off(), k.box.bottom + off() + by)
    return replace(k, box=box, size=0.0)


def torn(lines: Sequence[TextLine], rng: random.Random) -> list[TextLine]:
    """The lines in pieces, as a detector gives long ones, some of a single character; the pieces in any order."""
    pieces: list[TextLine] = []
    for k in lines:
        cuts = sorted(rng.sample(range(1, len(k.text)), rng.randint(0, 3))) if len(k.text) > 12 else []
        ends = [0, *cuts, len(k.text)]
        for start, end in itertools.pairwise(ends):
            x = k.box.left + width(k.text[:start], k.size)
            pieces.append(line(k.text[start:end], x, k.box.top, k.size))
    rng.shuffle(pieces)
    return pieces


def grid(
    rows: Sequence[Sequence[str]],
    top: float,
    left: float = 60.0,
    right: float = 535.0,
    height: float = 16.0,
    page: int = 1,
) -> FilledGrid:
    """A table of equal columns with its texts."""
    n_cols = len(rows[0])
    xs = [left + (right - left) * i / n_cols for i in range(n_cols + 1)]
    ys = [top + height * i for i in range(len(rows) + 1)]
    places = [
        (GridCell(r, c, 1, 1, Box(xs[c], ys[r], xs[c + 1], ys[r + 1])), text)
        for r, row in enumerate(rows)
        for c, text in enumerate(row)
    ]
    cells = tuple(
        Cell(
            p.row,
            p.col,
            page,
            p.box,
            Reading(text, text),
            lines=(line(text, p.box.left + 2, p.box.top + 3, 10.0),) if text else (),
        )
        for p, text in places
    )
    shape = Grid(
        Box(left, ys[0], right, ys[-1]),
        len(rows),
        n_cols,
        tuple(p for p, _ in places),
        tuple(ys),
        tuple(xs),
    )
    return FilledGrid(shape, cells)
