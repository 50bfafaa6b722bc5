"""Pages into a document: running heads, paragraphs and tables over pages, ids, meta."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typeset import PAGE, centred, grid, line, set_paragraphs, shaken

from document.geometry import Box
from document.types import (
    BLANK,
    Block,
    BlockKind,
    Cell,
    DocumentKind,
    Page,
    PageContent,
    Reading,
    Table,
    TextBlock,
    TextLine,
)
from ocr.assemble import AssembleOptions, assemble
from ocr.continued import header_rows
from ocr.layout import lay_out
from ocr.types import FilledGrid

HEAD = ["科目编码", "科目名称", "合计"]
SENTENCE = "本部门预算审核工作由内部机构负责，收入支出全部纳入预算管理，"


def page(number: int, lines: list[TextLine], *tables: FilledGrid, of: Page = PAGE) -> PageContent:
    this = replace(of, number=number)
    return PageContent(this, lay_out(lines, tables, this))


def rows(first: int, count: int) -> list[list[str]]:
    return [[str(20801 + i), f"第{i}项支出", f"{i}.50"] for i in range(first, first + count)]


def texts(blocks: tuple[Block, ...], *kinds: BlockKind) -> list[str]:
    return [b.reading.text for b in blocks if isinstance(b, TextBlock) and (not kinds or b.kind in kinds)]


def tables(blocks: tuple[Block, ...]) -> list[Table]:
    return [b for b in blocks if isinstance(b, Table)]


def column(table: Table, col: int) -> list[str]:
    return [c.reading.text for c in sorted(table.cells, key=lambda c: c.row) if c.col == col]


def is_whole(table: Table) -> bool:
    """Whether every grid position is covered exactly once."""
    covered = [(c.row + i, c.col + j) for c in table.cells for i in range(c.row_span) for j in range(c.col_span)]
    return sorted(covered) == [(r, c) for r in range(table.n_rows) for c in range(table.n_cols)]


def test_ids_are_in_reading_order() -> None:
    blocks, _ = assemble([page(1, set_paragraphs(["甲" * 50 + "。"])), page(2, [line("乙。", 90, 80)])])
    assert [b.id for b in blocks] == ["b1", "b2"]


@given(st.integers(20, 400), st.integers(0, 1000))
@settings(max_examples=40)
def test_a_paragraph_over_the_page_is_one(length: int, seed: int) -> None:
    text = (SENTENCE * 20)[:length] + "结束。"
    paragraphs = ["开头" + SENTENCE * 30 + "。", text, "末段" + SENTENCE * 3 + "。"]
    lines = set_paragraphs(paragraphs)
    rng = random.Random(seed)
    cut = rng.randint(2, len(lines) - 2)
    second = [replace(k, box=_up(k, lines[cut].box.top - 80)) for k in lines[cut:]]
    pages = [page(1, shaken(lines[:cut], rng)), page(2, shaken(second, rng))]
    assert texts(assemble(pages)[0]) == paragraphs
    apart = assemble(pages, AssembleOptions(merge_paragraphs=False))[0]
    assert "".join(texts(apart)) == "".join(paragraphs)


def _up(k: TextLine, by: float):  # type: ignore[no-untyped-def]
    return replace(k.box, top=k.box.top - by, bottom=k.box.bottom - by)


def test_a_heading_ends_a_paragraph_at_the_page_break() -> None:
    first = set_paragraphs(["甲" * 32])
    pages = [page(1, first), page(2, [line("二、收入情况", 114, 80), *set_paragraphs(["乙" * 50 + "。"], top=100)])]
    assert texts(assemble(pages)[0])[:2] == ["甲" * 32, "二、收入情况"]


@given(st.integers(1, 20), st.integers(1, 20), st.booleans())
@settings(max_examples=30)
def test_a_table_over_the_page_is_one(first: int, second: int, repeated: bool) -> None:
    top = 800 - 16 * (first + 1)
    upper = grid([HEAD, *rows(0, first)], top)
    lower = grid([*([HEAD] if repeated else []), *rows(first, second)], 60, page=2)
    pages = [page(1, [centred("支出决算表", top - 40)], upper), page(2, [], lower)]
    (table,) = tables(assemble(pages)[0])
    assert column(table, 0) == ["科目编码", *(r[0] for r in rows(0, first + second))]
    assert (table.pages, table.n_rows, table.title) == ((1, 2), first + second + 1, "支出决算表")
    assert is_whole(table)
    assert {c.page for c in table.cells} == {1, 2}
    assert len(tables(assemble(pages, AssembleOptions(merge_tables=False))[0])) == 2


@pytest.mark.parametrize("stray", ["11", "1", "—", "·"])
def test_a_stray_digit_below_a_table_does_not_part_it(stray: str) -> None:
    upper, lower = grid([HEAD, *rows(0, 30)], 240), grid(rows(30, 4), 60, page=2)
    for under, over in (([line(stray, 300, 745)], []), ([], [line(stray, 480, 45)])):
        blocks, _ = assemble([page(1, under, upper), page(2, over, lower)])
        (table,) = tables(blocks)
        assert table.n_rows == 35
        assert stray in texts(blocks)  # it is still said
    # negative control: words below a table end it
    assert len(tables(assemble([page(1, [line("以上合计", 300, 745)], upper), page(2, [], lower)])[0])) == 2


@pytest.mark.parametrize("strays", [["家"], ["XA", "y", "7"]])
def test_characters_read_in_specks_above_a_repeated_head_do_not_part_a_table(strays: list[str]) -> None:
    upper, lower = grid([HEAD, *rows(0, 30)], 240), grid([HEAD, *rows(30, 4)], 80, page=2)
    over = [line(stray, 300 + 40 * i, 42 + 9 * i) for i, stray in enumerate(strays)]
    blocks, _ = assemble([page(1, [], upper), page(2, over, lower)])
    (table,) = tables(blocks)
    assert (table.n_rows, column(table, 0)[0]) == (35, "科目编码")
    assert set(strays) <= set(texts(blocks, BlockKind.FIGURE, BlockKind.PAGE_NUMBER))
    # negative controls: without the head again they may be a title's rest; words above begin another table
    headless = grid(rows(30, 4), 80, page=2)
    assert len(tables(assemble([page(1, [], upper), page(2, over, headless)])[0])) == 2
    titled = [*over, centred("收入决算表", 62)]
    assert len(tables(assemble([page(1, [], upper), page(2, titled, lower)])[0])) == 2


def test_a_column_of_totals_is_no_row_of_totals() -> None:
    """名称 beside 2024年预算数, and under that 合计 and 人员经费: a head of two rows."""
    head = [("名称", 0, 0, 2, 1), ("2024年预算数", 0, 1, 1, 2), ("合计", 1, 1, 1, 1), ("人员经费", 1, 2, 1, 1)]
    body = [("合计", 2, 0, 1, 1), ("9.50", 2, 1, 1, 1), ("", 2, 2, 1, 1)]

    def table(cells: list[tuple[str, int, int, int, int]]) -> Table:
        found = tuple(Cell(r, c, 1, Box(0, 0, 9, 9), Reading(t, t), rs, cs) for t, r, c, rs, cs in cells)
        return Table("t", (1,), 3, 3, found)

    assert header_rows(table(head + body)) == 2
    bare = [("名称", 0, 0, 1, 1), ("预算数", 0, 1, 1, 2), ("合计", 1, 0, 1, 1), ("", 1, 1, 1, 1), ("", 1, 2, 1, 1)]
    assert header_rows(table(bare)) == 1


def test_a_head_whose_spans_came_out_otherwise_is_repeated_all_the_same() -> None:
    """The second page's rows show fewer columns of the head: its words are the same."""
    upper, lower = grid([HEAD, *rows(0, 30)], 240), grid([HEAD, *rows(30, 4)], 60, page=2)
    code, name, amount = lower.cells[:3]
    both = replace(amount.reading, text=name.reading.text + amount.reading.text)
    wide = replace(code, col_span=2, box=Box.around((code.box, name.box)))
    cells = (wide, replace(amount, reading=both), *lower.cells[3:])
    (table,) = tables(assemble([page(1, [], upper), page(2, [], replace(lower, cells=cells))])[0])
    assert table.n_rows == 35


