"""Paragraphs of one column: which printed lines belong to one sentence or item.

A Chinese line is full when the next character did not fit any more. A paragraph goes on while its lines are
full; it ends with a line that is not, or where the next line is indented (首行缩进), begins an item, changes
its size or stands further away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from document.geometry import Box
from ocr import patterns
from ocr.rows import Segment, first_token_width, join_texts

FULL = 0.7
"""A line that leaves less than the next characters and this many type sizes free is full."""

INDENT = 1.1
"""From this many type sizes on, a line is indented."""


UNPROVEN = 0.16
"""Where text is taken to begin that shows no margin (a title page): this share of the width, or further left."""


@dataclass(frozen=True, slots=True)
class Margins:
    """Where the text of a column begins and ends, in points."""

    left: float
    right: float


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Segments that make one text, top to bottom."""

    segments: tuple[Segment, ...]

    @property
    def text(self) -> str:
        """The whole text, lines joined."""
        text = ""
        for part in self.segments:
            text = join_texts(text, part.text)
        return text

    @property
    def box(self) -> Box:
        """Around all lines."""
        return Box.around(s.box for s in self.segments)

    @property
    def as_line(self) -> Segment:
        """The whole paragraph as if it were one line."""
        return Segment(self.text, self.box, self.first.size, tuple(k for s in self.segments for k in s.lines))

    @property
    def first(self) -> Segment:
        """The first line."""
        return self.segments[0]


def find_margins(parts: Sequence[Segment], column: Box) -> Margins:
    """The margins of the text in a column of the page.

    Two long lines that end at one place prove a margin; without them the column is taken to be symmetrical.
    """
    body = _body(parts)
    long = [s for s in body if len(s.text) >= 10 and s.box.width >= 0.4 * column.width]
    lefts = [s.box.left for s in long] + [b.box.left for a, b in pairwise(body) if a in long and b not in long]
    left = _shared(lefts, 0.7 * _em(long), lowest=True)
    if left is None:
        left = min([column.left + UNPROVEN * column.width, *(s.box.left for s in body)])
    # one line further left, by less than any indent is deep, proves that the others are indented
    left = min([left, *(x for x in lefts if INDENT * _em(long) < left - x < 5 * _em(long))])
    right = _shared([s.box.right for s in long], 0.9 * _em(long), lowest=False)
    mirrored = column.right - (left - column.left)
    if right is None or right < column.left + 0.55 * column.width:
        right = max([mirrored, *(s.box.right for s in long)])
    return Margins(left, right)


def _body(parts: Sequence[Segment]) -> list[Segment]:
    """The segments in the usual type or smaller: titles in large type reach beyond the margins."""
    sizes = [s.em for s in parts for _ in range(min(len(s.text), 60))]
    usual = float(median(sizes)) if sizes else 0.0
    return [s for s in parts if s.em <= 1.3 * usual]


def _em(parts: Sequence[Segment]) -> float:
    return float(median([s.em for s in parts])) if parts else 10.0


def _shared(values: Sequence[float], reach: float, lowest: bool) -> float | None:
    """The lowest (or highest) position that two lines share within ``reach``: the median of those there."""
    ordered = sorted(values, reverse=not lowest)
    for one, other in pairwise(ordered):
        if abs(one - other) <= reach:
            return float(median([v for v in ordered if abs(v - one) <= reach]))
    return None


def build_paragraphs(parts: Sequence[Segment], margins: Margins) -> list[Paragraph]:
    """Paragraphs of the lines of one column, which are in reading order."""
    pitch = usual_gap(parts, margins)
    found: list[list[Segment]] = []
    for part in parts:
        if found and goes_on(found[-1], part, margins, pitch):
            found[-1].append(part)
        else:
            found.append([part])
    return [Paragraph(tuple(group)) for group in found]


def usual_gap(parts: Sequence[Segment], margins: Margins) -> float:
    """The usual white between two lines of a paragraph, in type sizes; 1.0 when there are none."""
    gaps = [
        (below.box.top - above.box.bottom) / above.em
        for above, below in pairwise(parts)
        if is_full(above, below, margins) and _one_size(above, below) and below.box.top > above.box.top
    ]
    near = [g for g in gaps if g < 3]
    return float(median(near)) if near else 1.0


