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
from document.types import Cell, Correction, Document, Reading, Rule, Table, TextBlock

Holder = TypeVar("Holder", Cell, TextBlock)
_HAN = re.compile(r"[\u4e00-\u9fff]")
_UNSURE = 0.9
_CHANCE = 0.05
"""Least probability the recogniser must give the other character."""
_ODDS = 40.0
"""How many times likelier a pair is that the document has elsewhere than one that it has nowhere."""
_CLEAR = 6.0
_SHORTEST = 3


@dataclass(frozen=True, slots=True)
class _Words:
    """How often two characters stand side by side, in the document and in the dictionary."""

    pairs: Counter[str]

    def beside(self, left: str, middle: str, right: str) -> int:
        """The weaker of the two neighbourhoods of ``middle``; a side without Chinese does not count."""
        sides = [side for side in (left + middle, middle + right) if len(_HAN.findall(side)) == 2]
        return min((self.pairs[side] for side in sides), default=0)


def mend_prose(document: Document, dictionary: Dictionary) -> Document:
    """The document with doubtful characters of labels and paragraphs mended from its own words; idempotent."""
    words = _words(document, dictionary)
    blocks = tuple(
        replace(b, cells=tuple(_mended(c, words) for c in b.cells)) if isinstance(b, Table) else _mended(b, words)
        for b in document.blocks
    )
    return replace(document, blocks=blocks)


def _words(document: Document, dictionary: Dictionary) -> _Words:
    pairs: Counter[str] = Counter()
    for text in (*_texts(document), *(s.name for s in dictionary.subjects), *(x.text for x in dictionary.labels)):
        key = key_of(text)
        pairs.update(key[i : i + 2] for i in range(len(key) - 1))
    return _Words(pairs)


def _texts(document: Document) -> Iterable[str]:
    for block in document.blocks:
        if isinstance(block, Table):
            yield from (c.reading.text for c in block.cells if c.amount is None)
        else:
            yield block.reading.text


def _mended(holder: Holder, words: _Words) -> Holder:
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
        if other is not None:
            key = key[:at] + other[0] + key[at + 1 :]
            reading = _changed(reading, places[at], *other)
    return holder if reading is holder.reading else replace(holder, reading=reading)


def _other(key: str, at: int, witness: Witness, words: _Words) -> tuple[str, float] | None:
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


def _changed(reading: Reading, at: int, character: str, score: float) -> Reading:
    text = reading.text[:at] + character + reading.text[at + 1 :]
    record = Correction(reading.text, text, Rule.PHRASE, score, "document")
    return replace(reading, text=text, corrections=(*reading.corrections, record))
