"""Corrections: what is clear is mended, what is not is kept; right labels never change."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from timing import shortest

from cleanup.correct import correct
from cleanup.lexicon import key_of, split_label
from dictionaries.loader import load_dictionary
from dictionaries.types import LabelKind, Scheme, Standing
from document.geometry import Box
from document.types import (
    BlockKind,
    Cell,
    Character,
    Document,
    Meta,
    Origin,
    Page,
    Reading,
    Rule,
    Source,
    Table,
    TextBlock,
    TextLine,
)

DICTIONARY = load_dictionary()
BOX = Box(0, 0, 10, 10)
HEAD = ["科目编码", "科目名称", "合计"]


def read(text: str, doubts: dict[int, tuple[float, tuple[tuple[str, float], ...]]] | None = None) -> TextLine:
    """A line as the recogniser gives it: sure of every character but those in ``doubts``."""
    characters = tuple(
        Character(c, *((doubts or {}).get(i, (0.999, ()))[0:1]), i, i + 1, (doubts or {}).get(i, (0, ()))[1])
        for i, c in enumerate(text)
    )
    return TextLine(text, BOX, 0.99, characters)


def document_of(rows: list[list[str]], year: int = 2024, lines: dict[str, TextLine] | None = None) -> Document:
    cells = tuple(
        Cell(r, c, 1, BOX, Reading(t, t), lines=(lines[t],) if lines and t in lines else ())
        for r, row in enumerate(rows)
        for c, t in enumerate(row)
    )
    table = Table("t1", (1,), len(rows), len(rows[0]), cells)
    return Document(Source("a.pdf", "0" * 64, 1), (), (table,), Meta(year=year))


def text_document(text: str, line: TextLine | None = None) -> Document:
    block = TextBlock("b1", BlockKind.HEADING, (1,), BOX, Reading(text, text), lines=(line,) if line else ())
    return Document(Source("a.pdf", "0" * 64, 1), (), (block,))


def label_after(text: str, line: TextLine | None = None, code: str = "") -> Reading:
    rows = [HEAD, [code, text, "1.00"], ["20106", "财政事务", "1.00"], ["2010601", "行政运行", "1.00"]]
    mended = correct(document_of(rows, lines={text: line} if line else None), DICTIONARY)
    return mended.tables[0].cells[4].reading


@pytest.mark.parametrize(
    ("code", "before", "after"),
    [
        ("2080505", "机关事业单位基本养老保险徼费支出", "机关事业单位基本养老保险缴费支出"),
        ("2101102", "亊业单位医疗", "事业单位医疗"),
        ("20805", "行政亊业单位养老支出", "行政事业单位养老支出"),
        ("2210201", "住房公枳金", "住房公积金"),
    ],
)
def test_the_code_in_the_row_mends_the_name(code: str, before: str, after: str) -> None:
    reading = label_after(before, code=code)
    assert reading.text == after
    assert reading.raw == before
    record = reading.corrections[-1]
    assert (record.rule, record.source) == (Rule.SUBJECT_NAME, DICTIONARY.source)
    assert 0.5 < record.score <= 1


def test_look_alikes_are_mended_without_a_code() -> None:
    assert label_after("年未结转和结余").text == "年末结转和结余"


def test_the_recogniser_is_asked() -> None:
    doubtful = read("木年收入合计", {0: (0.55, (("本", 0.4),))})
    assert label_after("木年收入合计", doubtful).text == "本年收入合计"


def test_a_name_that_is_none_stays() -> None:
    for text in ("咨询费", "手续费", "基层服务能力提升补助", "上年收入合计", "下年结转", "市级财政资金"):
        assert label_after(text, read(text)).text == text


@pytest.mark.parametrize("figure", ["≥1900人次", "≥2000年", "≤12月"])
def test_a_target_is_no_misread_entry(figure: str) -> None:
    doubtful = read(figure, {1: (0.6, (("7", 0.3),))})
    assert not label_after(figure, doubtful).needs_review


def test_the_code_of_a_body_is_no_part_of_its_name() -> None:
    assert split_label("[281001]某某县应急管理局").prefix == "[281001]"
    assert split_label("【281】某某县应急管理局").core == "某某县应急管理局"


def test_code_and_name_that_do_not_fit_are_kept_and_said() -> None:
    reading = label_after("手续费", code="30203")
    assert reading.text == "手续费"
    assert reading.needs_review
    assert "咨询费" in reading.reasons[0]


def test_a_name_cut_short_is_not_made_another_codes_name() -> None:
    line = read("文物际", {0: (0.6, ()), 1: (0.6, ()), 2: (0.2, (("", 0.15), ("牌", 0.05)))})
    reading = label_after("文物际", line, code="30921")
    assert reading.text == "文物际"
    assert "文物和陈列品购置" in reading.reasons[0]


def test_an_enumerator_made_of_a_names_first_character_goes() -> None:
    line = read("1.会经费", {0: (0.79, (("工", 0.12),)), 1: (0.94, (("", 0.05),))})
    assert label_after("1.会经费", line, code="30228").text == "工会经费"


def test_a_name_that_was_mended_finds_its_numeral_again() -> None:
    """一、一般公共… of which both 一 were lost: first the name is known, then its place in the count."""
    names = ["般公共预算财政拨款", "二、政府性基金预算财政拨款", "三、国有资本经营预算财政拨款"]
    doc = document_of([["项目", "金额"], *([name, "1.00"] for name in names)])
    mended = correct(doc, DICTIONARY)
    assert mended.tables[0].cells[2].reading.text == "一、一般公共预算财政拨款"
    assert correct(mended, DICTIONARY) == mended


def test_what_a_body_printed_against_the_standard_is_known() -> None:
    reading = label_after("咨询费", code="30202")
    assert (reading.text, reading.needs_review) == ("咨询费", False)


def test_the_year_chooses_the_name() -> None:
    rows = [HEAD, ["20805", "行政亊业单位离退休", "1.00"], ["2080501", "行政单位离退休", "1.00"]]
    assert correct(document_of(rows, 2018), DICTIONARY).tables[0].cells[4].reading.text == "行政事业单位离退休"


def test_titles_keep_their_year_and_number() -> None:
    document = correct(text_document("表一2023年预箅收支总表"), DICTIONARY)
    block = document.blocks[0]
    assert isinstance(block, TextBlock)
    assert block.reading.text == "表一2023年预算收支总表"


def test_a_lost_mark_after_the_numeral_comes_back() -> None:
    assert label_after("十卫生健康支出").text == "十、卫生健康支出"
    assert label_after("一级指标").text == "一级指标"
    assert label_after("二外交支出").text == "二、外交支出"


SUBJECTS = tuple(s for s in DICTIONARY.subjects if s.standing is Standing.STANDARD and s.years.covers(2024))
LABELS = tuple(x.text for x in DICTIONARY.labels if x.kind in (LabelKind.ROW, LabelKind.COLUMN, LabelKind.FORM))
STRANGERS = "".join(sorted({c for s in SUBJECTS for c in s.name if c.isalpha()}))


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(SUBJECTS), st.data())
def test_garbled_names_come_back_right_or_untouched(subject: object, data: st.DataObject) -> None:
    assert hasattr(subject, "name")
    name, code = subject.name, subject.code  # type: ignore[attr-defined]
    garbled = garble(name, data)
    for beside in (code, ""):
        after = label_after(garbled, read(garbled), beside).text
        assert key_of(after) in {key_of(name), key_of(garbled)}


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(LABELS), st.data())
def test_garbled_labels_come_back_right_or_untouched(label: str, data: st.DataObject) -> None:
    garbled = garble(label, data)
    after = label_after(garbled).text
    assert key_of(after) in {key_of(label), key_of(garbled)}


def garble(text: str, data: st.DataObject) -> str:
    """One to three characters put for others, lost or added."""
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, max(0, len(text) - 1)))
        put = data.draw(st.sampled_from(STRANGERS))
        way = data.draw(st.sampled_from(["put", "lose", "add"]))
        rest = text[at:] if way == "add" else text[at + 1 :]
        text = text[:at] + ("" if way == "lose" else put) + rest
    return text


def test_right_labels_never_change_and_raise_no_flag() -> None:
    rows = [[s.code, s.name, "1.00"] for s in SUBJECTS if s.scheme is Scheme.FUNCTIONAL]
    rows += [[s.code, s.name, "1.00"] for s in SUBJECTS if s.scheme is Scheme.DEPT_ECONOMIC]
    rows += [["", text, "1.00"] for text in LABELS]
    document = document_of([HEAD, *rows])
    assert correct(document, DICTIONARY) == document


def test_what_a_text_layer_says_is_printed() -> None:
    rows = [HEAD, ["2101102", "亊业单位医疗", "1.00"], ["20305", "行政事业单位养老支出", "1.00"]]
    document = document_of(rows)
    printed = replace(document, pages=(Page(1, Origin.TEXT_LAYER, 100, 100),))
    assert correct(printed, DICTIONARY) == printed
    assert correct(document, DICTIONARY) != document


def test_correction_is_idempotent() -> None:
    rows = [HEAD, ["20805", "行政亊业单位养老支出", "1.00"], ["30203", "手续费", "1.00"], ["", "年未结余", ""]]
    once = correct(document_of(rows), DICTIONARY)
    assert correct(once, DICTIONARY) == once


def test_ten_thousand_labels_take_under_two_seconds() -> None:
    many = tuple(
        replace(s, code=f"{s.code[:3]}{i % 100:02d}", name=f"{s.name}第{i}类") for i in range(9) for s in SUBJECTS
    )[:4000]
    rows = [["", f"{SUBJECTS[i % len(SUBJECTS)].name[:-1]}{chr(0x4E00 + i)}", ""] for i in range(10_000)]
    document = document_of([HEAD, *rows])
    versions = itertools.count()

    def corrected() -> None:
        """With a dictionary that nothing is remembered of."""
        correct(document, replace(DICTIONARY, subjects=(*DICTIONARY.subjects, *many), version=str(next(versions))))

    assert shortest(corrected, 2.0, tries=20) < 2.0


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("三、支出决算表....5", ("三、", "支出决算表", "....5")),
        ("第一部分 概况", ("第一部分 ", "概况", "")),
        ("（一）行政单位", ("（一）", "行政单位", "")),
        ("1.副部（省）级及以上领导用车", ("1.", "副部（省）级及以上领导用车", "")),
        ("表十二2025年项目支出预算表（本年预算）", ("表十二", "2025年项目支出预算表（本年预算）", "")),
        ("一般公共预算", ("", "一般公共预算", "")),
    ],
)
def test_labels_are_split(text: str, parts: tuple[str, str, str]) -> None:
    found = split_label(text)
    assert (found.prefix, found.core, found.suffix) == parts


@pytest.mark.parametrize(
    ("text", "probability", "expected"),
    [
        ("1住房公积金", 0.31, "住房公积金"),
        ("4公务接待费", 0.21, "公务接待费"),
        ("二、政府性基金预算1", 0.4, "二、政府性基金预算"),
        ("1住房公积金", 0.8, "1住房公积金"),
    ],
)
def test_a_stroke_beside_a_known_name_goes_only_where_the_recogniser_was_far_from_sure(
    text: str, probability: float, expected: str
) -> None:
    at = 0 if text[0].isdigit() else len(text) - 1
    line = read(text, {at: (probability, (("l", 0.1),))})
    document = document_of([HEAD, ["", text, "1.00"]], lines={text: line})
    reading = correct(document, DICTIONARY).tables[0].cells[4].reading
    assert reading.text == expected
    assert reading.needs_review == (expected == text)  # what stays is said


def test_an_enumerator_that_was_read_surely_stays() -> None:
    line = read("1公务用车购置费")
    document = document_of([HEAD, ["", line.text, "1.00"]], lines={line.text: line})
    assert correct(document, DICTIONARY).tables[0].cells[4].reading.text.startswith("1")


def test_two_unsure_characters_are_not_cut_off_to_make_another_entry() -> None:
    doubts = {4: (0.17, (("", 0.13),)), 5: (0.35, (("", 0.29),))}
    line = read("本年支出货计", doubts)
    document = document_of([HEAD, ["", line.text, "1.00"]], lines={line.text: line})
    reading = correct(document, DICTIONARY).tables[0].cells[4].reading
    assert reading.text in ("本年支出货计", "本年支出合计")
    assert reading.needs_review or reading.text == "本年支出合计"


def test_a_numeral_of_which_only_the_mark_was_read_is_said() -> None:
    found = label_after("、机关运行经费")
    assert (found.needs_review, found.reasons) == (True, ("“、”前的编号没有读出",))
    assert not label_after("机关运行经费").needs_review
    assert label_after("一、机关运行经费").text == "一、机关运行经费"


def test_a_word_with_a_speck_in_a_column_of_amounts_is_no_debris() -> None:
    """合计. in a head that runs into the body: what is left without the speck is an entry."""
    rows = [["科目名称", "预算数"], ["教育支出", "1.00"], ["国防支出", "2.00"], ["外交支出", "3.00"], ["", "合计."]]
    document = replace(document_of(rows), pages=(Page(1, Origin.SCAN, 100, 100),))
    assert correct(document, DICTIONARY).tables[0].cells[-1].reading.text == "合计"
