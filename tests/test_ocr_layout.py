"""The layout of a page: paragraphs, headings, captions, columns, the table of contents."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typeset import PAGE, centred, grid, line, set_paragraphs, shaken, torn

from document.geometry import Box
from document.types import Block, BlockKind, Table, TextBlock, TextLine
from ocr.columns import facing_pages
from ocr.layout import lay_out

WORDS = "本部门预算收入支出总计公共预算财政拨款审核内部机构人员经费项目资金单位管理保障工作贯彻执行国家政策法规监督检查"
CLAUSES = st.text(alphabet=WORDS, min_size=4, max_size=22)
AMOUNTS = st.sampled_from(["1,614.45万元", "820.66万元", "占87.53%", "2024年度", "2,716.17万元"])
SENTENCES = st.lists(st.one_of(CLAUSES, AMOUNTS), min_size=2, max_size=9).map(lambda c: "，".join(c) + "。")
PARAGRAPHS = st.lists(SENTENCES, min_size=2, max_size=9)


def texts(blocks: tuple[Block, ...]) -> list[str]:
    return [b.reading.text for b in blocks if isinstance(b, TextBlock)]


def of_kind(blocks: tuple[Block, ...], kind: BlockKind) -> list[str]:
    return [b.reading.text for b in blocks if isinstance(b, TextBlock) and b.kind is kind]


@given(PARAGRAPHS, st.integers(0, 10_000), st.sampled_from([1.3, 1.6, 2.2]))
@settings(max_examples=60)
def test_indented_paragraphs_come_back(paragraphs: list[str], seed: int, pitch: float) -> None:
    rng = random.Random(seed)
    lines = set_paragraphs(["首段" + paragraphs[0] * 4, *paragraphs], pitch=pitch)
    lines = [k for k in lines if k.box.bottom < PAGE.height - 40]
    whole = ["首段" + paragraphs[0] * 4, *paragraphs]
    blocks = lay_out(shaken(torn(lines, rng), rng), (), PAGE)
    got = texts(blocks)
    # the page may end inside a paragraph: all but the last are whole
    assert got[:-1] == whole[: len(got) - 1]
    assert whole[len(got) - 1].startswith(got[-1])


@given(PARAGRAPHS, st.integers(0, 10_000))
@settings(max_examples=20)
def test_every_line_is_in_exactly_one_block(paragraphs: list[str], seed: int) -> None:
    rng = random.Random(seed)
    lines = shaken(torn(set_paragraphs(paragraphs), rng), rng)
    table = grid([["项目", "金额"], ["合计", "1.00"]], 600)
    blocks = lay_out(lines, (table,), PAGE)
    in_blocks = [k for b in blocks if isinstance(b, TextBlock) for k in b.lines]
    assert sorted(map(id, in_blocks)) == sorted(map(id, lines))
    assert sum(isinstance(b, Table) for b in blocks) == 1


def test_paragraphs_without_indent_are_told_by_their_last_line() -> None:
    long = "贯彻执行国家有关法律法规和方针政策，拟订本地区相关发展规划并组织实施，" * 3
    paragraphs = [long + "甲。", long + "乙。"]
    assert texts(lay_out(set_paragraphs(paragraphs, indent=0, gap=0.6), (), PAGE)) == paragraphs


def test_a_line_ended_before_a_long_number_is_full() -> None:
    filler = "一般公共预算财政拨款支出合计为本年度"
    text = filler + "预算安排共计人民币支出数额是整" + "12,345,678.90万元，比上年增加。" + filler * 3 + "。"
    assert texts(lay_out(set_paragraphs([text] * 3), (), PAGE)) == [text] * 3


def test_items_and_headings_begin_new_blocks() -> None:
    lines = [
        centred("第一部分 概况", 60, 18),
        *set_paragraphs(
            [
                "一、本部门职责",
                "（一）负责预算审核，组织内部审计工作，指导下级单位规范开展业务，并对全过程实施监督检查和考核评价。",
                "（二）完成交办的其他任务。",
                "二、机构设置情况",
                "1.办公室",
                "本单位设十个科室，核定编制四十名，实有在编人员三十八人，离退休人员十二人，均由财政拨款供养。",
            ],
            top=100,
        ),
    ]
    blocks = lay_out(lines, (), PAGE)
    found = [(b.kind, b.level, b.reading.text[:7]) for b in blocks if isinstance(b, TextBlock)]
    assert found == [
        (BlockKind.HEADING, 1, "第一部分 概况"),
        (BlockKind.HEADING, 2, "一、本部门职责"),
        (BlockKind.PARAGRAPH, None, "（一）负责预算"),
        (BlockKind.PARAGRAPH, None, "（二）完成交办"),
        (BlockKind.HEADING, 2, "二、机构设置情"),
        (BlockKind.HEADING, 4, "1.办公室"),
        (BlockKind.PARAGRAPH, None, "本单位设十个科"),
    ]


def test_numbers_that_begin_a_line_are_no_items() -> None:
    """1.5 or 2024年 at the start of a continued line does not begin an item."""
    text = "比上年增加" + "甲" * 25 + "1.5倍，其中财政拨款占" + "乙" * 30 + "2024年度的预算安排。"
    assert texts(lay_out(set_paragraphs([text, text]), (), PAGE)) == [text, text]


def test_a_title_page_keeps_its_lines_apart() -> None:
    lines = [centred("石桥县水利局", 250, 26), centred("2022年度部门预算公开", 300, 22)]
    blocks = lay_out(lines, (), PAGE)
    assert texts(blocks) == ["石桥县水利局", "2022年度部门预算公开"]


def test_a_title_over_two_lines_is_one() -> None:
    lines = [
        centred("关于青原市二〇二四年度一般公共预算财政拨款", 200, 24),
        centred("支出情况的说明", 236, 24),
        *set_paragraphs(["甲" * 80 + "。"], top=300),
    ]
    assert texts(lay_out(lines, (), PAGE))[0] == "关于青原市二〇二四年度一般公共预算财政拨款支出情况的说明"


CAPTION = [
    line("预算公开表2", 60, 60),
    centred("2022年预算收入总表", 78, 16),
    line("部门名称：石桥县水利局", 60, 100, 9),
    line("2022年度", 280, 100, 9),
    line("单位：万元", 490, 100, 9),
]


def test_captions_stay_blocks_and_describe_the_table() -> None:
    table = grid([["科目", "金额"], ["合计", "1.00"]], 114)
    blocks = lay_out([*CAPTION, line("注：本表无数据", 60, 150, 10)], (table,), PAGE)
    assert texts(blocks) == [k.text for k in CAPTION] + ["注：本表无数据"]
    found = next(b for b in blocks if isinstance(b, Table))
    assert blocks.index(found) == 5
    assert (found.title, found.number, found.unit, found.entity, found.year) == (
        "2022年预算收入总表",
        "预算公开表2",
        "万元",
        "石桥县水利局",
        2022,
    )
    assert of_kind(blocks, BlockKind.NOTE) == ["注：本表无数据"]


def test_a_note_below_a_running_head_begins_a_block() -> None:
    """A table ends on the page before; the next one has a head at its right edge and, near below it, the note."""
    head = line("青原县应急管理局2024年部门预算公开", 376, 40, 9)
    note = line("注：本表数据取自部门预算编制系统，如有尾差系四舍五入所致。", 60, 56, 9)
    assert texts(lay_out([head, note], (), PAGE)) == [head.text, note.text]


def test_captions_near_each_other_stay_apart() -> None:
    """In a narrow table entity, year and unit stand with hardly a gap between them."""
    parts = [line("部门名称：青原市交通局", 60, 100, 9)]
    for text in ("2024年度", "金额单位：元"):
        parts.append(line(text, parts[-1].box.right + 8, 100, 9))
    blocks = lay_out(parts, (grid([["甲", "乙"]], 114),), PAGE)
    assert texts(blocks) == [p.text for p in parts]


def test_the_title_of_a_part_is_not_the_title_of_its_first_table() -> None:
    lines = [centred("第二部分 2022年部门预算报表", 30, 19), *CAPTION]
    blocks = lay_out(lines, (grid([["甲", "乙"]], 114),), PAGE)
    assert next(b.title for b in blocks if isinstance(b, Table)) == "2022年预算收入总表"


def test_prose_before_a_table_is_not_its_caption() -> None:
    lines = [*set_paragraphs(["纳入" + "甲" * 60 + "的单位情况见下表，单位共两家。"]), centred("单位构成表", 140)]
    blocks = lay_out(lines, (grid([["甲", "乙"]], 164),), PAGE)
    table = next(b for b in blocks if isinstance(b, Table))
    assert (table.title, table.entity, table.unit) == ("单位构成表", None, None)


@pytest.mark.parametrize("leader", ["..........", "……………", "", "·····"])
def test_table_of_contents(leader: str) -> None:
    entries = [("第一部分 概况", 1), ("一、本部门职责", 1), ("表一2022年预算收支总表", 12)]
    lines = [centred("目 录", 60, 19)]
    for i, (text, number) in enumerate(entries):
        y = 100 + 22 * i
        if leader:
            lines.append(line(f"{text}{leader}{number}", 60, y))
        else:
            lines += [line(text, 60, y), line(str(number), 520, y)]
    blocks = lay_out(lines, (), PAGE)
    toc = [b for b in blocks if isinstance(b, TextBlock) and b.kind is BlockKind.TOC]
    assert [(b.reading.text, b.toc_page) for b in toc] == entries
    assert of_kind(blocks, BlockKind.HEADING) == ["目 录"]


def test_a_table_of_contents_ends_where_the_text_begins() -> None:
    lines = [centred("目 录", 60, 19)]
    lines += [
        line(f"{text}{'.' * 40}{i + 1}", 60, 100 + 22 * i)
        for i, text in enumerate(["一、概况", "二、报表", "三、说明"])
    ]
    lines += [line(f"本单位{k}按规定开展工作并接受监督。", 60, 220 + 20 * i) for i, k in enumerate("甲乙丙丁")]
    blocks = lay_out(lines, (), PAGE)
    toc = [b for b in blocks if isinstance(b, TextBlock) and b.kind is BlockKind.TOC]
    assert [(b.reading.text, b.toc_page) for b in toc] == [("一、概况", 1), ("二、报表", 2), ("三、说明", 3)]
    assert "".join(of_kind(blocks, BlockKind.PARAGRAPH)).count("监督") == 4


def test_a_toc_entry_over_two_lines_is_one() -> None:
    lines = [
        centred("目录", 60, 19),
        line("第一部分 概况........1", 60, 100),
        line("表六2022年一般公共预算安排基本支出分经济科目表（不含上年", 60, 122),
        line("结转）........9", 60, 144),
    ]
    blocks = lay_out(lines, (), PAGE)
    assert of_kind(blocks, BlockKind.TOC)[1].endswith("（不含上年结转）")


def test_toc_entries_whose_number_has_a_speck_or_was_not_read_stay_apart() -> None:
    lines = [centred("目录", 60, 19)]
    for i, (text, number) in enumerate(
        (("一、概况", "1"), ("二、收入预算总表情况说明", ".13"), ("三、支出预算总表", "·15"))
    ):
        lines += [line(text, 60, 100 + 22 * i), line(number, 520, 100 + 22 * i)]
    lines += [
        line("四、" + "一般公共预算财政拨款支出情况说明" * 2, 60, 166),
        line("五、其他事项", 60, 188),
        line("21", 520, 188),
    ]
    toc = [b for b in lay_out(lines, (), PAGE) if isinstance(b, TextBlock) and b.kind is BlockKind.TOC]
    assert [(b.reading.text[:4], b.toc_page) for b in toc] == [
        ("一、概况", 1),
        ("二、收入", 13),
        ("三、支出", 15),
        ("四、一般", None),
        ("五、其他", 21),
    ]


def test_toc_entries_end_in_a_leader_whose_number_was_not_read() -> None:
    """Fine dots are read for a little way, and the digit after them not at all, or as a piece with dots before it."""
    entries = [("第一部分 部门概况", None), ("一、收入支出决算总表", 3), ("二、收入决算表", None), ("三、名词解释", 10)]
    lines = [centred("目 录", 60, 19)]
    for i, (text, number) in enumerate(entries):
        lines.append(line(text + "..…", 60 + 24 * (i > 0), 92 + 22 * i))
        lines += [line(f"..{number}", 500, 92 + 22 * i)] if number else []
    toc = [b for b in lay_out(lines, (), PAGE) if isinstance(b, TextBlock) and b.kind is BlockKind.TOC]
    assert [(b.reading.text, b.toc_page) for b in toc] == entries
    untitled = lay_out(lines[1:], (), PAGE)  # lines that end in dots are no contents by that alone
    assert not of_kind(untitled, BlockKind.TOC)


def test_two_columns_are_read_one_after_the_other() -> None:
    left = ["左甲" + "一般公共预算" * 12 + "。", "左乙" + "财政拨款收入" * 10 + "。"]
    right = ["右甲" + "项目支出情况" * 11 + "。", "右乙" + "基本支出说明" * 12 + "。"]
    lines = [
        centred("工作情况", 60),
        *set_paragraphs(left, left=60, top=100, ems=18),
        *set_paragraphs(right, left=60 + 20 * 12, top=100, ems=18),
    ]
    rng = random.Random(1)
    assert texts(lay_out(shaken(lines, rng, 0.08), (), PAGE)) == ["工作情况", *left, *right]


SPREAD = replace(PAGE, width=1190.0)


def test_pages_side_by_side_on_one_sheet_are_read_one_after_the_other() -> None:
    """An open booklet: prose on the left, a table with its captions on the right, each with its page number."""
    prose = ["左甲" + "一般公共预算" * 12 + "。", "左乙" + "财政拨款收入" * 10 + "。"]
    captions = [line(k.text, k.box.left + 595, k.box.top, k.size) for k in CAPTION]
    table = grid([["科目", "金额"], ["合计", "1.00"]], 114, left=655.0, right=1130.0)
    numbers = [line("4", 290, 800, 9), line("5", 885, 800, 9)]
    blocks = lay_out([*set_paragraphs(prose), *captions, *numbers], (table,), SPREAD)
    read = [b for b in blocks if not (isinstance(b, TextBlock) and b.kind is BlockKind.PAGE_NUMBER)]
    assert texts(tuple(read)) == [*prose, *(k.text for k in CAPTION)]
    (found,) = [b for b in read if isinstance(b, Table)]
    assert (found, found.title) == (read[-1], "2022年预算收入总表")
    assert of_kind(blocks, BlockKind.PAGE_NUMBER) == ["4", "5"]


def test_a_landscape_page_is_one_page() -> None:
    """Cells that no table was made of, and lines that stand across the middle, keep their rows."""
    cells = [line(t, x, 100 + 24 * i) for i in range(12) for t, x in ((f"项目名称{i}", 100), (f"金额合计{i}", 800))]
    got = texts(lay_out(cells, (), SPREAD))
    assert got == [f"{t}{i}" for i in range(12) for t in ("项目名称", "金额合计")]
    title = line("一个横排的标题，跨过了这张纸的中线", 500, 60)
    sides = [
        *set_paragraphs(["左" + "一般公共预算" * 30 + "。"]),
        *set_paragraphs(["右" + "项目支出情况" * 30 + "。"], left=680),
    ]
    assert len(lay_out([title, *sides], (), SPREAD)) > 1
    assert facing_pages([title, *sides], (), Box(0, 0, 1190, 842)) == (Box(0, 0, 1190, 842),)


def test_labels_beside_each_other_are_no_columns() -> None:
    lines = [line(t, x, 100 + 24 * i) for i in range(7) for t, x in (("项目名称", 60), ("金额合计", 330))]
    got = texts(lay_out(lines, (), PAGE))
    assert got == ["项目名称", "金额合计"] * 7


def test_page_numbers() -> None:
    body = set_paragraphs(["甲" * 70 + "。"])
    for text in ("3", "— 3 —", "- 12 -", "第3页 共10页"):
        blocks = lay_out([*body, centred(text, 800, 9)], (), PAGE)
        assert of_kind(blocks, BlockKind.PAGE_NUMBER) == [text]
    # negative control: a number in the middle of the page is text
    assert not of_kind(lay_out([*body, centred("3", 400, 9)], (), PAGE), BlockKind.PAGE_NUMBER)


def test_a_sheet_laid_across_keeps_its_margins() -> None:
    page = replace(PAGE, width=PAGE.height, height=PAGE.width)
    number = centred("第 5 页", 534, 12, page)
    assert of_kind(lay_out([line("公开02表", 60, 68), number], (), page), BlockKind.PAGE_NUMBER) == [number.text]


def test_slanted_lines_and_specks_are_figures() -> None:
    slanted = replace(line("仅供内部审核", 200, 300, 30), angle=35.0)
    speck = line("；", 300, 700, 4)
    blocks = lay_out([*set_paragraphs(["甲" * 50 + "。"]), slanted, speck], (), PAGE)
    assert sorted(of_kind(blocks, BlockKind.FIGURE)) == sorted(["仅供内部审核", "；"])


def test_chart_labels_do_not_join_prose() -> None:
    above, below = "支出结构如下图所示，" + "甲" * 50 + "。", "乙" * 70 + "。"
    labels: list[TextLine] = [
        line("基本支出", 150, 200, 9),
        line("87.53%", 152, 212, 9),
        line("项目支出", 400, 230, 9),
        line("12.47%", 402, 242, 9),
    ]
    lines = [*set_paragraphs([above], top=120), *labels, *set_paragraphs([below], top=300)]
    got = texts(lay_out(lines, (), PAGE))
    assert above in got
    assert below in got


def test_an_empty_page_has_no_blocks() -> None:
    assert lay_out((), (), PAGE) == ()
    assert lay_out([line("   ", 10, 10)], (), PAGE) == ()