def test_a_repeated_head_joins_parts_whose_inferred_edges_differ() -> None:
    """Without upright rules an edge lies somewhere between two columns, on each page elsewhere."""
    upper, lower = grid([HEAD, *rows(0, 30)], 240), grid([HEAD, *rows(30, 4)], 60, page=2)

    def shifted(cell: Cell) -> Cell:
        left, right = (
            x + (40 if i == 1 else 0) for x, i in ((cell.box.left, cell.col), (cell.box.right, cell.col + 1))
        )
        return replace(cell, box=Box(left, cell.box.top, right, cell.box.bottom))

    lower = replace(lower, cells=tuple(shifted(c) for c in lower.cells))
    (table,) = tables(assemble([page(1, [], upper), page(2, [], lower)])[0])
    assert table.n_rows == 35
    # negative control: other names over the columns are another table
    other = grid([["编码", "项目", "合计"], *rows(30, 4)], 60, page=2)
    other = replace(other, cells=tuple(shifted(c) for c in other.cells))
    assert len(tables(assemble([page(1, [], upper), page(2, [], other)])[0])) == 2


def test_a_repeated_head_that_lost_a_name_is_repeated_all_the_same() -> None:
    """A mark lay over one of the columns' numbers, and the row came out with another span."""
    names = ["栏次", "1", "2", "3", "4", "5"]
    body = [[str(20801 + i), *(f"{i}.50" for _ in range(5))] for i in range(34)]
    upper, lower = grid([names, *body[:30]], 240), grid([names, *body[30:]], 60, page=2)

    def lost(table: FilledGrid, col: int) -> FilledGrid:
        gone = [replace(c, reading=BLANK) if c.row == 0 and c.col == col else c for c in table.cells]
        wide = replace(gone[0], col_span=2, box=Box.around((gone[0].box, gone[1].box)))
        first = replace(gone[2], reading=gone[1].reading) if col != 1 else gone[2]
        return replace(table, cells=(wide, first, *gone[3:]))

    (table,) = tables(assemble([page(1, [], upper), page(2, [], lost(lower, 3))])[0])
    assert table.n_rows == 35
    # negative control: other numbers over the columns are no head of this table
    other = grid([["栏次", "6", "7", "8", "9", "10"], *body[30:]], 60, page=2)
    found = tables(assemble([page(1, [], upper), page(2, [], lost(other, 3))])[0])
    assert sum(t.n_rows for t in found) == 36