def is_full(line: Segment, after: Segment, margins: Margins) -> bool:
    """Whether the line ran to the margin: the start of the next one had no room on it."""
    return line.box.right + first_token_width(after) + FULL * line.em >= margins.right + 0.5 * line.em


def goes_on(paragraph: Sequence[Segment], part: Segment, margins: Margins, pitch: float) -> bool:
    """Whether ``part`` is the next line of the paragraph; ``pitch`` is the usual white in type sizes."""
    last = paragraph[-1]
    white = (part.box.top - last.box.bottom) / last.em
    if not _one_size(last, part) or white > pitch + 0.8 or white < -0.9:
        return False
    if _is_caption_rest(last, part, white):
        return True
    if len(paragraph) == 1 and _is_title_line(last, part, margins):
        return _goes_on_centred(last, part, margins)
    if patterns.is_caption(part.text) or patterns.is_caption(last.text):
        return False
    return _goes_on_text(paragraph, part, margins)


def _is_caption_rest(caption: Segment, part: Segment, white: float) -> bool:
    """Whether the line is the last character or two of a caption that was set too narrow."""
    close = white < 0.8 and part.box.left >= caption.box.left - 0.5 * part.em
    return (
        close
        and part.box.right < caption.box.right
        and len(part.text) <= 3
        and patterns.entity(caption.text) is not None
        and not patterns.is_bare_number(part.text)
    )


def _goes_on_text(paragraph: Sequence[Segment], part: Segment, margins: Margins) -> bool:
    if patterns.is_note(part.text):
        return False
    first, last = paragraph[0], paragraph[-1]
    ended = patterns.ends_sentence(last.text)
    starts_item = patterns.enumerator_level(part.text) is not None
    deeper = part.box.left - margins.left
    first_deeper = first.box.left - margins.left
    level = abs(part.box.left - last.box.left) < 0.8 * part.em
    at_margin = deeper < INDENT * part.em
    if not is_full(last, part, margins):
        indents = INDENT * part.em <= first_deeper < 5 * part.em
        lost_tail = last.box.right > margins.right - 0.35 * (margins.right - margins.left)
        lost_tail = lost_tail and last.box.width > 0.5 * (margins.right - margins.left)
        return indents and at_margin and not starts_item and not ended and (len(paragraph) > 1 or lost_tail)
    if at_margin:
        return not starts_item or (first_deeper >= INDENT * part.em and not ended)
    if level and len(paragraph) > 1:
        return not starts_item
    return level and not starts_item and not ended


def _is_title_line(line: Segment, after: Segment, margins: Margins) -> bool:
    """Whether the line is a title's: centred, or as wide as the column with a centred rest below it."""
    if _is_centred(line, margins):
        return True
    middle = abs(line.box.center[0] - (margins.left + margins.right) / 2)
    return middle < 0.6 * line.em and _is_centred(after, margins) and not patterns.ends_sentence(line.text)


def _goes_on_centred(last: Segment, part: Segment, margins: Margins) -> bool:
    """A title goes on only when its line had no room for the next character, and the next is centred too."""
    needed = last.box.width + first_token_width(part) + FULL * last.em
    return (
        needed >= margins.right - margins.left - 2 * last.em
        and _is_centred(part, margins)
        and patterns.enumerator_level(part.text) is None
        and patterns.year(part.text[:6]) is None
        and not patterns.is_caption(part.text)
        and not patterns.is_caption(last.text)
    )


def _is_centred(part: Segment, margins: Margins) -> bool:
    return is_centred(part.box, margins, part.em)


def is_centred(box: Box, margins: Margins, em: float) -> bool:
    """Whether the box stands in the middle between the margins, well away from both."""
    left, right = box.left - margins.left, margins.right - box.right
    return abs(left - right) < 1.2 * em + 0.03 * (margins.right - margins.left) and min(left, right) > 2.3 * em


def _one_size(one: Segment, other: Segment) -> bool:
    """Whether two lines have about one type size; a recogniser's boxes vary by a fifth, of short lines more."""
    limit = 1.32 if min(len(one.text), len(other.text)) >= 5 else 1.75
    return max(one.em, other.em) <= limit * min(one.em, other.em)
