"""Pieces of a line (行内片段) that may belong to different columns of a table without upright rules.

A detector takes an amount and the code beside it for one line, and a recogniser reads ``23.2130208``: two
decimals end an amount (金额以两位小数结尾), a blank ends anything but the number of a year (2024 年), and
words end where an amount begins.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from statistics import median

from document.geometry import Box
from document.types import TextLine
from ocr.glyphs import is_wide

_LEAST_STEPS = 4
"""Fewer neighbours say little about how far characters of a line usually are apart."""
_WIDE_STEP = 1.4
"""A step this many times the usual one leaves a gap; the recogniser's places are good to a sixth of a character."""
_CODE_LEVELS = re.compile(r"类款项?|款项")
"""The columns of a code's parts (类、款、项): names of one character, a narrow column apart."""
_LOOSE = 1.4
"""How much higher than its type the box of a line may be."""

_BEYOND = 0.75
"""How far a line's end is from the middle of its last character, as a share of the step between two."""

__all__ = ["is_code_levels", "part_of_line", "pieces", "trimmed"]

_CUT = re.compile(
    r"(?<=\.\d\d)(?=[-\d]|(?![万亿元倍])[\u4e00-\u9fff])|(?<=[^\d.,，\s%+(（-])(?=-?\d[\d,]{0,20}\.\d\d)"
    r"|(?<![\d\s])\s+|\s+(?![\s年])"
)


def pieces(line: TextLine) -> tuple[TextLine, ...]:
    """The pieces of ``line`` from left to right; a line without characters is one piece."""
    text = "".join(c.text for c in line.characters)
    if not line.characters or len(text) != len(line.characters) or abs(line.angle) > 10:
        return (line,)
    cuts = {m.end() for m in _CUT.finditer(text)} | set(_gaps(line))
    ends = [0, *sorted(c for c in cuts if 0 < c < len(text)), len(text)]
    if len(ends) == 2:
        return (line,)
    parts = (part_of_line(line, a, b) for a, b in pairwise(ends) if text[a:b].strip())
    return tuple(parts)


def is_code_levels(text: str) -> bool:
    """Whether a text is nothing but names of the parts of a code (类、款、项), as they stand below 科目编码."""
    return _CODE_LEVELS.fullmatch(text) is not None


def _gaps(line: TextLine) -> list[int]:
    """Places in a line of Chinese where it leaves a gap: 事业收入 经营收入 are names of two columns."""
    middles = [(c.left + c.right) / 2 for c in line.characters]
    steps = [b - a for a, b in pairwise(middles)]
    if is_code_levels("".join(c.text for c in line.characters)):
        size = line.box.height / _LOOSE
        return list(range(1, len(middles))) if min(steps) > _WIDE_STEP * size else []
    wide = [all(is_wide(c.text) and c.text.isalnum() for c in pair) for pair in pairwise(line.characters)]
    usual = [step for step, both in zip(steps, wide, strict=True) if both]
    if len(usual) < _LEAST_STEPS:
        return []
    least = _WIDE_STEP * max(median(usual), 0.7 * line.box.height / _LOOSE)
    return [n for n, (step, both) in enumerate(zip(steps, wide, strict=True), 1) if both and step > least]


def trimmed(line: TextLine) -> TextLine:
    """A line of Chinese, its box no wider than its characters: what a mark left widens boxes."""
    characters = [c for c in line.characters if c.text.strip()]
    if len(characters) < 2 or not all(is_wide(c.text) for c in characters) or abs(line.angle) > 10:
        return line
    middles = [(c.left + c.right) / 2 for c in characters]
    beyond = _BEYOND * median(b - a for a, b in pairwise(middles))
    left, right = max(line.box.left, middles[0] - beyond), min(line.box.right, middles[-1] + beyond)
    return replace(line, box=Box(left, line.box.top, right, line.box.bottom)) if left < right else line


def part_of_line(line: TextLine, first: int, last: int) -> TextLine:
    """The part of a line from character ``first`` up to ``last``, blanks at its ends left out of its box."""
    inked = [c for c in line.characters[first:last] if c.text.strip()] or line.characters[first:last]
    characters = line.characters[first:last]
    left, right = inked[0].left, max(c.right for c in inked)
    return replace(
        line,
        text="".join(c.text for c in characters),
        box=Box(min(left, right), line.box.top, right, line.box.bottom),
        characters=characters,
        confidence=sum(c.probability for c in characters) / len(characters),
    )