def test_repeated_captions_become_running_heads() -> None:
    """Excel's print titles repeat title, number and unit on every page."""

    def caption(top: float) -> list[TextLine]:
        return [centred("支出决算表", top), line("公开03表", 480, top + 20, 9), line("金额单位：元", 480, top + 32, 9)]

    upper = grid([HEAD, *rows(0, 30)], 280)
    lower = grid([HEAD, *rows(30, 4)], 110, page=2)
    pages = [page(1, caption(230), upper), page(2, caption(60), lower)]
    blocks, _ = assemble(pages)
    (table,) = tables(blocks)
    assert table.n_rows == 35
    assert texts(blocks, BlockKind.HEADING, BlockKind.PARAGRAPH) == ["支出决算表", "公开03表", "金额单位：元"]
    assert texts(blocks, BlockKind.HEADER) == ["支出决算表", "公开03表", "金额单位：元"]


def test_two_tables_stay_two() -> None:
    upper = grid([HEAD, *rows(0, 30)], 280)
    for lines, lower in [
        # a title of its own
        ([centred("收入决算表", 60)], grid([HEAD, *rows(0, 4)], 110, page=2)),
        # other columns
        ([], grid([["甲", "乙", "丙", "丁"]], 60, page=2)),
        # a note ended the first one
        ([line("注：本表反映支出情况。", 60, 40, 10)], grid([HEAD, *rows(0, 4)], 110, page=2)),
    ]:
        blocks, _ = assemble([page(1, [], upper), page(2, lines, lower)])
        assert len(tables(blocks)) == 2
    # a table that ends high on its page has ended
    short = grid([HEAD, *rows(0, 3)], 100)
    assert len(tables(assemble([page(1, [], short), page(2, [], grid(rows(3, 4), 60, page=2))])[0])) == 2


