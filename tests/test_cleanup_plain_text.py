"""Text that someone else recognised: the watermark's family, debris, labels, and what can only be flagged."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanup.plain_checks import doubtful_names, doubtful_repeats, doubtful_shares
from cleanup.plain_text import CleanText, clean_text
from cleanup.plain_watermark import find_family
from dictionaries.loader import load_dictionary
from document.types import Rule

DICTIONARY = load_dictionary()

DAMAGED = """又供内部軍核

风供内部审核

临江区水利局

2024年度单位决算公开

及供内部單模

又烘内部审核

目 录

风烘内部铺林

一、收入支出决算总表|2
二、收入决算表|4
沙三、支出决算表|5
四、财政拨款收入支出决算总法|表6

又供内部軍核

一种社会

以供内部解析

一、单位职责

负责预算审核和内部审计 以供内部群於 的组织工作,仅供参考。

财政拨款收入支出决算总表

又供内部軍核|项目||行次|金额|
|党人 栏次|||1|
业内部|一、一般公共服务支出||1|820. 66|
|二、外交支出||2|1, 614. 45|N HEVS
|三、国防支出||3|820,66|
X P.|四、公共安全支出||4|0. 30|
|五、教育支出||5|海椒|
|六、科学技术支出||6|12. 00|K.V.

2101102|事业单位医疗人|17. 11|17. 11
21011|行政事业单位医疗|17. 11|17. 11
210|卫生健康支出|17. 11|17. 11

住房保障支出年初预算59.37万元,支出决算56.88万元,完成年初预算的 31%,用于其他。

及供为部籍模
""".replace("|", "\t")


def cleaned(text: str = DAMAGED) -> CleanText:
    return clean_text(text, DICTIONARY)


def test_the_watermark_goes_and_nothing_else_does() -> None:
    text = cleaned().text
    for residue in ("供内", "内部解", "风烘", "籍模", "軍", "一种社会", "业内部", "HEVS", "X P", "K.V", "海椒", "党人"):
        assert residue not in text
    for word in ("临江区水利局", "预算审核和内部审计", "仅供参考", "目 录", "一、单位职责"):
        assert word in text


def test_labels_and_numbers_are_mended() -> None:
    lines = cleaned().text.split("\n")
    assert "三、支出决算表\t5" in lines
    assert "四、财政拨款收入支出决算总表\t6" in lines
    assert "2101102\t事业单位医疗\t17.11\t17.11" in lines
    amounts = [line.split("\t")[4] for line in lines if line.startswith("\t") and "、" in line]
    assert amounts == ["820.66", "1,614.45", "820.66", "0.30", "", "12.00"]


def test_what_cannot_be_known_is_flagged() -> None:
    flags = [c for c in cleaned().changes if c.rule == "flag"]
    assert any("31%" in c.before and "95.81" in c.reason for c in flags)
    assert "完成年初预算的 31%" in cleaned().text


def test_every_change_names_its_line() -> None:
    source = DAMAGED.split("\n")
    for change in cleaned().changes:
        assert change.before in source[change.line - 1] or change.rule != Rule.WATERMARK_RESIDUE


def test_a_second_pass_changes_nothing() -> None:
    once = cleaned()
    assert cleaned(once.text).text == once.text


CLEAN = """第一部分 概况

一、本单位职责.....|1

 表一2024年预算收支总表

项目|金额|项目|合计
一、一般公共预算|3,296.30|一、一般公共服务支出|2797.94
二、政府性基金预算||二、外交支出|

市县区财政资金|100.00|资金总额:|10
  三、国防支出~~

