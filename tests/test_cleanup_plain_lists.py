"""Numerals and brackets of lists, and codes between their neighbours, where the sequence leaves one answer."""

from __future__ import annotations

import pytest

from cleanup.plain_text import clean_text
from dictionaries.loader import load_dictionary

DICTIONARY = load_dictionary()


def cleaned(text: str) -> str:
    return clean_text(text, DICTIONARY).text


@pytest.mark.parametrize(
    ("numerals", "mended"),
    [
        ("四五一七八", "四五六七八"),
        ("四五一七", "四五六七"),
        ("五一七", "五一七"),  # two numerals are no sequence
        ("一二一二三", "一二一二三"),  # a list that begins anew
        ("四五七八", "四五七八"),  # an item is missing, none is wrong
    ],
)
def test_a_numeral_between_its_neighbours(numerals: str, mended: str) -> None:
    text = "".join(f"- {n}、某项说明文字：指某项\n" for n in numerals)
    assert cleaned(text) == "".join(f"- {n}、某项说明文字：指某项\n" for n in mended)


def test_a_bracket_that_the_next_item_has() -> None:
    assert cleaned("一) 车辆数合计\t2\n(二)单价以上设备\t1\n").startswith("(一) 车辆数合计\t2")
    assert cleaned("一) 车辆数合计\t2\n二) 单价以上设备\t1\n").startswith("一) 车辆数合计\t2")


def test_a_code_cut_short_that_only_one_can_be() -> None:
    rows = "30229\t福利费\t7.19\n3023\t\t5.12\n30239\t其他交通费用\t1.00\n"
    done = clean_text(rows, DICTIONARY)
    assert "30231\t\t5.12" in done.text
    assert any(c.reason.startswith("编码没有读全") for c in done.changes)
    assert "3021\t\t5.12" in cleaned("30201\t办公费\t7.19\n3021\t\t5.12\n30239\t其他交通费用\t1.00\n")


def test_a_sentence_cut_before_its_mark_is_no_label_without_its_numeral() -> None:
    flags = [c.before for c in clean_text("总分\t、80-60(含)分为中、\n、机关运行经费\t\n", DICTIONARY).changes]
    assert "、机关运行经费" in flags
    assert "、80-60(含)分为中、" not in flags