def test_forms_that_follow_each_other_stay_apart() -> None:
    """绩效目标表: one form a project, each with the same labels and its own values."""

    def form(name: str, number: int, top: float) -> FilledGrid:
        body = [["项目名称", name], ["主管部门", "石桥县水利局"], *[["指标", str(i)] for i in range(20)]]
        return grid(body, top, page=number)

    def title() -> list[TextLine]:
        return [centred("项目支出绩效目标表", 200)]

    pages = [page(n, title(), form(f"项目{n}专项经费", n, 420)) for n in (1, 2, 3)]
    assert len(tables(assemble(pages)[0])) == 3
    without_title = [page(n, [], form(f"项目{n}专项经费", n, 420)) for n in (1, 2, 3)]
    assert len(tables(assemble(without_title)[0])) == 3


def test_a_row_cut_by_the_page_break_is_whole() -> None:
    name = "机关事业单位基本养老保险缴费支出"
    upper = grid([HEAD, *rows(0, 20), ["2080505", name[:14], "11.78"]], 420)
    cells = tuple(
        replace(c, lines=(line(c.reading.text, c.box.left + 2, c.box.top + 2, 11.0),))
        if c.reading.text == name[:14]
        else c
        for c in upper.cells
    )
    upper = replace(upper, cells=cells)
    lower = grid([["", name[14:], ""], *rows(21, 3)], 60, page=2)
    (table,) = tables(assemble([page(1, [], upper), page(2, [], lower)])[0])
    assert name in column(table, 1)
    assert table.n_rows == 25
    assert is_whole(table)
    # negative control: a row of its own without an amount stays a row
    own = grid([["", "二十二、国有资本经营预算支出", ""], *rows(21, 3)], 60, page=2)
    (table,) = tables(assemble([page(1, [], upper), page(2, [], own)])[0])
    assert "二十二、国有资本经营预算支出" in column(table, 1)


def test_running_heads_are_marked_and_captions_are_not() -> None:
    pages = []
    for n in range(1, 7):
        lines = [
            line("石桥县水利局2022年度部门预算", 200, 30, 9),
            line(f"预算公开表{n}", 60, 60, 12),
            line("部门名称：石桥县水利局", 60, 76, 9),
            line("第三方审核专用", 60, 815, 9),
            centred(str(n), 800, 9),
        ]
        pages.append(page(n, lines, grid([HEAD, *rows(0, 3)], 100, page=n)))
    blocks, _ = assemble(pages)
    assert set(texts(blocks, BlockKind.HEADER)) == {"石桥县水利局2022年度部门预算"}
    assert set(texts(blocks, BlockKind.FOOTER)) == {"第三方审核专用"}
    assert texts(blocks, BlockKind.PAGE_NUMBER) == [str(n) for n in range(1, 7)]
    assert texts(blocks, BlockKind.PARAGRAPH).count("部门名称：石桥县水利局") == 6


def test_a_running_head_and_a_misread_number_on_a_sheet_laid_across() -> None:
    across = replace(PAGE, width=PAGE.height, height=PAGE.width)
    pages = []
    for n in range(1, 9):
        of = across if n == 4 else PAGE
        number = centred("-G." if n == 4 else f"- {n} -", of.height - 70, 9, of)
        lines = [
            centred("石桥县水利局2022年度部门预算", 48, 9, of),
            *set_paragraphs([f"第{n}段" * 20 + "。"], top=300),
            number,
        ]
        pages.append(page(n, lines, of=of))
    blocks, _ = assemble(pages)
    assert len(texts(blocks, BlockKind.HEADER)) == 8
    assert len(texts(blocks, BlockKind.PAGE_NUMBER)) == 8


def test_a_line_that_recurs_in_the_text_is_no_running_head() -> None:
    pages = [page(n, set_paragraphs(["本表无数据说明", f"甲{n}" * 30 + "。"], top=300)) for n in range(1, 7)]
    assert not texts(assemble(pages)[0], BlockKind.HEADER)


def test_running_heads_do_not_stop_a_paragraph_or_table() -> None:
    def frame(n: int) -> list[TextLine]:
        return [line("石桥县水利局部门预算", 240, 30, 9), centred(f"— {n} —", 815, 9)]

    lines = set_paragraphs([SENTENCE * 9 + "。"])
    second = [replace(k, box=_up(k, lines[4].box.top - 80)) for k in lines[4:]]
    pages = [
        page(1, [*frame(1), *lines[:4]]),
        page(2, [*frame(2), *second]),
        page(3, frame(3), grid([HEAD, *rows(0, 30)], 280, page=3)),
        page(4, frame(4), grid(rows(30, 9), 60, page=4)),
    ]
    blocks, _ = assemble(pages)
    assert texts(blocks, BlockKind.PARAGRAPH) == [SENTENCE * 9 + "。"]
    assert len(tables(blocks)) == 1


