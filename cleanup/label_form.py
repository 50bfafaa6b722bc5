"""The form of a label (标签的形): specks at its ends, a piece read twice, a bracket that was lost.

Only what leaves a dictionary entry is taken off or put on; everything else is for the evidence to decide.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from cleanup.lexicon import Lexicon, any_year, key_of, split_label
from document.types import Correction, Reading, Rule

_ENDS = re.compile(r"^[ .,，·'`’‘_|\-~*^;]{1,2}(?=\w)|(?<=[\w）)”])[ .,，。；、·'`’‘_|\-~*^;]{1,2}$")
"""Marks that dust and rules leave at the ends of a label; three dots are a leader and printed."""
_OPENING, _CLOSING = re.compile(r"[（(]"), re.compile(r"[）)]")
_ECHO = re.compile(r"(.{3,12}?)\1")
_LOST_BRACKET = re.compile(r"(.{2,20})([（(])\d{1,3}分")

_ASKED_FOR = (
    re.compile(r"(〔)(?:19|20)\d{2}(〕)\d{1,4}号"),
    re.compile(r"(\()[^()]{1,60}(\))"),
    re.compile(r"^(\[)\d{2,9}(\])"),
    re.compile(r"[\u4e00-\u9fff](/)(?=[\u4e00-\u9fff])"),
    re.compile(r"^[一二三四五六七八九十]{1,3}(、)"),
    re.compile(r"(?<![\d,.])\d{1,3}(,)\d{3}(?![\d])"),
    re.compile(r"(?<![\d,.])\d{1,3}(,)\d{3}(,)\d{3}(?!\d)"),
)
"""Marks, as groups, that the characters around them ask for: 〔2024〕15号, （境）, 元/人/天, 三、, 4,498,600元."""


def asked_for(characters: Sequence[str]) -> frozenset[int]:
    """Places of the marks that the text around them asks for; ``characters`` are keys of one character each."""
    text = "".join(characters)
    if len(text) != len(characters):
        return frozenset()
    matches = [m for pattern in _ASKED_FOR for m in pattern.finditer(text)]
    return frozenset(m.start(g) for m in matches for g in range(1, (m.lastindex or 0) + 1))


def without_ends(text: str) -> str:
    """The text without marks that dust leaves at its ends."""
    return _ENDS.sub("", text)


def without_specks(reading: Reading, words: Lexicon) -> Reading:
    """产出指标. → 产出指标, 工会经费工会经费 → 工会经费: marks at the ends, or a line found twice."""
    bare = without_ends(reading.text)
    half = bare[: len(bare) // 2]
    if half * 2 == bare and len(half) >= 3:
        bare = half
    if bare == reading.text or len(bare) < 2 or words.is_known(key_of(reading.text)):
        return reading
    if not words.is_known(any_year(key_of(split_label(bare).core))):
        return reading
    record = Correction(reading.text, bare, Rule.DEBRIS, 0.97, words.source)
    return replace(reading, text=bare, corrections=(*reading.corrections, record))


def without_echo(reading: Reading, words: Lexicon) -> Reading:
    """A piece read twice where two found lines meet: it closes a bracket once more, or leaves an entry when it goes.

    （…×100%）100%）= → （…×100%）=; 二十一、国有资十一、国有资本经营预算支出 → 二十一、国有资本经营预算支出.
    """
    text = reading.text
    if not words.is_known(key_of(text)):
        for match in _ECHO.finditer(text):
            once = text[: match.end(1)] + text[match.end() :]
            if words.is_known(any_year(key_of(split_label(once).core))):
                return _with_form(reading, once, 0.95)
    surplus = len(_CLOSING.findall(text)) - len(_OPENING.findall(text))
    echoes = [m for m in _ECHO.finditer(text) if len(_CLOSING.findall(m.group(1))) == surplus] if surplus > 0 else []
    if len(echoes) != 1:
        return reading
    return _with_form(reading, text[: echoes[0].end(1)] + text[echoes[0].end() :], 0.95)


def with_bracket(reading: Reading, words: Lexicon) -> Reading:
    """产出指标（40分 → 产出指标（40分）: the bracket behind an entry and its points."""
    match = _LOST_BRACKET.fullmatch(reading.text)
    if match is None or not words.is_known(key_of(match.group(1))):
        return reading
    return _with_form(reading, reading.text + ("）" if match.group(2) == "（" else ")"), 0.97)


def _with_form(reading: Reading, text: str, score: float) -> Reading:
    record = Correction(reading.text, text, Rule.FIXED_LABEL, score)
    return replace(reading, text=text, corrections=(*reading.corrections, record))
