"""Printed rows: pieces of text brought together on their baselines, from left to right.

Recognisers and PDFs give a sentence in pieces; a segment is what is printed without a gap, a row is what
stands side by side. All in points, origin top left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from document.geometry import Box
from document.types import TextLine
from ocr import patterns
from ocr.glyphs import is_wide

NEAR = 1.3
"""Pieces of one row with a gap up to this many type sizes belong together."""

SPACE = 0.7
"""A gap wider than this many type sizes is written as a space."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Text printed without a gap on one baseline."""

    text: str
    box: Box
    size: float
    """Type size in points."""
    lines: tuple[TextLine, ...]
    """The pieces it consists of, from left to right."""

    @property
    def em(self) -> float:
        """Type size, never 0."""
        return max(self.size, 1.0)


Row = tuple[Segment, ...]
"""Segments side by side, from left to right; never empty."""


def type_size(line: TextLine) -> float:
    """The line's type size in points: as reported, or its height; no more than its characters' width allows.

    A recogniser's box may be half as high again as the type, but Chinese characters are as wide as high.
    """
    height = line.size if line.size > 0 else line.box.height
    wide = sum(is_wide(c) for c in line.text)
    if wide < 3:
        return height
    return min(height, 1.15 * line.box.width / (wide + 0.5 * (len(line.text) - wide)))


def build_rows(lines: Sequence[TextLine], near: float = NEAR) -> tuple[Row, ...]:
    """The rows of level lines, from top to bottom; pieces nearer than ``near`` type sizes are one segment."""
    clusters: list[list[TextLine]] = []
    for line in sorted(lines, key=lambda k: (k.box.center[1], k.box.left)):
        home = next((c for c in reversed(clusters[-6:]) if _stands_beside(line, c)), None)
        if home is None:
            clusters.append([line])
        else:
            home.append(line)
    rows = [_segments(sorted(c, key=lambda k: k.box.left), near) for c in clusters]
    return tuple(sorted(rows, key=lambda row: median(s.box.center[1] for s in row)))


def _stands_beside(line: TextLine, row: Sequence[TextLine]) -> bool:
    """Whether the line continues the row: level with its nearest piece and not over any of them."""
    if any(_common_width(line.box, other.box) > _overlap(line, other) for other in row):
        return False
    nearest = min(row, key=lambda o: max(o.box.left - line.box.right, line.box.left - o.box.right))
    reach = 0.5 * min(type_size(line), type_size(nearest))
    if abs(line.box.center[1] - nearest.box.center[1]) <= reach:
        return True
    larger = max(type_size(line), type_size(nearest)) > 1.25 * min(type_size(line), type_size(nearest))
    return larger and abs(line.box.bottom - nearest.box.bottom) <= 0.6 * reach


def _overlap(one: TextLine, other: TextLine) -> float:
    """How far two pieces of one row may overlap: boxes are off by a tenth of the type, a lone digit is half as wide."""
    return 0.35 * max(min(one.box.width, other.box.width), 0.8 * min(type_size(one), type_size(other)))


def _common_width(one: Box, other: Box) -> float:
    return min(one.right, other.right) - max(one.left, other.left)


def _segments(pieces: Sequence[TextLine], near: float) -> Row:
    groups = [[pieces[0]]]
    for before, after in pairwise(pieces):
        gap = after.box.left - before.box.right
        size = min(type_size(before), type_size(after))
        if gap > near * max(size, 1.0) or _captions_meet(groups[-1], after):
            groups.append([])
        groups[-1].append(after)
    return tuple(segment(g) for g in groups)


def _captions_meet(before: Sequence[TextLine], after: TextLine) -> bool:
    """Whether a caption of a table (单位：万元) begins with ``after``, or one ended before it."""
    text = "".join(piece.text for piece in before)
    if before[-1].box.right + 0.3 * type_size(after) > after.box.left:
        return False
    return patterns.is_caption(after.text) or (patterns.unit(text) or patterns.table_number(text)) is not None


def segment(pieces: Sequence[TextLine]) -> Segment:
    """One segment of pieces that are sorted from left to right."""
    text = pieces[0].text.strip()
    for before, after in pairwise(pieces):
        gap = after.box.left - before.box.right
        text = join_texts(text, after.text.strip(), gap > SPACE * min(type_size(before), type_size(after)))
    sizes = [type_size(p) for p in pieces for _ in range(min(len(p.text), 50) or 1)]
    return Segment(text, Box.around(p.box for p in pieces), float(median(sizes)), tuple(pieces))


def join_texts(before: str, after: str, gap: bool = False) -> str:
    """Two texts one after the other; a space between Latin words, or where the print has a gap."""
    if not before or not after:
        return before + after
    latin = before[-1].isascii() and before[-1].isalpha() and after[0].isascii() and after[0].isalpha()
    return before + (" " if latin or gap else "") + after


def merged(segments: Sequence[Segment]) -> Segment:
    """Segments of one row as one."""
    return segment([line for s in segments for line in s.lines])


def first_token_width(part: Segment) -> float:
    """Width in points of what a line break cannot divide at the start of a line: a number with its signs.

    Closing marks may not begin a line (GB/T 15834), so they count with the character before them.
    """
    width, text = 0.0, part.text[:40]
    for index, character in enumerate(text):
        if index and not _sticks(text[index - 1], character):
            break
        width += part.em * (1.0 if is_wide(character) else 0.55)
    return width


def _sticks(before: str, after: str) -> bool:
    """Whether no line break is allowed between the two characters."""
    if after in "，。、；：！？）》”’%‰,.;:)!?" or before in "（《“‘(":
        return True
    return before.isascii() and after.isascii() and not (before.isspace() or after.isspace())