def test_failed_pages_end_what_goes_on() -> None:
    upper, lower = grid([HEAD, *rows(0, 30)], 280), grid(rows(30, 9), 60, page=3)
    pages = [page(1, [], upper), PageContent(replace(PAGE, number=2)), page(3, [], lower)]
    assert len(tables(assemble(pages)[0])) == 2


def test_meta() -> None:
    title = [centred("石桥县水利局", 250, 26), centred("2022年度部门预算公开", 300, 22)]
    _, meta = assemble([page(1, title)])
    assert (meta.entity, meta.year, meta.kind) == ("石桥县水利局", 2022, DocumentKind.BUDGET)
    account = [line("部门名称：[055]青原市交通局", 60, 80, 9), line("2024年度", 300, 80, 9), centred("收入决算表", 60)]
    _, meta = assemble([page(1, account, grid([HEAD], 100))])
    assert (meta.entity, meta.year, meta.kind) == ("青原市交通局", 2024, DocumentKind.FINAL_ACCOUNT)
    assert assemble([])[1].entity is None


def test_pages_are_not_changed() -> None:
    pages = [page(n, [line("石桥县水利局部门预算", 240, 30, 9)]) for n in range(1, 5)]
    before = [tuple(p.blocks) for p in pages]
    assemble(pages)
    assert [tuple(p.blocks) for p in pages] == before
    assert all(a.page.number < b.page.number for a, b in pairwise(pages))


def numbered(number: int, text: str) -> PageContent:
    """A page of a long table with its page number, as it was read."""
    table = grid([HEAD, *rows(number * 30, 30)], 90, page=number)
    return page(number, [centred(text, 800, 10)], table)


def test_a_misread_page_number_does_not_end_a_table() -> None:
    for misread in ("-3.", ".3.", "一3一", "3'"):
        blocks, _ = assemble([numbered(1, "- 1 -"), numbered(2, "-2-"), numbered(3, misread), numbered(4, "- 4 -")])
        assert texts(blocks, BlockKind.PAGE_NUMBER) == ["- 1 -", "-2-", misread, "- 4 -"]
        assert len(tables(blocks)) == 1


def test_a_line_at_the_place_of_page_numbers_stays_text() -> None:
    blocks, _ = assemble([numbered(1, "- 1 -"), numbered(2, "- 2 -"), numbered(3, "完")])
    assert texts(blocks, BlockKind.PAGE_NUMBER) == ["- 1 -", "- 2 -"]
    assert "完" in texts(blocks)


def test_a_photograph_has_its_page_number_higher_than_the_others() -> None:
    """A landscape sheet on a desk: its number stands a tenth of the picture's height above the lower edge."""
    upper = [page(n, [centred(f"第{n}页", 800, 10)], grid([HEAD, *rows(n * 30, 30)], 90, page=n)) for n in (1, 2)]
    wide = replace(PAGE, width=PAGE.height, height=PAGE.width)
    high = [
        page(n, [line(f"第{said}页", 380, 490, 10)], grid(rows(n * 30, 20), 90, page=n), of=wide)
        for n, said in ((3, 3), (4, 4), (5, 50))
    ]
    blocks, _ = assemble([*upper, *high])
    assert texts(blocks, BlockKind.PAGE_NUMBER) == ["第1页", "第2页", "第3页", "第4页"]
    assert "第50页" in texts(blocks)
    assert [t.pages for t in tables(blocks)] == [(1, 2), (3, 4, 5)]


def test_specks_and_shadows_do_not_end_a_table() -> None:
    first = grid([HEAD, *rows(0, 30)], 90)
    second = grid([HEAD, *rows(30, 30)], 90, page=2)
    speck, shadow = line("t", 300, 815, 3), line("TS", 586, 2, 8)
    blocks, _ = assemble([page(1, [speck], first), page(2, [shadow], second)])
    assert len(tables(blocks)) == 1
    assert sorted(texts(blocks, BlockKind.FIGURE)) == ["TS", "t"]
