"""Codes mended from name and tree, signs that lost their bar, and a document's own names."""

from __future__ import annotations

import pytest

from cleanup.correct import correct
from dictionaries.loader import load_dictionary
from document.geometry import Box
from document.types import (
    BlockKind,
    Cell,
    Character,
    Document,
    Meta,
    Reading,
    Rule,
    Source,
    Table,
    TextBlock,
    TextLine,
)

DICTIONARY = load_dictionary()
BOX = Box(0, 0, 10, 10)
Doubts = dict[str, tuple[int, str, float]]
"""Text of a cell → (position, other character, its probability)."""


def line(text: str, doubts: Doubts) -> TextLine:
    at, other, chance = doubts.get(text, (-1, "", 0.0))
    return TextLine(
        text,
        BOX,
        0.99,
        tuple(
            Character(c, 1 - chance, i, i + 1, ((other, chance),)) if i == at else Character(c, 0.999, i, i + 1)
            for i, c in enumerate(text)
        ),
    )


def corrected(rows: list[list[str]], doubts: Doubts | None = None) -> list[list[Reading]]:
    cells = tuple(
        Cell(r, c, 1, BOX, Reading(t, t), lines=(line(t, doubts or {}),))
        for r, row in enumerate(rows)
        for c, t in enumerate(row)
    )
    table = Table("t1", (1,), len(rows), len(rows[0]), cells)
    document = Document(Source("a.pdf", "0" * 64, 1), (), (table,), Meta(year=2024))
    once = correct(document, DICTIONARY)
    assert correct(once, DICTIONARY) == once
    found = once.tables[0].cells
    return [[found[r * len(rows[0]) + c].reading for c in range(len(rows[0]))] for r in range(len(rows))]


def codes(*rows: tuple[str, str], doubts: Doubts | None = None) -> list[str]:
    table = [["科目编码", "科目名称"], *map(list, rows)]
    return [row[0].text for row in corrected(table, doubts)[1:]]


def test_letters_in_a_code_are_digits() -> None:
    assert codes(("2O1", "一般公共服务支出"), ("201 06", "财政事务"), ("20l0601", "行政运行")) == [
        "201",
        "20106",
        "2010601",
    ]


def test_a_code_with_a_point_that_nothing_mends_is_doubted() -> None:
    read = ["合计", "2080505", "2080.06", "2080599", "2101101", "2210201"]
    found = [row[0] for row in corrected([["科目编码", "科目名称"], *([code, f"甲{code}"] for code in read)])[1:]]
    assert [(r.text, r.needs_review) for r in found] == [(code, code == "2080.06") for code in read]


def test_a_part_of_a_code_with_a_lost_digit_is_doubted() -> None:
    """Under 类 款 项 a code stands in parts of three, two and two digits, or each as far as its part."""
    parts = [
        ["205", "", ""],
        ["205", "01", ""],
        ["2O5", "O1", "01"],
        ["5", "01", "99"],
        ["205", "03", "2"],
        ["210", "11", "02"],
    ]
    rows = [["类", "款", "项", "科目名称"], *([*part, f"甲{n}"] for n, part in enumerate(parts))]
    found = [row[:3] for row in corrected(rows)[1:]]
    assert [r.text for r in found[2]] == ["205", "01", "01"]
    assert [(n, r.text) for n, row in enumerate(found) for r in row if r.needs_review] == [(3, "5"), (4, "2")]
    full = [["类", "款", "项", "科目名称"], *([c[:3], c[:5], c, "甲"] for c in ("2050101", "2050102", "2060101"))]
    assert not any(r.needs_review for row in corrected(full) for r in row)


def test_name_and_tree_mend_a_code() -> None:
    found = codes(
        ("208", "社会保障和就业支出"),
        ("20305", "行政事业单位养老支出"),
        ("2080505", "机关事业单位基本养老保险缴费支出"),
    )
    assert found == ["208", "20805", "2080505"]


