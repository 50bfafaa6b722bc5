"""Debris in fields of a known form (碎屑): what watermark strokes and rules add to numbers and codes.

A column of amounts holds numbers: a stray 不 or K before one is not part of it, and a stray 公 alone is no
amount. Only columns whose form is certain are swept; units and signs for nil are printed on purpose.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from cleanup.lexicon import Lexicon, any_year, key_of, split_label
from cleanup.table_roles import TableRoles
from document.types import Character, Correction, Reading, Rule, Table, TextLine

_CLEAR = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)\.\d{2}")
_JUNK = r"[^\d.,，。%％+\-－—]{0,4}"
_IN_JUNK = re.compile(rf"({_JUNK})({_CLEAR.pattern})({_JUNK})")
UNITS = re.compile(r"[\s（(]*(?:亿元|万元|元|人|辆|个|次|家|分|平方米|台|套|≥|≤|＞|＜|>|<|约|￥|¥)[\s）)]*")
NIL = frozenset(("无", "-", "—", "——", "/", "*", "是", "否", "…", "……", "空", "×", "√", "○"))
_LONGEST = 3
_STROKE = 0.6
"""Probability under which a single character beside a known name is no character but a stroke: print is read surer."""
_DOUBTED = 0.9
"""Probability under which such a character is left and said."""
_SHORTEST_NAME = 3


def number_in_debris(text: str) -> str | None:
    """The one clear amount (two decimals) in ``text`` with up to four strange characters at its ends.

    None when there is none, when nothing strange stands there, or when it is a unit or a sign.
    """
    match = _IN_JUNK.fullmatch("".join(text.split()))
    if match is None:
        return None
    before, number, after = match.groups()
    strange = [j for j in (before, after) if j]
    if not strange or any(UNITS.fullmatch(j) for j in strange):
        return None
    return number


def is_stray(text: str) -> bool:
    """Whether up to three characters cannot be content of a column of amounts: no digit, no sign for nil."""
    compact = "".join(text.split())
    return 0 < len(compact) <= _LONGEST and compact not in NIL and not any(c.isdigit() for c in compact)


def amount_columns(table: Table, roles: TableRoles) -> frozenset[int]:
    """Columns of which nearly all that is longer than a stray is a clear amount, and of which there are three."""
    clear: Counter[int] = Counter()
    other: Counter[int] = Counter()
    for cell in table.cells:
        text = "".join(cell.reading.text.split())
        if not text or cell.col_span > 1 or not roles.is_amount_place(cell):
            continue
        if _CLEAR.fullmatch(text) or number_in_debris(text):
            clear[cell.col] += 1
        elif len(text) > _LONGEST or text in NIL:
            other[cell.col] += 1
    return frozenset(c for c, n in clear.items() if n >= 3 and other[c] <= max(n >= 4, 0.15 * n))


def without_strokes(reading: Reading, lines: Sequence[TextLine], words: Lexicon) -> Reading:
    """1住房公积金, 预算1 → the name alone, where the recogniser was far from sure of its first or last character.

    Where it was only somewhat unsure the character stays and is said. Idempotent.
    """
    characters = [c for line in lines for c in line.characters if c.text.strip()]
    text = reading.text
    if len(characters) < _SHORTEST_NAME + 1 or words.is_known(key_of(text)):
        return reading
    for stroke, rest in ((characters[0], text[1:]), (characters[-1], text[:-1])):
        at_edge = text[:1] == stroke.text if rest == text[1:] else text[-1:] == stroke.text
        if at_edge and _may_be_stroke(stroke) and _is_name(rest.strip(), words):
            return _struck(reading, stroke, rest.strip())
    return reading


def _may_be_stroke(character: Character) -> bool:
    return character.probability < _DOUBTED and not "一" <= character.text <= "龥" and character.text not in "()（）"


def _is_name(text: str, words: Lexicon) -> bool:
    """Whether a text, or what follows its enumeration, is an entry to aim at."""
    core = any_year(key_of(split_label(text).core))
    return len(core) >= _SHORTEST_NAME and core in words.texts


def _struck(reading: Reading, stroke: Character, rest: str) -> Reading:
    if stroke.probability < _STROKE or not stroke.text.isalnum():
        record = Correction(reading.text, rest, Rule.DEBRIS, round(1 - stroke.probability, 4), "recogniser")
        return replace(reading, text=rest, corrections=(*reading.corrections, record))
    return reading.doubted(f"“{stroke.text}”可能是表格线或污点")
