"""Text and number rules: hand-made cases, idempotence on any text, negative controls."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanup.correct import correct
from cleanup.debris import is_stray, number_in_debris
from cleanup.numbers import (
    NumberStyle,
    NumberText,
    clean_numbers,
    looks_like_number,
    number_style,
    repair_number,
    repair_prose_numbers,
)
from cleanup.signs import mend_percents
from cleanup.text import clean_reading, clean_texts, text_rules
from dictionaries.loader import load_dictionary
from document.amounts import parse_amount
from document.geometry import Box
from document.types import (
    BlockKind,
    Cell,
    Character,
    Document,
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
TWO_DECIMALS = NumberStyle(decimals=2, separators=True)
ALPHABET = "合计一般公共预算支出目录第部分（）(),:;，：。 \u3000\t\u200b0１２3Ａb.％軍單⼀"


def cleaned(text: str, in_cell: bool = False) -> str:
    return clean_reading(Reading(text, text), text_rules(DICTIONARY, in_cell=in_cell)).text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("第一部分  概况", "第一部分 概况"),
        ("目 录", "目 录"),
        ("单位:万元", "单位：万元"),
        ("一般 公共\u3000预算", "一般公共预算"),
        ("2024 年度 (万元),占83.56%", "2024年度（万元），占83.56%"),
        ("因公出国(境)费", "因公出国（境）费"),
        ("（２）ＰＣ服务器", "（2）PC服务器"),
        ("财政財力", "财政财力"),
        ("⼀般公共\u200b预算", "一般公共预算"),
        ("1,234", "1,234"),
        ("Office (x64), one", "Office (x64), one"),
    ],
)
def test_text_rules(before: str, after: str) -> None:
    assert cleaned(before) == after


def test_a_label_set_wide_is_closed_up_in_a_cell_only() -> None:
    assert cleaned("合 计", in_cell=True) == "合计"
    assert cleaned("目 录") == "目 录"


@given(st.text(alphabet=ALPHABET, max_size=30))
def test_rules_are_idempotent(text: str) -> None:
    for in_cell in (False, True):
        once = cleaned(text, in_cell)
        assert cleaned(once, in_cell) == once


@given(st.text(max_size=30))
def test_each_rule_is_idempotent_on_any_text(text: str) -> None:
    for rule in text_rules(DICTIONARY):
        once = rule.apply(text)
        assert rule.apply(once) == once


def test_each_change_is_recorded_and_raw_stays() -> None:
    reading = clean_reading(Reading("合 计:", "合 计:"), text_rules(DICTIONARY, in_cell=True))
    assert reading.raw == "合 计:"
    assert [c.rule for c in reading.corrections] == [Rule.WHITE_SPACE, Rule.WIDTH]
    assert reading.corrections[0].before == reading.raw
    assert reading.corrections[-1].after == reading.text


def table_of(rows: list[list[str]]) -> Table:
    cells = tuple(
        Cell(r, c, 1, Box(c * 50, r * 20, c * 50 + 50, r * 20 + 20), Reading(text, text))
        for r, row in enumerate(rows)
        for c, text in enumerate(row)
    )
    return Table("t1", (1,), len(rows), len(rows[0]), cells)


def document_of(*tables: Table) -> Document:
    return Document(Source("a.pdf", "0" * 64, 1), (), tables)


def test_a_document_in_traditional_characters_is_left_alone() -> None:
    document = document_of(table_of([["財政撥款預算總額"], ["軍隊費用"]]))
    assert clean_texts(document, DICTIONARY) == document


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("820. 66", "820.66"),
        ("820,66", "820.66"),
        ("1,614.45", "1,614.45"),
        ("1.614.45", "1,614.45"),
        ("８２０．６６", "820.66"),
        ("82O.66", "820.66"),
        ("l2.30", "12.30"),
        ("820.66.", "820.66"),
        ("一12.30", "-12.30"),
        ("－12.30", "-12.30"),
        ("９５％", "95%"),
    ],
)
def test_numbers_are_repaired(before: str, after: str) -> None:
    repaired = repair_number(before, TWO_DECIMALS)
    assert repaired is not None
    assert (repaired.text, repaired.doubt) == (after, None)


@pytest.mark.parametrize("text", ["", "一", "合计", "≥95%", "2024.4.18", "0489-7444706", "3次/年", "IO", "GB"])
def test_what_is_no_number_stays(text: str) -> None:
    assert repair_number(text, TWO_DECIMALS) is None


def test_what_cannot_be_known_is_said_not_invented() -> None:
    for text in ("820,66", "1,2", "12.3.4"):
        repaired = repair_number(text, NumberStyle())
        assert repaired is not None
        assert repaired.text == text
        assert repaired.doubt
    lost_point = repair_number("82066", TWO_DECIMALS)
    assert lost_point is not None
    assert lost_point.text == "82066"
    assert lost_point.doubt


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2), st.booleans())
def test_printed_numbers_keep_their_text_and_value(value: object, separators: bool) -> None:
    printed = f"{value:,}" if separators else f"{value}"
    repaired = repair_number(printed, TWO_DECIMALS)
    assert repaired is not None
    assert (repaired.text, repaired.doubt) == (printed, None)
    amount = parse_amount(printed)
    assert amount is not None
    assert amount.value == value


@given(st.text(alphabet="0123456789.,，。OlIS-一% ", max_size=20))
def test_number_repair_is_idempotent(text: str) -> None:
    for style in (TWO_DECIMALS, NumberStyle()):
        once = repair_number(text, style)
        if once is not None:
            twice = repair_number(once.text, style)
            assert twice is not None
            assert twice.text == once.text


@given(st.text(max_size=60))
def test_any_text_is_safe_to_ask(text: str) -> None:
    looks_like_number(text)
    parse_amount(text)


def test_style_needs_agreement() -> None:
    assert number_style(["1.20", "3.40", "1,000.00", "2.00", "9.99"]) == NumberStyle(2, None)
    assert number_style(["1.20", "3", "4.5", "2.00", "9.99"]).decimals is None
    assert number_style(["1.20"]).decimals is None


def test_codes_and_line_numbers_have_no_amount() -> None:
    rows = [
        ["科目编码", "科目名称", "行次", "合计"],
        ["201", "一般公共服务支出", "1", "1,820. 66"],
        ["20106", "财政事务", "2", "820,66"],
        ["2010601", "行政运行", "3", "820.66"],
        ["2010650", "事业运行", "4", "1,000.00"],
        ["2010699", "其他财政事务支出", "5", ""],
    ]
    rows += [["20107", "税收事务", "6", "0.50"], ["20108", "审计事务", "7", "12.00"]]
    table = clean_numbers(document_of(table_of(rows))).tables[0]
    amounts = {(c.row, c.col): c.amount for c in table.cells if c.amount}
    assert amounts == {(1, 3): "1820.66", (2, 3): "820.66", (3, 3): "820.66", (4, 3): "1000.00"} | {
        (6, 3): "0.50",
        (7, 3): "12.00",
    }
    assert table.cells[7].reading.text == "1,820.66"
    assert table.cells[7].reading.raw == "1,820. 66"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("收入总计1，671.21万元，支出", "收入总计1,671.21万元，支出"),
        ("预算收入2.013.30万元，主要", "预算收入2,013.30万元，主要"),
        ("支出820. 66万元。", "支出820.66万元。"),
        ("占比84。23%；", "占比84.23%；"),
        ("编制5，100人次", "编制5,100人次"),
        ("2024.4.18公开，共3，4辆", "2024.4.18公开，共3，4辆"),
        ("第1.2节", "第1.2节"),
    ],
)
def test_numbers_in_prose(before: str, after: str) -> None:
    assert repair_prose_numbers(before) == after


@given(st.text(alphabet="0123456789.，, ．。万元%占", max_size=24))
def test_prose_repair_keeps_the_digits_and_is_idempotent(text: str) -> None:
    once = repair_prose_numbers(text)
    assert repair_prose_numbers(once) == once
    assert [c for c in once if c.isdigit()] == [c for c in text if c.isdigit()]


def swept(*column: str, origin: Origin = Origin.SCAN) -> list[str]:
    rows = [["科目名称", "合计"], *([f"第{i}项支出", text] for i, text in enumerate(column))]
    document = replace(document_of(table_of(rows)), pages=(Page(1, origin, 100, 100),))
    after = correct(clean_numbers(document), DICTIONARY)
    return [c.reading.text for c in after.tables[0].cells if c.col == 1][1:]


def test_debris_goes_from_a_column_of_amounts() -> None:
    column = ("1.00", "不27,664.22", "不", "20.00", "A内965.87比", "3.50K", "X公", "小计")
    assert swept(*column) == ["1.00", "27,664.22", "", "20.00", "965.87", "3.50", "", "小计"]


def test_what_is_printed_in_a_column_of_amounts_stays() -> None:
    column = ("1.00", "2.00元", "无", "3.00", "—", "4.00", "≥5.00", "另见附表说明")
    assert swept(*column) == [*column]


def test_a_column_of_words_is_not_swept() -> None:
    column = ("甲", "不", "是", "1.00", "乙方单位", "丙方单位", "27,664.22不")
    assert swept(*column) == [*column]


def test_a_text_layer_is_not_swept() -> None:
    column = ("1.00", "2.00", "3.00", "不4.00", "公")
    assert swept(*column, origin=Origin.TEXT_LAYER) == [*column]


@given(st.text(max_size=12))
def test_a_sweep_only_takes_away(text: str) -> None:
    number = number_in_debris(text)
    assert number is None or (number in "".join(text.split()) and parse_amount(number) is not None)
    assert not (is_stray(text) and any(c.isdigit() for c in text))


def in_pieces(*pieces: str, others: tuple[str, ...] = ("1.20", "30.45", "6.07", "812.00", "44.50")) -> Reading:
    """The reading of an amount that was read in pieces, one over the other, among other amounts."""
    text = "".join(pieces)
    lines = tuple(TextLine(p, Box(0, 10 * i, 20, 10 * i + 9), 0.99) for i, p in enumerate(pieces))
    table = table_of([["项目", "金额"], *([["工资", o] for o in others]), ["水费", text]])
    cells = (*table.cells[:-1], replace(table.cells[-1], lines=lines))
    return clean_numbers(document_of(replace(table, cells=cells))).tables[0].cells[-1].reading


def test_a_number_in_two_pieces_is_said_unless_it_ends_as_the_others_do() -> None:
    assert in_pieces("72", "37").needs_review
    assert in_pieces("72", "37", others=("1", "2")).needs_review  # too few amounts to have a form
    broken = in_pieces("1,516,828.5", "0")
    assert (broken.text, broken.needs_review) == ("1,516,828.50", False)


def test_three_digits_after_commas_and_a_point_are_never_silent() -> None:
    for style in (TWO_DECIMALS, NumberStyle(decimals=0), NumberStyle()):
        number = repair_number("8,374.800", style)
        assert number is not None
        assert (number.text, bool(number.doubt)) == ("8,374.800", True)


def test_points_between_all_groups_are_commas_where_amounts_are_whole() -> None:
    for style in (NumberStyle(decimals=0), NumberStyle()):
        assert repair_number("8.374.800", style) == NumberText("8,374,800")
    doubted = repair_number("8.374.800", TWO_DECIMALS)
    assert doubted is not None
    assert (doubted.text, bool(doubted.doubt)) == ("8,374,800", True)


@pytest.mark.parametrize("text", ["72 37", "1 234 567", "7 237"])
def test_a_space_inside_a_number_is_never_silent(text: str) -> None:
    for style in (TWO_DECIMALS, NumberStyle()):
        number = repair_number(text, style)
        assert number is not None
        assert number.doubt


def test_three_digits_after_a_point_may_be_thousands() -> None:
    for style in (NumberStyle(separators=True), TWO_DECIMALS):
        number = repair_number("115.300", style)
        assert number is not None
        assert number.text == "115.300"
        assert number.doubt
    assert repair_number("115.300", NumberStyle(decimals=3)) == NumberText("115.300")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("共计115.300元", "共计115,300元"),
        ("共计1.115.300元", "共计1,115,300元"),
        ("共计115.300万元", "共计115.300万元"),
    ],
)
def test_no_sum_in_yuan_has_three_decimals(before: str, after: str) -> None:
    assert repair_prose_numbers(before) == after


def test_a_space_inside_a_number_of_the_prose_is_said() -> None:
    block = TextBlock("b", BlockKind.PARAGRAPH, (1,), Box(0, 0, 1, 1), Reading("支出72 37万元。", "支出72 37万元。"))
    cleaned_block = clean_numbers(Document(Source("a", "0" * 64, 1), (), (block,))).blocks[0]
    assert isinstance(cleaned_block, TextBlock)
    assert cleaned_block.reading.needs_review
    assert cleaned_block.reading.text == block.reading.text


@pytest.mark.parametrize(
    ("text", "last", "expected", "said"),
    [
        ("100号", Character("号", 0.45, 0, 1, (("%", 0.39),)), "100%", False),
        ("1008", Character("8", 0.88, 0, 1, (("%", 0.09),)), "1008", True),
        ("≥90名", Character("名", 0.3, 0, 1, (("%", 0.02),)), "≥90名", True),
        ("≥90名", Character("名", 0.999, 0, 1, ()), "≥90名", False),
        ("3号", Character("号", 0.999, 0, 1, (("%", 0.02),)), "3号", False),
    ],
)
def test_a_percent_sign_read_as_another_character(text: str, last: Character, expected: str, said: bool) -> None:
    line = TextLine(text, Box(0, 0, 9, 9), 0.9, (*(Character(c, 0.99, 0, 1) for c in text[:-1]), last))
    cell = Cell(0, 0, 1, Box(0, 0, 9, 9), Reading(text, text), lines=(line,))
    document = mend_percents(document_of(Table("t", (1,), 1, 1, (cell,))))
    reading = document.tables[0].cells[0].reading
    assert (reading.text, reading.needs_review) == (expected, said)
    assert mend_percents(document) == document


@pytest.mark.parametrize(("sure", "said"), [(0.97, True), (0.4, False)])
def test_a_word_before_an_amount_may_be_its_neighbours(sure: float, said: bool) -> None:
    rows = [["科目名称", "金额"], *([["工资", f"{n}.20"] for n in range(5)]), ["土地使用权出让收安排的支出", "入2.81"]]
    table = table_of(rows)
    line = TextLine("入2.81", Box(0, 0, 9, 9), 0.9, tuple(Character(c, sure, 0, 1) for c in "入2.81"))
    cells = (*table.cells[:-1], replace(table.cells[-1], lines=(line,)))
    page = Page(1, Origin.SCAN, 100, 100)
    cleaned_table = clean_numbers(replace(document_of(replace(table, cells=cells)), pages=(page,))).tables[0]
    name, amount = cleaned_table.cells[-2:]
    assert amount.reading.text == "2.81"
    assert name.reading.needs_review == said


@pytest.mark.parametrize(("chance", "expected"), [(0.0175, "0"), (0.001, "o")])
def test_a_lone_o_among_amounts_is_a_nought_where_the_recogniser_thought_of_it(chance: float, expected: str) -> None:
    table = table_of([["科目名称", "金额"], *([["工资", f"{n}.20"] for n in range(5)]), ["单位自筹", "o"]])
    line = TextLine("o", Box(0, 0, 9, 9), 0.95, (Character("o", 0.95, 0, 1, (("0", chance),)),))
    cells = (*table.cells[:-1], replace(table.cells[-1], lines=(line,)))
    assert clean_numbers(document_of(replace(table, cells=cells))).tables[0].cells[-1].reading.text == expected


def test_noughts_alone_are_nought() -> None:
    found = repair_number("000", TWO_DECIMALS)
    assert found is not None
    assert (found.text, found.doubt) == ("0.00", None)
    assert repair_number("000", NumberStyle()) is not None
    assert repair_number("0000", TWO_DECIMALS) != found
