"""The better of two reads is kept, and never one that brings the watermark back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanup.watermark_judge import JudgeOptions, doubted, judged
from document.geometry import Box
from document.types import TextLine

PHRASES = ("仅供内部审核",)
LOOK_ALIKES = {("审", "军"): 0.8, ("入", "人"): 0.9}


def line(text: str, confidence: float, cover: float = 0.2) -> TextLine:
    return TextLine(text, Box(10, 10, 60, 20), confidence, watermark_cover=cover, darkness=0.9)


def kept(cleaned: TextLine, scanned: TextLine) -> tuple[str, bool]:
    """The text kept, and whether it is recorded as that of the page as scanned."""
    lines, found = judged([cleaned], {0: scanned}, PHRASES, LOOK_ALIKES)
    return lines[0].text, bool(found)


def test_only_doubted_lines_under_the_watermark_are_read_again() -> None:
    lines = [line("16.49", 0.5), line("16.49", 0.99), line("16.49", 0.5, cover=0), line("", 0.0), line("3.1", 0.7)]
    assert doubted(lines) == (0, 4)
    assert doubted(lines, JudgeOptions(most=1)) == (0,)


def test_a_stroke_that_clean_up_took_comes_back() -> None:
    assert kept(line("1 6.49 .", 0.55), line("16.49", 0.97)) == ("16.49", True)
    assert kept(line("二十、住房保障支出", 0.6), line("三十、住房保障支出", 0.98)) == ("三十、住房保障支出", True)


def test_the_kept_read_stays_in_its_place_and_is_recorded() -> None:
    cleaned = line("18.4", 0.6)
    lines, found = judged([cleaned], {0: replace(line("16.49", 0.99), box=Box(0, 0, 1, 1))}, PHRASES, LOOK_ALIKES)
    assert lines[0].box == cleaned.box
    assert lines[0].watermark_cover == cleaned.watermark_cover
    assert [(j.box, j.cleaned, j.scanned) for j in found] == [(cleaned.box, "18.4", "16.49")]


@pytest.mark.parametrize(
    "scanned",
    [
        line("16.48", 0.86),  # no surer
        line("", 0.0),
        line("16.4仅", 0.99),  # a piece of the phrase
        line("16军49", 0.99),  # what is read for a piece of it
        line("16.49供审核内", 0.99),
        line("一般公共服务支出", 0.99),  # another text altogether, and no number
    ],
)
def test_the_cleaned_read_stays(scanned: TextLine) -> None:
    assert kept(line("16.49", 0.85), scanned) == ("16.49", False)


def test_a_decimal_point_is_not_given_up_for_a_surer_number() -> None:
    assert kept(line("289.:09", 0.5), line("28909", 0.99)) == ("289.:09", False)
    assert kept(line("289.:09", 0.5), line("289.09", 0.99)) == ("289.09", True)


def test_words_of_the_phrase_stay_where_both_read_them() -> None:
    assert kept(line("预算审核刮", 0.6), line("预算审核科", 0.97)) == ("预算审核科", True)


@given(
    cleaned=st.text("0123456789.,审核内部算支出", max_size=8),
    scanned=st.text("0123456789.,审核内部算支出军", max_size=12),
    before=st.floats(0, 1),
    after=st.floats(0, 1),
)
def test_no_character_of_the_watermark_is_ever_added(cleaned: str, scanned: str, before: float, after: float) -> None:
    text, _ = kept(line(cleaned, before), line(scanned, after))
    for character in "审核内部军仅供":
        assert text.count(character) <= max(cleaned.count(character), 0)