def test_a_child_outside_its_parent_is_mended() -> None:
    found = codes(("210", "卫生健康支出"), ("21011", "行政事业单位医疗"), ("2701102", "事业单位医疗"))
    assert found == ["210", "21011", "2101102"]


def test_a_doubtful_digit_is_mended() -> None:
    doubts: Doubts = {"2101107": (6, "2", 0.4)}
    rows = (("210", "卫生健康支出"), ("21011", "行政事业单位医疗"), ("2101107", "事业单位医疗"))
    assert codes(*rows, doubts=doubts)[-1] == "2101102"
    assert codes(*rows)[-1] == "2101107"


def test_codes_unknown_to_the_dictionary_stay() -> None:
    rows = (("201", "一般公共服务支出"), ("20136", "其他共产党事务支出"), ("2013601", "行政运行"))
    assert codes(*rows) == [r[0] for r in rows]


def test_non_standard_pairs_stay() -> None:
    rows = (("302", "商品和服务支出"), ("30202", "咨询费"), ("30203", "水费"), ("30204", "电费"))
    found = corrected([["科目编码", "科目名称"], *map(list, rows)])
    assert [(a.text, b.text) for a, b in found[1:]] == list(rows)


@pytest.mark.parametrize(("chance", "after"), [(0.21, "≥91%"), (0.4, "≥91%"), (0.001, ">91%")])
def test_a_lost_bar_comes_back_where_the_recogniser_nearly_read_it(chance: float, after: str) -> None:
    rows = [["指标", "指标值"], ["甲", "≥95%"], ["乙", "≤5天"], ["丙", "≥9次"], ["丁", ">91%"]]
    assert corrected(rows, {">91%": (0, "≥", chance)})[4][1].text == after


def test_a_printed_greater_than_stays() -> None:
    rows = [["指标", "指标值"], ["甲", ">95%"], ["乙", ">5天"], ["丙", ">9次"], ["丁", ">91%"]]
    assert corrected(rows, {">91%": (0, "≥", 0.2)})[4][1].text == ">91%"


def test_nine_good_names_mend_one_misread() -> None:
    name, misread = "临江区水利工程管理站", "临汀区水利工程管理站"
    rows = [["项目名称", "金额"], *([name, "1.00"] for _ in range(4)), [misread, "2.00"]]
    doubts: Doubts = {misread: (1, "江", 0.3)}
    reading = corrected(rows, doubts)[5][0]
    assert (reading.text, reading.raw) == (name, misread)
    assert (reading.corrections[-1].rule, reading.corrections[-1].source) == (Rule.PHRASE, "document")


def test_names_that_only_look_alike_stay() -> None:
    rows = [["项目名称", "金额"], *(["南岸街道第一小学", "1.00"] for _ in range(5)), ["南岸街道第二小学", "2.00"]]
    assert corrected(rows)[6][0].text == "南岸街道第二小学"


def test_the_name_after_a_caption_is_mended() -> None:
    name = "部门名称：临江区水利工程管理站"
    misread = name.replace("江", "汀")
    blocks = tuple(
        TextBlock(f"b{i}", BlockKind.PARAGRAPH, (1,), BOX, Reading(t, t), lines=(line(t, {misread: (6, "江", 0.3)}),))
        for i, t in enumerate([name, name, name, misread])
    )
    document = Document(Source("a.pdf", "0" * 64, 1), (), blocks)
    last = correct(document, DICTIONARY).blocks[-1]
    assert isinstance(last, TextBlock)
    assert last.reading.text == name


GOODS = (
    ("302", "商品和服务支出"),
    ("30201", "办公费"),
    ("30202", "印刷费"),
    ("30211", "差旅费"),
    ("30212", "因公出国（境）费用"),
    ("30213", "维修（护）费"),
    ("30215", "会议费"),
)


