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


@pytest.mark.parametrize(
    ("chance", "text", "said"),
    [(0.06, "从同级财政部门取得", False), (0.018, "从同级财政部内取得", True), (0.001, "从同级财政部内取得", False)],
)
def test_a_word_of_every_disclosure_is_known_though_read_with_hardly_a_doubt(
    chance: float, text: str, said: bool
) -> None:
    """门 of thin strokes on a fax is 内 each time: mended where the odds are clear, else said."""
    reading = mended(block("从同级财政部内取得", 6, 1 - chance, "门", chance))
    assert (reading.text, reading.needs_review) == (text, said)
    assert reading.reasons == (("“内”可能是“门”",) if said else ())


def test_a_word_that_the_dictionary_has_is_not_doubted() -> None:
    reading = mended(block("单位内部资金", 2, 0.9, "们", 0.09))
    assert (reading.text, reading.needs_review) == ("单位内部资金", False)
    assert not mended(block("资金支出", 2, 0.9, "友", 0.09)).needs_review
