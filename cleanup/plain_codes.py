"""Codes cut short in text without pictures (缺位的编码): 3023 between 30229 and 30239, beside a name that is gone.

Codes stand in order. Where only one code of the classification lies between those above and below and agrees with what
is left of the one between, it is that one; the name beside it is read elsewhere (``codes.join_split_codes``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from cleanup.lexicon import Lexicon
from cleanup.plain_lines import Line, table_runs
from document.types import Rule

_CUT = re.compile(r"\d{4}")
_MISREAD = re.compile(r"\d{5}")
_CLASS = 3
"""Digits that a code shares with its neighbours: 302 of 30231."""
_SCORE = 0.9
_REASON = "编码没有读全，按上下行补全"


def with_whole_codes(lines: Sequence[Line], words: Lexicon) -> tuple[Line, ...]:
    """The lines with cut or misread codes completed that only one code can be; each is said, too."""
    result = list(lines)
    for rows in table_runs(lines):
        cells = [[c.strip() for c in lines[i].text.split("\t")] for i in rows]
        for r, at in enumerate(rows):
            for c, code in _codes(r, cells, words).items():
                result[at] = result[at].with_cell(c, code, Rule.SUBJECT_CODE, _SCORE).doubted(code, _REASON)
    return tuple(result)


def _codes(row: int, cells: Sequence[Sequence[str]], words: Lexicon) -> Mapping[int, str]:
    """For each column of a row the code that its cell must be."""
    found = {}
    for c, text in enumerate(cells[row]):
        blank = c + 1 < len(cells[row]) and not cells[row][c + 1]
        if blank and text not in words.names and (_CUT.fullmatch(text) or _MISREAD.fullmatch(text)):
            above, below = _next_code(row, c, -1, cells, words), _next_code(row, c, 1, cells, words)
            fitting = [k for k in _between(above, below, words) if _agrees(text, k)]
            if len(fitting) == 1:
                found[c] = fitting[0]
    return found


def _next_code(row: int, column: int, step: int, cells: Sequence[Sequence[str]], words: Lexicon) -> str:
    """The nearest code above or below in the column; "" where something else, or nothing, stands there first."""
    row += step
    while 0 <= row < len(cells) and not (column < len(cells[row]) and cells[row][column]):
        row += step
    pieces = cells[row][column].split() if 0 <= row < len(cells) else []
    return pieces[-1] if pieces and pieces[-1] in words.names else ""


def _between(above: str, below: str, words: Lexicon) -> list[str]:
    if not above or above[:_CLASS] != below[:_CLASS] or len(above) != len(below):
        return []
    return [k for k in words.names if len(k) == len(above) and above < k < below]


def _agrees(text: str, code: str) -> bool:
    """Whether what is left is the code's beginning, or the code but for one digit."""
    if len(text) < len(code):
        return code.startswith(text)
    return len(text) == len(code) and sum(a != b for a, b in zip(text, code, strict=True)) == 1