@pytest.mark.parametrize(
    ("at", "misread"), [(1, "epe"), (2, "02"), (3, "3021"), (4, "212"), (4, "30202"), (5, "302131")]
)
def test_a_code_that_cannot_be_read_is_known_from_its_name_and_its_place(at: int, misread: str) -> None:
    rows = [*GOODS[:at], (misread, GOODS[at][1]), *GOODS[at + 1 :]]
    assert codes(*rows) == [code for code, _ in GOODS]


def test_a_printed_pair_that_is_not_standard_stays_where_it_is_in_order() -> None:
    rows = [*GOODS[:3], ("30207", "差旅费"), *GOODS[4:]]
    assert codes(*rows) == ["302", "30201", "30202", "30207", "30212", "30213", "30215"]


def test_a_blank_beside_a_name_or_a_code_is_said_not_filled() -> None:
    rows = [["科目编码", "科目名称"], *map(list, GOODS[:2]), ["", "印刷费"], *map(list, GOODS[3:])]
    blank = corrected(rows)[3][0]
    assert (blank.text, blank.reasons) == ("", ("编码空缺，按名称和次序应为30202",))
    rows = [["科目编码", "科目名称"], *map(list, GOODS[:4]), ["30212", ""], *map(list, GOODS[5:])]
    blank = corrected(rows)[5][1]
    assert blank.text == ""
    assert "因公出国（境）费用" in blank.reasons[0]


def test_a_blank_first_code_is_said_by_the_code_below_it() -> None:
    rows = [["科目编码", "科目名称", "金额"], *([code, name, "1.00"] for code, name in GOODS)]
    rows[1][0] = ""
    blank = corrected(rows)[1][0]
    assert (blank.text, blank.reasons) == ("", ("编码空缺，按名称和次序应为302",))


def test_a_name_that_was_mended_mends_its_code() -> None:
    rows = [["科目编码", "科目名称"], *map(list, GOODS[:4]), ["3212", "因公出国(境)费用"], *map(list, GOODS[5:])]
    assert corrected(rows)[5][0].text == "30212"


@pytest.mark.parametrize(
    ("left", "right", "code", "name"),
    [
        ("3021", "3 维修（护）费", "30213", "维修（护）费"),
        ("3022", "24 被装购置费", "30224", "被装购置费"),  # the 2 was read on both sides
        ("3021", "-8 专用材料费", "30218", "专用材料费"),
    ],
)
def test_a_code_cut_by_the_line_between_two_cells_is_joined(left: str, right: str, code: str, name: str) -> None:
    rows = [["科目编码", "科目名称"], ["30201", "办公费"], [left, right], ["30231", "公务用车运行维护费"]]
    assert [reading.text for reading in corrected(rows)[2]] == [code, name]


def test_a_digit_before_a_name_that_is_not_the_codes_is_left() -> None:
    rows = [["科目编码", "科目名称"], ["30201", "办公费"], ["3021", "5 公务接待费"], ["30231", "公务用车运行维护费"]]
    assert corrected(rows)[2][0].text == "3021"


def test_a_name_of_which_only_the_end_was_read_is_known_from_its_code_and_said() -> None:
    rows = [["科目编码", "科目名称"], ["208", "出"], ["20805", "支出"], ["210", "卫生"], ["212", "管理事务"]]
    found = [row[1] for row in corrected(rows)[1:]]
    names = ["社会保障和就业支出", "行政事业单位养老支出", "卫生", "管理事务"]
    assert [reading.text for reading in found] == names
    assert found[0].needs_review
    assert "208" in found[0].reasons[0]


@pytest.mark.parametrize(("read", "target"), [("≥17次1年", "≥17次/年"), ("300元l人", "300元/人"), ("11年", "11年")])
def test_a_one_between_two_units_is_a_stroke(read: str, target: str) -> None:
    rows = [["三级指标", "指标值"], ["培训次数", read], ["培训人数", "≥30人"]]
    assert corrected(rows)[1][1].text == target