注：本表无数据
""".replace("|", "\t").replace("~", " ")


def test_clean_text_passes_through() -> None:
    result = cleaned(CLEAN)
    assert (result.text, result.changes) == (CLEAN, ())


def test_a_stacked_watermark_goes() -> None:
    text = "第一行正文。\n\n" + "仅供\n内部\n审核\n\n" * 4 + "内部\n审核工作由办公室负责。\n"
    assert cleaned(text).text.split("\n")[0] == "第一行正文。"
    assert cleaned(text).text.endswith("内部\n审核工作由办公室负责。\n")
    assert "仅供" not in cleaned(text).text


def test_without_repetition_there_is_no_watermark() -> None:
    text = "内部审核\n\n本办法所称内部审核,是指预算审核。\n"
    assert find_family(text.split("\n"), DICTIONARY.watermark_phrases, DICTIONARY.look_alikes) is None
    assert cleaned(text).text == text


def test_corrections_csv_is_readable_and_harmless() -> None:
    rows = list(csv.reader(io.StringIO(cleaned().corrections_csv())))
    assert rows[0] == ["line", "before", "after", "rule", "score", "reason"]
    assert len(rows) == len(cleaned().changes) + 1
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row)


def test_shares_are_checked() -> None:
    said = "年初预算200.00万元,支出决算100.00万元,完成年初预算的{}%"
    assert list(doubtful_shares({1: said.format("50.00")})) == []
    assert [d[:2] for d in doubtful_shares({7: said.format("5.00")})] == [(7, "5.00%")]


def test_spellings_of_one_name_are_flagged() -> None:
    lines = {1: "组长\t潘小明", 2: "成员\t活小明", 3: "成员\t潘小明", 4: "成员\t李一平"}
    assert [(n, name) for n, name, _ in doubtful_names(lines, lambda _: False)] == [(2, "活小明")]


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="仅供内部审核軍\t\n 0.,一、支出 ", max_size=80))
def test_any_text_is_safe(text: str) -> None:
    once = cleaned(text)
    assert sum(c.isdigit() for c in once.text) <= sum(c.isdigit() for c in text) + 1


@pytest.mark.parametrize("text", ["", "\n", "\t", "\f\n\f"])
def test_empty_text(text: str) -> None:
    assert cleaned(text).text == text


MARKED = "又供内部軍核\n\n风供内部审核\n\n及供内部單模\n\n仅供内部审核\n\n"
"""Four readings of one watermark: from here on the text counts as written over."""


def rows_after(*rows: str) -> list[str]:
    """The rows of one table in a text with a watermark, after the clean-up."""
    text = MARKED + "\n".join(row.replace("|", "\t") for row in rows) + "\n"
    return [line.replace("\t", "|") for line in cleaned(text).text.split("\n") if "\t" in line]


def test_a_column_of_numbers_holds_no_words() -> None:
    rows = rows_after(
        "科目名称|合计|上级补助收入|其他收入",
        "教育支出|820.66|机管|",
        "国防支出|31.20|1/1/2|KIEBA",
        "外交支出|17.11|لکید|海椒",
        "卫生健康支出|17.25|-|秋",
        "住房保障支出|20.00||无",
    )
    assert rows[1:] == [
        "教育支出|820.66||",
        "国防支出|31.20||",
        "外交支出|17.11||",
        "卫生健康支出|17.25|-|",
        "住房保障支出|20.00||无",
    ]


def test_names_of_people_and_words_over_two_cells_stay() -> None:
    """Nothing else in the text says them, but a name stands under 姓名, and 绩 goes on in 效."""
    rows = ("又供内部單|姓名|职务", "绩|欧阳某|主任", "效|诸葛某|", "THE V|司徒某|", "|PPP中心|")
    assert rows_after(*rows)[1:] == ["绩|欧阳某|主任", "效|诸葛某|", "|司徒某|", "|PPP中心|"]


def test_what_may_be_debris_is_said_where_nothing_tells() -> None:
    text = MARKED + "指标1\t培训次数\t6次\n指标2\tMATTER\t7次\n指标3\t培训人数\t88 /)\n指标4\t发放标准\t17.\n"
    flags = {c.before for c in cleaned(text).changes if c.rule == "flag"}
    assert {"MATTER", "88 /)"} <= flags
    assert "MATTER" in cleaned(text).text
    assert "88 /)" in cleaned(text).text


def test_capitals_right_of_a_blank_among_chinese_words_go() -> None:
    rows = ("|质量指标|指标1|合格率", "又供内部單||指标2|完成率", "|MATTER|指标3|费用", "|成本指标|指标4|费用")
    assert rows_after(*rows) == ["|质量指标|指标1|合格率", "||指标2|完成率", "||指标3|费用", "|成本指标|指标4|费用"]


def test_strange_words_of_characters_put_for_the_marks_own_go() -> None:
    """以 and 及 were read for 仅, 軍 for 审: what consists of them is no label; 姓名 may have any."""
    marked = MARKED + "以供内部軍核\n\n以供内部审核\n\n及供内部軍模\n\n"
    text = cleaned(marked + "外交支出\t1\t5.00\n以 异州以\t2\t6.00\n国防支出\t3\t7.00\n").text
    assert "异州" not in text
    assert "\t2\t6.00" in text


def test_what_was_debris_in_one_cell_is_in_another() -> None:
    rows = ("又供内部單|科目名称|合计", "|教育支出|1.00", "|国防支出|2.00", "大道|外交支出|3.00", "|住房保障支出|大道")
    assert not any("大道" in row for row in rows_after(*rows))


def test_a_line_of_prose_that_may_be_the_marks_is_said() -> None:
    text = (
        MARKED + "以供内部审核\n\n以供内部軍核\n\n" + "中心于2023年11月临江 以异评狮 月正式挂牌更名,并负责评审工作。\n"
    )
    assert [c.before for c in cleaned(text).changes if c.rule == "flag"] == ["以异评狮"]


CONTENTS = """目 录

