"""Words that a bad OCR cut at a column's edge, in text without pictures (被竖线切开的词): 项 | 目名称, 项目 | 目负责人.

A stroke of the watermark is taken for a rule, and the label under it falls into two cells; the character on the edge
may be read on both sides, or a mark stand for the stroke. Two neighbours become one only where together they are an
entry of the dictionary and what is right of the edge is none by itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from cleanup.lexicon import Lexicon, key_of
from cleanup.plain_debris import is_known
from cleanup.plain_lines import Line
from document.types import Rule

_LEAST = 4
"""Characters a label must have, so that no two short words make one by chance."""
_TWICE = 2
"""Characters at the edge that may stand on both sides of it."""
_LONGEST_LABEL = 24
_STROKE = re.compile(r"[^\u3400-\u9fff\s]")
"""What a stroke at the edge becomes: a mark, a letter, a digit."""
_SCORE = 0.9
_YEAR = re.compile(r"20\d{2}[.,]?")
_TWO_DATES = re.compile(r"(20\d{2})[.,]?\s?(\d{2})[.,]\s?(\d{2})\s?(20\d{2})[.,]\s?(\d{2})[.,]\s?(\d{2})")
_BARS = {"≪": "≤", "≫": "≥"}
_TARGET = re.compile(r"\s*[≪≫]\s?\d.*", re.S)
_NO_SIGN = "两个日期之间的符号没有读出"


def with_joined_cells(lines: Sequence[Line], words: Lexicon) -> tuple[Line, ...]:
    """The lines with labels that two neighbouring cells share put into the first; the second is blank then."""
    return tuple(x if x.gone or "\t" not in x.text else _joined(x, words) for x in lines)


def with_bars(lines: Sequence[Line]) -> tuple[Line, ...]:
    """The lines with targets like ≪300元 as ≤300元, in a text that prints ≤ or ≥: no account means "far less"."""
    if not any(bar in x.text for x in lines for bar in _BARS.values()):
        return tuple(lines)
    result = list(lines)
    for i, line in enumerate(lines):
        for c, cell in enumerate(line.text.split("\t") if "\t" in line.text and not line.gone else ()):
            if _TARGET.fullmatch(cell):
                sign = cell.strip()[0]
                result[i] = result[i].with_cell(c, cell.replace(sign, _BARS[sign], 1), Rule.NUMBER_FORMAT, _SCORE)
    return tuple(result)


def _joined(line: Line, words: Lexicon) -> Line:
    for c in range(line.text.count("\t")):
        left, right = line.text.split("\t")[c : c + 2]
        whole = label_of(left, right, words)
        if whole is None and (dates := dates_of(left, right)):
            line = line.with_cell(c, dates, Rule.NUMBER_FORMAT, _SCORE).with_cell(c + 1, "", Rule.NUMBER_FORMAT, _SCORE)
            line = line.doubted(dates, _NO_SIGN)
        if whole is not None:
            line = line.with_cell(c, whole, Rule.FIXED_LABEL, _SCORE).with_cell(c + 1, "", Rule.FIXED_LABEL, _SCORE)
    return line


def dates_of(left: str, right: str) -> str | None:
    """2024. | 01. 012024. 12. 31 → 2024.01.01 2024.12.31: the two dates of a period, else None."""
    match = _TWO_DATES.fullmatch(left.strip() + right.strip()) if _YEAR.fullmatch(left.strip()) else None
    return f"{'.'.join(match.groups()[:3])} {'.'.join(match.groups()[3:])}" if match else None


def label_of(left: str, right: str, words: Lexicon) -> str | None:
    """The entry that two neighbouring cells share, as printed, or None where they share none."""
    left, right = left.strip(), right.strip()
    if not left or not right or max(len(left), len(right)) > _LONGEST_LABEL or is_known(right, words):
        return None
    for first in _without_stroke(left, -1):
        for second in _without_stroke(right, 0):
            for twice in range(_TWICE, -1, -1):
                whole = _overlapped(first, second, twice)
                struck = (first, second) != (left, right)
                apart = not (twice or struck) and len(first) > 1 and is_known(first, words)
                if whole and len(key_of(whole)) >= _LEAST and words.is_known(key_of(whole)) and not apart:
                    return whole
    return None


def _without_stroke(text: str, at: int) -> tuple[str, ...]:
    """The text, and without the stroke at its end next to the edge (``at``: -1 its last, 0 its first character)."""
    if len(text) < 2 or not _STROKE.fullmatch(text[at]):
        return (text,)
    return (text, (text[:-1] if at else text[1:]).strip())


def _overlapped(left: str, right: str, twice: int) -> str | None:
    """Both texts as one, with ``twice`` characters that end the one and begin the other said once."""
    if twice == 0:
        return left + right
    if len(right) <= twice or left[-twice:] != right[:twice]:
        return None
    return left + right[twice:]
