"""Watermark residue (水印残留): lines that are still read although the watermark was taken off.

What a line says is weak evidence (审核 is an ordinary word), so words and geometry speak together: a watermark
is tilted on a straight page, larger than the type, lies across other lines, and its mask covers the box. A line
goes when both agree, or when the geometry alone leaves no doubt. Ordinary words in ordinary lines stay.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from pydantic import BaseModel, ConfigDict, Field

from cleanup.similarity import EditCosts, piece_similarity
from document.geometry import Box
from document.types import Character, TextLine

_WHITE = re.compile(r"\s+")
_DIGIT = re.compile(r"\d")
_MARKED = 3
"""Tilted pieces of the phrase that make a page one on which the watermark is still read."""


class ResidueOptions(BaseModel):
    """When a line counts as residue of the watermark."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tilt_degrees: float = Field(
        default=8.0, ge=1, le=45, description="degrees against the rows from which a line counts as tilted"
    )
    large_ratio: float = Field(
        default=2.2, ge=1.2, le=10, description="type size over the page's usual from which a line counts as large"
    )
    usual_size: float = Field(
        default=12.0, ge=4, le=40, description="type size in points where a page has too few lines to tell"
    )
    cover: float = Field(
        default=0.3, ge=0, le=1, description="share (0-1) of the box under the watermark that counts as evidence"
    )
    similarity: float = Field(
        default=0.5, ge=0, le=1, description="likeness (0-1) to a piece of the phrase that counts as evidence"
    )
    unsure: float = Field(
        default=0.6, ge=0, le=1, description="confidence (0-1) under which the recogniser counts as unsure"
    )
    overlap: float = Field(
        default=0.12, ge=0, le=1, description="share (0-1) of the box over other lines that counts as lying across"
    )
    pale: float = Field(
        default=0.6, ge=0, le=1, description="darkness (0-1) against the page's text below which ink counts as pale"
    )
    edge_gap: float = Field(
        default=0.7, ge=0, le=5, description="gap in character widths that sets a fragment off inside a line"
    )


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What speaks for a line being residue."""

    alike: float
    """Likeness to the best piece of any phrase, 0–1."""
    whole: bool
    """The text is one of the phrases, whole, perhaps several times."""
    tilted: bool
    large: bool
    covered: bool
    across: bool
    unsure: bool
    pale: bool
    """Under the watermark, and paler than text stays when the watermark is taken off it."""


@dataclass(frozen=True, slots=True)
class _Page:
    """What is usual on the page."""

    size: float
    """Usual type size, points."""
    boxes: tuple[Box, ...]
    """Boxes of the level lines of usual size."""


def drop_residue(
    lines: tuple[TextLine, ...],
    phrases: tuple[str, ...],
    options: ResidueOptions | None = None,
    look_alikes: Mapping[tuple[str, str], float] | None = None,
) -> tuple[tuple[TextLine, ...], tuple[TextLine, ...]]:
    """The lines of one OCR-read page without watermark residue, and the pieces that were dropped.

    ``phrases`` are the watermark's words where known (found on the document, or the operator's), white space
    does not count. Kept lines come in their order; one that ended or began with a fragment is cut, and the
    fragment is among the dropped.
    """
    options = options or ResidueOptions()
    costs = EditCosts(look_alikes) if look_alikes is not None else EditCosts()
    wanted = tuple(dict.fromkeys(p for p in (_WHITE.sub("", q) for q in phrases) if len(p) >= 2))
    page = _page(lines, options)
    evidence = [_evidence(line, wanted, page, costs, options) for line in lines]
    marked = sum(e.tilted and e.alike >= 0.99 for e in evidence) >= _MARKED
    kept: list[TextLine] = []
    dropped: list[TextLine] = []
    for line, found in zip(lines, evidence, strict=True):
        if _is_residue(line, found, marked):
            dropped.append(line)
            continue
        rest, fragments = _without_fragments(line, wanted, page, options)
        kept.append(rest)
        dropped.extend(fragments)
    return tuple(kept), tuple(dropped)


def _page(lines: Sequence[TextLine], options: ResidueOptions) -> _Page:
    level = [line for line in lines if abs(line.angle) < options.tilt_degrees / 2 and len(line.text) >= 2]
    sizes = [_size(line) for line in level if line.confidence >= options.unsure]
    usual = median(sizes) if len(sizes) >= 5 else options.usual_size
    boxes = tuple(line.box for line in level if _size(line) < options.large_ratio * usual)
    return _Page(usual, boxes)


def _size(line: TextLine) -> float:
    return line.size or line.box.height


def _evidence(
    line: TextLine, phrases: tuple[str, ...], page: _Page, costs: EditCosts, options: ResidueOptions
) -> _Evidence:
    text = _WHITE.sub("", line.text)
    return _Evidence(
        alike=max((piece_similarity(text, p, costs) for p in phrases), default=0.0),
        whole=any(len(p) >= 5 and re.fullmatch(f"(?:{re.escape(p)})+", text) for p in phrases),
        tilted=options.tilt_degrees <= abs(line.angle) <= 90 - options.tilt_degrees,
        large=_size(line) >= options.large_ratio * page.size,
        covered=line.watermark_cover >= options.cover,
        across=_lies_across(line, page, options),
        unsure=line.confidence < options.unsure,
        pale=line.watermark_cover >= 0.2 and line.darkness < (0.8 if line.confidence >= 0.9 else 1.0) * options.pale,
    )


def _lies_across(line: TextLine, page: _Page, options: ResidueOptions) -> bool:
    """Whether the box covers, or is covered by, other lines of usual size."""
    if line.box.area <= 0:
        return False
    shared = sum(line.box.cover(box) for box in page.boxes if box != line.box)
    return shared >= options.overlap


def _is_residue(line: TextLine, evidence: _Evidence, marked: bool) -> bool:
    """Whether words and geometry together say residue; ``marked``: the page shows the watermark elsewhere."""
    e = evidence
    text = _WHITE.sub("", line.text)
    if e.pale and len(text) <= 3:
        return True
    if e.whole or (e.tilted and (e.large or e.covered or e.across)):
        return True
    alike = e.alike >= 0.99 or (e.alike >= 0.5 and len(text) >= 2)
    if alike and (e.tilted or (e.large and (marked or e.covered or e.across or e.unsure))):
        return True
    if alike and e.covered and (e.unsure or e.across or e.alike >= 0.99):
        return True
    if _DIGIT.search(text) or len(text) > 4:
        return False
    return e.unsure and (e.large or (e.covered and (e.across or len(text) <= 2)))


def _without_fragments(
    line: TextLine, phrases: tuple[str, ...], page: _Page, options: ResidueOptions
) -> tuple[TextLine, tuple[TextLine, ...]]:
    """The line without pieces of a phrase that hang on its ends, and those pieces."""
    dropped: list[TextLine] = []
    for at_end in (True, False):
        count = _fragment_length(line, phrases, page, options, at_end)
        if count:
            line, piece = _cut(line, count, at_end)
            dropped.append(piece)
    return line, tuple(dropped)


def _fragment_length(
    line: TextLine, phrases: tuple[str, ...], page: _Page, options: ResidueOptions, at_end: bool
) -> int:
    """How many characters at the end (or start) are a fragment of a phrase set off from the rest."""
    characters = line.characters
    if "".join(c.text for c in characters) != line.text or len(characters) < 3:
        return 0
    order = tuple(reversed(characters)) if at_end else characters
    for count in range(min(len(characters) - 1, max(map(len, phrases), default=0)), 0, -1):
        piece = "".join(c.text for c in order[:count])
        piece = piece[::-1] if at_end else piece
        if any(piece in phrase for phrase in phrases) and _set_off(line, order, count, page, options):
            return count
    return 0


def _set_off(line: TextLine, order: tuple[Character, ...], count: int, page: _Page, options: ResidueOptions) -> bool:
    """Whether the outer ``count`` characters stand apart and something else speaks against them."""
    centres = [(c.left + c.right) / 2 for c in order]
    steps = [abs(b - a) for a, b in pairwise(centres)]
    # a recogniser's places are narrow marks inside each character: only centres tell how wide the type is
    others = steps[: count - 1] + steps[count:]
    pitch = max(median(others) if others else _size(line), 0.6 * _size(line))
    apart = steps[count - 1] >= (1 + options.edge_gap) * pitch
    unsure = min(c.probability for c in order[:count]) < options.unsure
    odd = _size(line) >= 1.6 * page.size or line.watermark_cover >= options.cover / 2
    return (apart and (unsure or (odd and count >= 2))) or (count >= 2 and unsure and odd)


def _cut(line: TextLine, count: int, at_end: bool) -> tuple[TextLine, TextLine]:
    """The line without its last (or first) ``count`` characters, and the piece cut off."""
    at = len(line.characters) - count if at_end else count
    left, right = _part(line, line.characters[:at]), _part(line, line.characters[at:])
    return (left, right) if at_end else (right, left)


def _part(line: TextLine, characters: tuple[Character, ...]) -> TextLine:
    box = replace(
        line.box,
        left=min(max(line.box.left, characters[0].left), line.box.right),
        right=max(min(line.box.right, characters[-1].right), line.box.left),
    )
    confidence = sum(c.probability for c in characters) / len(characters)
    text = "".join(c.text for c in characters)
    return replace(line, text=text, box=box, characters=characters, confidence=confidence)
