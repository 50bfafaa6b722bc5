"""Running text mended from its own words: only what the recogniser doubted and the document says elsewhere."""

from __future__ import annotations

import pytest

from cleanup.prose import mend_prose
from dictionaries.loader import load_dictionary
from document.geometry import Box
from document.types import BlockKind, Character, Document, Reading, Rule, Source, TextBlock, TextLine

DICTIONARY = load_dictionary()
BOX = Box(0, 0, 10, 10)
ELSEWHERE = ("临泉市水利局负责防汛。", "临泉市水利局负责抗旱。", "水利局位于临泉市东城。")


def block(text: str, at: int = -1, probability: float = 1.0, other: str = "", chance: float = 0.0) -> TextBlock:
    characters = tuple(
        Character(c, probability, i, i + 1, ((other, chance),)) if i == at else Character(c, 0.999, i, i + 1)
        for i, c in enumerate(text)
    )
    line = TextLine(text, BOX, 0.9, characters)
    return TextBlock(f"b{text}", BlockKind.PARAGRAPH, (1,), BOX, Reading(text, text), lines=(line,))


def mended(last: TextBlock) -> Reading:
    blocks = (*map(block, ELSEWHERE), last)
    once = mend_prose(Document(Source("a.pdf", "0" * 64, 1), (), blocks), DICTIONARY)
    assert mend_prose(once, DICTIONARY) == once
    assert once.blocks[:-1] == blocks[:-1]
    found = once.blocks[-1]
    assert isinstance(found, TextBlock)
    return found.reading


def test_a_doubtful_character_is_decided_by_the_documents_words() -> None:
    reading = mended(block("临身市 水利局收入增加。", 1, 0.55, "泉", 0.3))
    assert reading.text == "临泉市 水利局收入增加。"
    assert reading.raw == "临身市 水利局收入增加。"
    assert (reading.corrections[-1].rule, reading.corrections[-1].source) == (Rule.PHRASE, "document")


@pytest.mark.parametrize(
    "doubt",
    [
        block("临身市水利局收入增加。", 1, 0.97, "泉", 0.02),
        block("临身市水利局收入增加。", 1, 0.55, "桌", 0.3),
        block("临身市水利局收入增加。", 1, 0.55, "泉", 0.01),
        block("临身市水利局收入增加。"),
        block("水利局位于东城市。", 5, 0.55, "临", 0.4),
    ],
    ids=["sure", "another character", "hardly likely", "no alternatives", "a word nobody else says"],
)
def test_everything_else_stays(doubt: TextBlock) -> None:
    assert mended(doubt).text == doubt.reading.text


def test_digits_are_never_decided_by_words() -> None:
    assert mended(block("临泉市3处水利局", 3, 0.5, "8", 0.45)).text == "临泉市3处水利局"
