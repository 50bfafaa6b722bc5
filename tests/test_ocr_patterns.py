"""What lines of public accounts look like, by examples of each kind and of what only resembles it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr import patterns


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("第一部分 部门概况", 1),
        ("第十二章 附则", 1),
        ("二、收入情况", 2),
        ("十五、商业服务业等支出", 2),
        ("（三）机关运行经费", 3),
        ("(三)机关运行经费", 3),
        ("4.政府采购情况", 4),
        ("4、政府采购情况", 4),
        ("（5）其他", 5),
        ("③其他", 5),
        ("4.50 万元", None),  # an amount
        ("一般公共预算", None),
        ("第三季度", None),
        ("2024年度", None),
    ],
)
def test_enumerators(text: str, level: int | None) -> None:
    assert patterns.enumerator_level(text) == level


@pytest.mark.parametrize(
    ("text", "entry", "page"),
    [
        ("第一部分 部门概况............3", "第一部分 部门概况", 3),
        ("一、主要职责……………… 12", "一、主要职责", 12),
        ("二、机构设置······（5）", "二、机构设置", 5),
        ("三、收支总表......ii", "三、收支总表", None),
        ("部门概况", "部门概况", None),
        ("2024年收支总表 ______ 7", "2024年收支总表", 7),
    ],
)
def test_entries_of_a_table_of_contents(text: str, entry: str, page: int | None) -> None:
    assert patterns.split_toc_entry(text) == (entry, page)


@pytest.mark.parametrize(
    "text", ["3", "- 3 -", "— 12 —", "第3页 共10页", "第 3 页", "3/10", "iii", "·5·", "-6一", "一 7 一"]
)
def test_page_numbers(text: str) -> None:
    assert patterns.is_page_number(text)


@pytest.mark.parametrize("text", ["3.5", "第3部分", "2024年", "合计", "1,614.72", "3" * 50, "一3", "一"])
def test_no_page_numbers(text: str) -> None:
    assert not patterns.is_page_number(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("公开01表", "公开01表"),
        ("预算公开表3", "预算公开表3"),
        ("预算公开 01 表", "预算公开01表"),
        ("附表2", "附表2"),
        ("财决公开05表", "财决公开05表"),
        ("表一：收支总表", "表一"),
        ("收支总表", None),
        ("按表3所列", None),
    ],
)
def test_numbers_of_tables(text: str, number: str | None) -> None:
    assert patterns.table_number(text) == number


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("单位：万元", "万元"),
        ("金额单位:元", "元"),
        ("单 位 ： 亿元", "亿元"),
        ("单位：人民币万元", "万元"),
        ("单位：千元", "千元"),
        ("编制单位：财政局", None),
        ("预算安排万元", None),
    ],
)
def test_units(text: str, unit: str | None) -> None:
    assert patterns.unit(text) == unit


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("部门名称：石桥县水利局", "石桥县水利局"),
        ("编制单位: 石桥县水利局", "石桥县水利局"),
        ("部门（单位）名称：石桥县水利局", "石桥县水利局"),
        ("填报单位：石桥县水利局 单位：万元", "石桥县水利局"),
        ("单位：万元", None),
        ("部门职责：负责水利", None),
    ],
)
def test_entities(text: str, body: str | None) -> None:
    assert patterns.entity(text) == body


def test_years_notes_titles_and_ends() -> None:
    assert patterns.year("2024年度部门决算") == 2024
    assert patterns.year("1999年") is None
    assert patterns.is_note("注：本表反映收支")
    assert not patterns.is_note("注意事项")
    assert patterns.is_table_title("一般公共预算支出表（不含上年结转）")
    assert not patterns.is_table_title("代表建议")
    assert patterns.is_toc_title("目  录")
    assert patterns.ends_sentence("共计12万元。”")
    assert not patterns.ends_sentence("共计12万元")
    assert patterns.is_caption("2024年度")
    assert not patterns.is_caption("2024年度部门决算情况")


@given(st.text(max_size=3000))
def test_any_text_has_an_answer(text: str) -> None:
    """Hostile lines cost little and raise nothing; plain text stays so."""
    once = patterns.plain(text)
    assert patterns.plain(once) == once
    assert len(patterns.split_toc_entry(text)[0]) <= len(text)
    for ask in (patterns.unit, patterns.entity, patterns.table_number, patterns.enumerator_level, patterns.year):
        ask(text)  # type: ignore[operator]
    assert patterns.is_page_number(text) in (True, False)
