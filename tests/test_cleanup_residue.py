"""Watermark residue goes, ordinary words stay, whatever they say."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanup.residue import drop_residue
from cleanup.similarity import EditCosts, distance, edits, piece_similarity
from dictionaries.loader import load_dictionary
from document.geometry import Box
from document.types import Character, TextLine

PHRASES = ("仅供内部审核",)
LOOK_ALIKES = load_dictionary().look_alikes


def line(
    text: str,
    top: float = 100,
    size: float = 10,
    angle: float = 0,
    confidence: float = 0.99,
    cover: float = 0,
    left: float = 100,
) -> TextLine:
    box = Box(left, top, left + size * len(text), top + size)
    characters = tuple(Character(c, confidence, left + i * size, left + (i + 1) * size) for i, c in enumerate(text))
    return TextLine(text, box, confidence, characters, angle, size, cover)


ORDINARY = tuple(line(f"第{i}行普通的正文内容", top=20.0 * i) for i in range(8))


def remaining(*odd: TextLine) -> list[str]:
    kept, _ = drop_residue((*ORDINARY, *odd), PHRASES, None, LOOK_ALIKES)
    return [k.text for k in kept[len(ORDINARY) :]]


@pytest.mark.parametrize("text", ["仅供内部审核", "又供内部軍核", "风烘内部铺林", "及供为部籍模", "内部", "审"])
def test_tilted_residue_goes_however_misread(text: str) -> None:
    assert remaining(line(text, angle=20, size=45, confidence=0.8)) == []


def test_the_whole_phrase_goes_even_level_and_small() -> None:
    assert remaining(line("仅供内部审核"), line("仅供 内部 审核 仅供内部审核")) == []


def test_debris_under_the_watermark_goes() -> None:
    assert remaining(line("KV", cover=0.6, confidence=0.3, left=150), line("布", size=58, confidence=0.05)) == []


@pytest.mark.parametrize("text", ["预算审核", "内部审计", "仅供参考", "审核", "内部", "负责市级部门预算的审核"])
def test_ordinary_words_survive(text: str) -> None:
    assert remaining(line(text)) == [text]
    assert remaining(line(text, cover=0.2, confidence=0.9)) == [text]


def test_pale_specks_under_the_watermark_go_and_dark_numbers_stay() -> None:
    assert remaining(replace(line("1", cover=0.5, confidence=0.8), darkness=0.4)) == []
    assert remaining(replace(line("05", cover=0.5, confidence=0.99), darkness=0.75)) == ["05"]
    assert remaining(replace(line("1", cover=0.0, confidence=0.8), darkness=0.4)) == ["1"]
    assert remaining(replace(line("住房保障支出", cover=0.5, confidence=0.8), darkness=0.4)) == ["住房保障支出"]


def test_a_large_title_survives() -> None:
    assert remaining(line("松岭县自然资源局", size=36), line("目录", size=30)) == ["松岭县自然资源局", "目录"]


def test_numbers_under_the_watermark_survive() -> None:
    assert remaining(line("820.66", cover=0.8, confidence=0.4)) == ["820.66"]


def test_a_fragment_set_off_at_the_end_is_cut() -> None:
    total = line("合计")
    fragment = Character("核", 0.3, 140, 150)
    damaged = TextLine("合计核", Box(100, 100, 150, 110), 0.8, (*total.characters, fragment), 0, 10)
    kept, dropped = drop_residue((*ORDINARY, damaged), PHRASES)
    assert kept[-1].text == "合计"
    assert kept[-1].box.right == 120
    assert [d.text for d in dropped] == ["核"]


def test_a_word_that_ends_like_the_phrase_is_not_cut() -> None:
    assert remaining(line("工程结算审核")) == ["工程结算审核"]
    sure = line("工程结算审核")
    assert drop_residue((*ORDINARY, sure), PHRASES)[1] == ()


def test_a_label_that_begins_like_a_phrase_stays_though_its_places_are_narrow() -> None:
    label = line("专用材料费", cover=0.4)
    narrow = tuple(replace(c, left=c.left + 4, right=c.left + 6) for c in label.characters)
    kept, dropped = drop_residue((*ORDINARY, replace(label, characters=narrow)), ("审核专用",), None, LOOK_ALIKES)
    assert kept[-1].text == "专用材料费"
    assert dropped == ()


def test_nothing_goes_from_a_clean_page() -> None:
    assert drop_residue(ORDINARY, PHRASES) == (ORDINARY, ())
    assert drop_residue((), PHRASES) == ((), ())


@given(
    st.lists(
        st.builds(
            line,
            st.text(alphabet="仅供内部审核预算0.5核K", min_size=1, max_size=9),
            st.floats(0, 800),
            st.floats(5, 60),
            st.floats(-45, 45),
            st.floats(0, 1),
            st.floats(0, 1),
        ),
        max_size=8,
    )
)
def test_kept_and_dropped_hold_all_characters_once(odd: list[TextLine]) -> None:
    lines = (*ORDINARY, *odd)
    kept, dropped = drop_residue(lines, PHRASES, None, LOOK_ALIKES)
    assert sorted("".join(x.text for x in lines)) == sorted("".join(x.text for x in (*kept, *dropped)))
    assert drop_residue(kept[: len(ORDINARY)], PHRASES)[0] == ORDINARY


PLAIN = EditCosts()


def test_distance_by_hand() -> None:
    costs = EditCosts({("末", "未"): 0.9})
    assert distance("年末结转", "年末结转", costs) == 0
    assert distance("年末结转", "年未结转", costs) == pytest.approx(0.1)
    assert distance("年末", "", costs) == 2
    assert [(e.position, e.before, e.after) for e in edits("收支出", "收入支出")] == [(1, "", "入")]


@given(st.text(alphabet="甲乙丙丁", max_size=8), st.text(alphabet="甲乙丙丁", max_size=8))
def test_edits_lead_from_one_to_the_other(left: str, right: str) -> None:
    found = edits(left, right)
    assert len(found) == distance(left, right, PLAIN)
    text, shift = left, 0
    for edit in found:
        at = edit.position + shift
        text = text[:at] + edit.after + text[at + len(edit.before) :]
        shift += len(edit.after) - len(edit.before)
    assert text == right


@pytest.mark.parametrize(
    ("text", "expected"), [("内部", 1.0), ("审核仅供", 1.0), ("又供内部軍核", 4 / 6), ("甲", 0.0), ("", 0.0)]
)
def test_piece_similarity_by_hand(text: str, expected: float) -> None:
    assert piece_similarity(text, "仅供内部审核", PLAIN) == pytest.approx(expected)
