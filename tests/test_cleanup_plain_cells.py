"""Labels that a bad OCR cut at a column's edge become one again; words that stand side by side stay two."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanup.lexicon import key_of, lexicon
from cleanup.plain_cells import dates_of, label_of
from cleanup.plain_text import clean_text
from dictionaries.loader import load_dictionary

DICTIONARY = load_dictionary()
WORDS = lexicon(DICTIONARY, 2024)
LABELS = sorted(WORDS.texts.values())


@pytest.mark.parametrize(
    ("left", "right", "whole"),
    [
        ("项", "目名称", "项目名称"),
        ("项目", "目负责人", "项目负责人"),  # read on both sides of the edge
        ("主'", "管部门", "主管部门"),  # a mark where the stroke is
        ("项", "[目名称", "项目名称"),
        ("其中: 「", "中央、省财政", "其中:中央、省财政"),
        ("本年收入合计", "财政拨款收入", None),  # two entries
        ("财政拨款", "收入", None),  # the second is one by itself
        ("聘", "系电话", None),  # no entry together
        ("", "项目名称", None),
    ],
)
def test_a_label_cut_in_two(left: str, right: str, whole: str | None) -> None:
    assert label_of(left, right, WORDS) == whole


def test_the_first_cell_gets_it_and_the_row_keeps_its_cells() -> None:
    cleaned = clean_text("联\t系电话\t0353\n实\t施单位\t评审中心\n", DICTIONARY)
    assert cleaned.text == "联系电话\t\t0353\n实施单位\t\t评审中心\n"
    assert [(c.line, c.before, c.after) for c in cleaned.changes if c.after] == [
        (1, "联", "联系电话"),
        (2, "实", "实施单位"),
    ]


@given(st.sampled_from(LABELS), st.sampled_from(LABELS))
def test_two_entries_side_by_side_stay_two(left: str, right: str) -> None:
    assert label_of(left, right, WORDS) is None


@given(st.sampled_from([x for x in LABELS if len(x) >= 4]), st.data())
def test_what_comes_of_two_halves_is_an_entry(label: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(1, len(label) - 1))
    whole = label_of(label[:at], label[at:], WORDS)
    assert whole is None or WORDS.is_known(key_of(whole))


@pytest.mark.parametrize(
    ("left", "right", "dates"),
    [
        ("2024.", "01. 012024. 12. 31", "2024.01.01 2024.12.31"),
        ("2024", "01, 012024, 12, 31", "2024.01.01 2024.12.31"),
        ("2024.", "01.01", None),
        ("1,820.", "66", None),
    ],
)
def test_two_dates_cut_in_the_first(left: str, right: str, dates: str | None) -> None:
    assert dates_of(left, right) == dates


def test_the_sign_between_two_dates_is_not_invented() -> None:
    cleaned = clean_text("起止时间\t2024.\t01. 012024. 12. 31\n", DICTIONARY)
    assert cleaned.text == "起止时间\t2024.01.01 2024.12.31\t\n"
    assert any(c.rule == "flag" and "符号" in c.reason for c in cleaned.changes)


def test_far_less_is_at_most_in_a_text_that_prints_at_most() -> None:
    assert clean_text("劳务费\t≪300元\t≤300元\n", DICTIONARY).text == "劳务费\t≤300元\t≤300元\n"
    assert clean_text("劳务费\t≪300元\n", DICTIONARY).text == "劳务费\t≪300元\n"
