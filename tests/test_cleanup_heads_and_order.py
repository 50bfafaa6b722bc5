"""Heads that repeat over lists side by side, and classes in the order of their codes: what a place says of a label."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanup.class_order import names_by_order
from cleanup.correct import correct
from cleanup.lexicon import lexicon
from cleanup.periodic_heads import mend_heads
from cleanup.table_roles import table_roles
from dictionaries.loader import load_dictionary
from document.geometry import Box
from document.types import Cell, Character, Document, Meta, Reading, Source, Table, TextLine

DICTIONARY = load_dictionary()
WORDS = lexicon(DICTIONARY, 2024)
HEADS = ("科目编码", "科目名称", "决算数")


def table_of(rows: list[list[str]]) -> Table:
    cells = tuple(
        Cell(r, c, 1, Box(0, 0, 1, 1), Reading(t, t)) for r, row in enumerate(rows) for c, t in enumerate(row)
    )
    return Table("t", (1,), len(rows), len(rows[0]), cells)


def heads_after(*texts: str) -> list[str]:
    body = [["30201", "办公费", "1.00"] * (len(texts) // 3)]
    table = table_of([list(texts), *body])
    mended = mend_heads(table, table_roles(table), WORDS)
    assert mend_heads(mended, table_roles(mended), WORDS) == mended
    return [c.reading.text for c in mended.cells[: len(texts)]]


def test_a_misread_head_is_what_the_others_of_its_place_are() -> None:
    assert heads_after("科目编码", "科名称", "决球教", *HEADS, "科编码", "科目名称", "决算数") == [*HEADS] * 3


@pytest.mark.parametrize(
    "heads",
    [
        ("科目编码", "科名称", "决算数", "科目编码", "科称", "决算数"),  # no list says what it is
        ("收入", "预算数", "支出", "预算数", "其他", "说明"),  # nothing repeats
        (*HEADS, "经办人员", "所在科室", "联系电话"),
    ],
)
def test_heads_that_no_other_list_has_stay(heads: tuple[str, ...]) -> None:
    assert tuple(heads_after(*heads)) == heads


@settings(max_examples=40)
@given(st.lists(st.sampled_from((*HEADS, "预算数", "某列", "")), min_size=6, max_size=6))
def test_known_heads_never_change(heads: list[str]) -> None:
    after = heads_after(*heads)
    assert all(a == b for a, b in zip(heads, after, strict=True) if not b or WORDS.is_known(a))


CLASSES = ["十、节能环保支出", "十一、城线社区支出", "十二、农林水支出"]


def test_a_place_between_two_classes_has_one_name() -> None:
    table = table_of([["项目", "决算数"], *([label, "1.00"] for label in CLASSES)])
    assert names_by_order(table, WORDS) == {(2, 0): "城乡社区支出"}
    assert corrected(table) == "十一、城乡社区支出"
    alone = table_of([["项目", "决算数"], *([x, "1.00"] for x in ("本年支出", CLASSES[1], "其他"))])
    assert corrected(alone) == CLASSES[1]


def corrected(table: Table) -> str:
    """The fifth cell's text after the correction, where the recogniser was unsure of its fifth character."""
    text = table.cells[4].reading.text
    characters = tuple(Character(c, 0.7 if i == 4 else 0.999, i, i + 1) for i, c in enumerate(text))
    line = TextLine(text, Box(0, 0, 1, 1), 0.9, characters)
    cells = (*table.cells[:4], replace(table.cells[4], lines=(line,)), *table.cells[5:])
    document = Document(Source("a.pdf", "0" * 64, 1), (), (replace(table, cells=cells),), Meta(year=2024))
    return correct(document, DICTIONARY).tables[0].cells[4].reading.text


def test_a_name_of_another_kind_in_that_place_stays() -> None:
    """The place alone is no proof: the text must be like the name."""
    table = table_of([["项目", "决算数"], *([x, "1.00"] for x in (CLASSES[0], "十一、应急物资周转", CLASSES[2]))])
    document = Document(Source("a.pdf", "0" * 64, 1), (), (table,), Meta(year=2024))
    assert correct(document, DICTIONARY).tables[0].cells[4].reading.text == "十一、应急物资周转"


def test_a_gap_that_does_not_fit_says_nothing() -> None:
    rows = [["项目", "决算数"], ["教育支出", "1.00"], ["城线社区支出", "1.00"], ["农林水支出", "1.00"]]
    assert names_by_order(table_of(rows), WORDS) == {}


# labels that towns print and no dictionary has; some are near an entry
PRINTED = (
    "农村综合改革转移支付", "村级公益事业奖补", "城镇排水管网养护", "社区网格员补贴", "乡村振兴衔接资金",
    "退役军人优待证制作", "学前教育普惠补助", "基本养老服务补贴", "公益性岗位补贴", "就业见习补贴",
    "大气污染防治奖补", "河湖长制工作经费", "老旧小区改造配套", "政务服务中心运行费", "医疗救助配套资金",
    "会议中心运维费", "办公用房租金", "公务接待中心经费", "住房公积金中心业务费", "行政运行补助经费",
    "其他卫生健康事务", "事业单位绩效增量", "机关事业单位职业年金做实", "基本医疗保险财政补助",
)  # fmt: skip


@pytest.mark.parametrize("label", PRINTED)
def test_what_towns_print_beyond_the_dictionary_stays(label: str) -> None:
    rows = [["科目名称", "决算数"], ["行政运行", "1.00"], [label, "2.00"], ["事业运行", "3.00"]]
    document = Document(Source("a.pdf", "0" * 64, 1), (), (table_of(rows),), Meta(year=2024))
    assert correct(document, DICTIONARY).tables[0].cells[4].reading.text == label


def test_amounts_whose_commas_were_read_as_points_are_no_codes() -> None:
    """A fax shows 31,490.40 as 31.490.40: seven digits that begin with a 3, as a code of 支出经济分类 does."""
    rows = [["项目", "预算数", "项目", "预算数"]]
    rows += [
        ["一、一般公共预算", "30.418.89", "一、教育支出", "1.227.04"],
        ["二、事业收入", "2,077.01", "二、其他", ""],
    ]
    rows += [["本年收入合计", "31.490.40", "本年支出合计", "32.555.29"], ["收入总计", "32.555.29", "总计", "32.555.29"]]
    assert table_roles(table_of(rows)).code_columns == frozenset()
    assert table_roles(table_of([["科目编码", "名称"], ["20.805.05", "甲"], ["20.805.06", "乙"]])).code_columns == {0}