一、收入支出决算总表\t2
二、收入决算表 三、支出决\t决算表4
三、支出决算表\t5
四、财政拨款收入支出决算总法\t表6
本支出决算明细表\t9
六、国有资本经营预算财政拨款\t改支出决算表12

收入决算表

支出决算表

财政拨款收入支出决算总表

一般公共预算财政拨款基本支出决算明细表
"""


def test_contents_that_run_together_are_parted() -> None:
    lines = [line for line in cleaned(CONTENTS).text.split("\n") if "\t" in line]
    assert (
        lines
        == [
            "一、收入支出决算总表\t2",
            "二、收入决算表",
            "三、支出决算表\t4",
            "三、支出决算表\t5",
            "四、财政拨款收入支出决算总表\t6",
            "五、一般公共预算财政拨款基本支出决算明细表\t9",
            "六、国有资本经营预算财政拨款支出决算表\t12",
        ]
        or lines[1] == "三、支出决算表\t4"
    )


def test_contents_lose_what_was_read_twice_and_get_a_page_that_only_one_can_be() -> None:
    text = "目 录\n\n一、机构设置情况\t7\n二、人员构成情况\t\n三、资产占用情况\t7\n第五部分 附件\t9\n"
    text += "第五部分 附件\t\n\n正文\n"
    assert cleaned(text).text == (
        "目 录\n\n一、机构设置情况\t7\n二、人员构成情况\t7\n三、资产占用情况\t7\n第五部分 附件\t9\n\n正文\n"
    )


def test_contents_cut_inside_a_year_of_the_text() -> None:
    text = "目 录\n\n第一部分 单位概况\t1\n第二部分 2026\t6年度决算表3\n第三部分 2025\t4年度说明8\n\n2026年度决算公开\n"
    lines = cleaned(text).text.split("\n")
    assert lines[3] == "第二部分 2026年度决算表\t3"
    assert lines[4] == "第三部分 2025\t4年度说明8"  # neither 2025 nor 2024 is a year of this text


def test_a_piece_between_two_characters_of_a_word_goes() -> None:
    """The phrase itself only where the word goes on behind it."""
    text = cleaned(
        MARKED + "信息化基础设仅供内部审核施管理，加强基础设施，并送又供内部軍核评审，开展内部审核工作。\n"
    ).text
    assert "信息化基础设施管理，加强基础设施，并送评审，开展内部审核工作。" in text


def test_a_comma_before_two_decimals_in_a_sentence_is_the_point() -> None:
    amounts = "\n".join(f"教育支出\t{n}0.66" for n in range(1, 8))
    text = cleaned(f"{amounts}\n\n收入总计820,66万元，另有1,820万元。\n").text
    assert "收入总计820.66万元，另有1,820万元。" in text


def test_a_name_in_the_same_role_as_a_much_commoner_one_is_said() -> None:
    rows = [f"组长\t杜大立\t主任\t{n}" for n in range(4)] + ["组长\t杜大江\t主任\t9", "会计\t杜大河\t副科长\t8"]
    doubts = list(doubtful_names(dict(enumerate(rows, 1)), lambda _: False))
    assert [(line, piece) for line, piece, _ in doubts] == [(5, "杜大江")]


def test_rows_swallowed_by_a_cell_and_cells_read_twice_are_said() -> None:
    table = "\t".join(("201 一般公共服务支出 715.32 20106 财政事务 715.32 2010607 信息化建设 96.58", "1.00", ""))
    prose = "保障政府采购电子卖场良好的性能及可靠性，访问速度快，处理能力强，服务响应迅速"
    lines = {1: table, 2: f"1\t{prose}\t", 3: f"2\t{prose[:-1]}捷\t", 4: f"3\t{prose[:-1]}捷\t", 5: "4\t合格率\t"}
    assert [number for number, _, _ in doubtful_repeats(lines)] == [1, 3]
