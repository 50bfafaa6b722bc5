"""Running text mended by itself (正文): a doubtful character that the document's other words decide.

Only where the recogniser was unsure and named the other character itself, and only where the document (or the
dictionary) has the neighbours beside that character elsewhere, and nowhere beside the one read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

from cleanup.evidence import Witness, witnesses
from cleanup.lexicon import key_of
from dictionaries.types import Dictionary
from document.types import Cell, Character, Correction, Document, Reading, Rule, Table, TextBlock

Holder = TypeVar("Holder", Cell, TextBlock)
_HAN = re.compile(r"[\u4e00-\u9fff]")
_UNSURE = 0.9
_CHANCE = 0.05
"""Least probability the recogniser must give the other character."""
_ODDS = 40.0
"""How many times likelier a pair is that the document has elsewhere than one that it has nowhere."""
_CLEAR = 6.0
_SHORTEST = 3


_COMMON = 20
"""Times the dictionary has a pair that makes it a word of every disclosure: 部门."""
_UNSEEN = 0.5
"""Times a pair that the dictionary does not have counts for."""
_SAID = 1.0
"""Odds that a character read with hardly a doubt is the one of such a word, from which it is said."""


@dataclass(frozen=True, slots=True)
class Words:
    """How often two characters stand side by side, in the document and in the dictionary."""

    pairs: Counter[str]
    fixed: Counter[str]
    """In the dictionary alone: what the document misreads many times does not vouch for itself there."""

    def beside(self, left: str, middle: str, right: str) -> int:
        """The weaker of the two neighbourhoods of ``middle``; a side without Chinese does not count."""
        sides = [side for side in (left + middle, middle + right) if len(_HAN.findall(side)) == 2]
        return min((self.pairs[side] for side in sides), default=0)

    def fixed_beside(self, left: str, middle: str, right: str) -> int:
        """How often the dictionary has the better of the two neighbourhoods of ``middle``."""
        return max(self.fixed[left + middle], self.fixed[middle + right])

    def surer(self, left: str, read: Character, right: str) -> float:
        """The probability (0–1) of a Chinese character after asking which word it makes with its neighbours.

        Likelier where it makes one that is said elsewhere too, and no other character that may stand there makes any.
        """
        if not _HAN.fullmatch(read.text) or not self._is_said(left, read.text, right):
            return read.probability
        others = [a for a, _ in read.alternatives if _HAN.fullmatch(a)]
        if any(self._is_said(left, a, right, 1) for a in others):
            return read.probability
        return vouched(read.probability)

    def _is_said(self, left: str, middle: str, right: str, least: int = 2) -> bool:
        return bool(self.fixed_beside(left, middle, right)) or self.beside(left, middle, right) >= least


def vouched(probability: float) -> float:
    """The probability (0–1) of a reading that something else speaks for, as much as a word said elsewhere does."""
    odds = _ODDS * probability / max(1 - probability, 1e-6)
    return odds / (1 + odds)


def mend_prose(document: Document, dictionary: Dictionary) -> Document:
    """The document with doubtful characters of labels and paragraphs mended from its own words; idempotent."""
    words = words_of(document, dictionary)
    blocks = tuple(
        replace(b, cells=tuple(_mended(c, words) for c in b.cells)) if isinstance(b, Table) else _mended(b, words)
        for b in document.blocks
    )
    return replace(document, blocks=blocks)


def words_of(document: Document, dictionary: Dictionary) -> Words:
    """The pairs of characters in a document's texts and in the dictionary."""
    fixed = _pairs((*(s.name for s in dictionary.subjects), *(x.text for x in dictionary.labels)))
    return Words(fixed + _pairs(_texts(document)), fixed)


def _pairs(texts: Iterable[str]) -> Counter[str]:
    keys = map(key_of, texts)
    return Counter(key[i : i + 2] for key in keys for i in range(len(key) - 1))


def _texts(document: Document) -> Iterable[str]:
    for block in document.blocks:
        if isinstance(block, Table):
            yield from (c.reading.text for c in block.cells if c.amount is None)
        else:
            yield block.reading.text


def _mended(holder: Holder, words: Words) -> Holder:
    reading = holder.reading
    places = [i for i, c in enumerate(reading.text) if key_of(c)]
    if len(places) < _SHORTEST or not holder.lines:
        return holder
    key = key_of(reading.text)
    seen = witnesses(holder.lines, key) if len(key) == len(places) else None
    if seen is None:
        return holder
    for at, witness in enumerate(seen):
        other = _other(key, at, witness, words)
        common = _common_word(key, at, witness, words) if other is None else None
        if common is not None and common[1] < _CLEAR / (1 + _CLEAR):
            reading = reading.doubted(f"“{key[at]}”可能是“{common[0]}”")
        elif other := other or common:
            key = key[:at] + other[0] + key[at + 1 :]
            reading = _changed(reading, places[at], *other)
    return holder if reading is holder.reading else replace(holder, reading=reading)


def _other(key: str, at: int, witness: Witness, words: Words) -> tuple[str, float] | None:
    """The character that must stand there instead, with its score, or None."""
    read = key[at]
    if witness.probability >= _UNSURE or not _HAN.fullmatch(read):
        return None
    left, right = key[at - 1 : at], key[at + 1 : at + 2]
    if words.beside(left, read, right) > 1:
        return None
    for character, chance in sorted(witness.alternatives.items(), key=lambda item: -item[1]):
        odds = _ODDS * chance / max(witness.probability, 1e-6)
        fits = bool(_HAN.fullmatch(character)) and words.beside(left, character, right) >= 2
        if chance >= _CHANCE and fits and odds >= _CLEAR:
            return character, round(odds / (1 + odds), 4)
    return None


def _common_word(key: str, at: int, witness: Witness, words: Words) -> tuple[str, float] | None:
    """The character that makes a word of every disclosure where what was read makes none, with its probability.

    The thin strokes of 门 fall out on a fax, the same ones each time, and 部内 is read with hardly a doubt.
    """
    left, right = key[at - 1 : at], key[at + 1 : at + 2]
    if not _HAN.fullmatch(key[at]) or not witness.alternatives or words.fixed_beside(left, key[at], right):
        return None
    for character, chance in sorted(witness.alternatives.items(), key=lambda item: -item[1]):
        times = words.fixed_beside(left, character, right) if _HAN.fullmatch(character) else 0
        odds = times / _UNSEEN * chance / max(witness.probability, 1e-6)
        if times >= _COMMON and odds >= _SAID:
            return character, round(odds / (1 + odds), 4)
    return None


def _changed(reading: Reading, at: int, character: str, score: float) -> Reading:
    text = reading.text[:at] + character + reading.text[at + 1 :]
    record = Correction(reading.text, text, Rule.PHRASE, score, "document")
    return replace(reading, text=text, corrections=(*reading.corrections, record))
