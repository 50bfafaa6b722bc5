"""The form of labels: specks at the ends, echoes, lost brackets; only where an entry is left."""

from __future__ import annotations

import pytest

from cleanup.label_form import asked_for, with_bracket, without_echo, without_specks
from cleanup.lexicon import lexicon
from dictionaries.loader import load_dictionary
from document.types import Reading

WORDS = lexicon(load_dictionary(), 2024)


def reading(text: str) -> Reading:
    return Reading(text, text)


@pytest.mark.parametrize(
    ("read", "label"),
    [
        ("产出指标.", "产出指标"),
        ("项目。", "项目"),
        ("一、一般公共服务支出。", "一、一般公共服务支出"),
        ("，金额", "金额"),
        ("工会经费工会经费", "工会经费"),
        ("某项目。", "某项目。"),  # no entry: the stop may be printed
        ("部门名称：", "部门名称："),
    ],
)
def test_specks_go_where_an_entry_is_left(read: str, label: str) -> None:
    once = without_specks(reading(read), WORDS)
    assert once.text == label
    assert without_specks(once, WORDS) == once


@pytest.mark.parametrize(
    ("read", "label"),
    [
        ("执行率（金额×100%）100%）=76.30%", "执行率（金额×100%）=76.30%"),
        ("二十一、国有资十一、国有资本经营预算支出", "二十一、国有资本经营预算支出"),
        ("某县某局某县某局食堂", "某县某局某县某局食堂"),  # no entry is left: it may be printed
        ("（一）（一）某某单位", "（一）（一）某某单位"),  # the brackets match: it may be printed
        ("完成率100%100%）", "完成率100%100%）"),  # taking one away leaves the bracket
    ],
)
def test_what_was_read_twice_closes_a_bracket_twice(read: str, label: str) -> None:
    assert without_echo(reading(read), WORDS).text == label


@pytest.mark.parametrize(
    ("read", "label"),
    [("产出指标（40分", "产出指标（40分）"), ("效益指标(30分", "效益指标(30分)"), ("满分（10分", "满分（10分")],
)
def test_the_bracket_behind_an_entry_and_its_points_comes_back(read: str, label: str) -> None:
    assert with_bracket(reading(read), WORDS).text == label


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("财预〔2024〕15号", "〔〕"),
        ("因公出国(境)费", "()"),
        ("[281001]某某局", "[]"),
        ("≤320元/人/天", "//"),
        ("三、国防支出", "、"),
        ("共计4,498,600元", ",,"),
        ("共计1,820元", ","),
        ("设备购置、委托业务", ""),  # a comma would do as well
        ("(境", ""),
        ("〔2024", ""),
        ("12,34", ""),
    ],
)
def test_marks_that_the_text_around_them_asks_for(text: str, asked: str) -> None:
    assert "".join(text[i] for i in sorted(asked_for(list(text)))) == asked
