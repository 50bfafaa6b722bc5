"""Pieces of a line (行内片段) that may belong to different columns of a table without upright rules.

A detector takes an amount and the code beside it for one line, and a recogniser reads ``23.2130208``: two
decimals end an amount (金额以两位小数结尾), a blank ends anything, and words end where an amount begins.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

from document.geometry import Box
from document.types import TextLine

__all__ = ["part_of_line", "pieces"]

_CUT = re.compile(
    r"(?<=\.\d\d)(?=[-\d]|(?![万亿元倍])[\u4e00-\u9fff])|(?<=[^\d.,，\s%+(（-])(?=-?\d[\d,]{0,20}\.\d\d)|\s+"
)


def pieces(line: TextLine) -> tuple[TextLine, ...]:
    """The pieces of ``line`` from left to right; a line without characters is one piece."""
    text = "".join(c.text for c in line.characters)
    if not line.characters or len(text) != len(line.characters) or abs(line.angle) > 10:
        return (line,)
    ends = [0, *(m.end() for m in _CUT.finditer(text) if 0 < m.end() < len(text)), len(text)]
    if len(ends) == 2:
        return (line,)
    parts = (part_of_line(line, a, b) for a, b in pairwise(ends) if text[a:b].strip())
    return tuple(parts)


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
