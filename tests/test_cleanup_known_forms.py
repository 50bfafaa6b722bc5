"""Columns that a known form has and the print hides: put in where the table is the form, and nowhere else."""

from __future__ import annotations

import random
from dataclasses import replace

import pymupdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import benchmarks.papers as printed
from benchmarks.accounts import invent
from benchmarks.draw import Plan, draw
from benchmarks.forms import Form, Line, Style, place
from benchmarks.forms_performance import evaluation, six_column_target, target
from benchmarks.papers import Paper
from benchmarks.scanner import PROFILES, scan
from cleanup.known_forms import is_form_note, with_form_columns
from dictionaries.forms import load_forms
from document.geometry import Box
from document.types import Cell, Document, Meta, Origin, Page, Reading, Source, Table
from ocr.grid import build_grids
from ocr.pdf import page_image, rasterise
from ocr.rulings import find_rulings
from ocr.seams import with_hidden_columns
from ocr.types import Grid
from ocr.upright import straighten

FORMS = load_forms()
HIDDEN = 3
"""The column edge that no row of the six-column form shows."""


def drawn(seed: int = 7, draw: object = six_column_target) -> Table:
    """A drawn form, all its columns shown."""
    lines = draw(invent(seed, "budget", "万元", 12), Style(), random.Random(seed))  # type: ignore[operator]
    form = next(p for p in lines if isinstance(p, Form))
    cells = tuple(
        Cell(p.row, p.col, 1, Box(0, 0, 9, 9), Reading(p.slot.text, p.slot.text), p.slot.rows, p.slot.cols)
        for p in place(form.rows, len(form.widths))
    )
    title = next(p.text for p in lines if isinstance(p, Line))
    return Table("t", (1,), len(form.rows), len(form.widths), cells, title=title)


def without_edge(table: Table, edge: int = HIDDEN) -> Table:
    """The table as a fax shows it: what lay on both sides of the edge is one column."""

    def seen(at: int) -> int:
        return at - (at >= edge)

    cells = tuple(replace(c, col=seen(c.col), col_span=seen(c.col + c.col_span) - seen(c.col)) for c in table.cells)
    return replace(table, n_cols=table.n_cols - 1, cells=cells)


def after(table: Table, origin: Origin = Origin.SCAN) -> Table:
    page = Page(1, origin, 595, 842)
    document = Document(Source("a.pdf", "0" * 64, 1), (page,), (table,), Meta(year=2023))
    (found,) = with_form_columns(document, FORMS).tables
    return found


def misread(table: Table, *changes: tuple[str, str]) -> Table:
    """The table with texts read as others."""
    texts = dict(changes)
    return replace(
        table,
        cells=tuple(
            replace(c, reading=replace(c.reading, text=texts.get(c.reading.text, c.reading.text))) for c in table.cells
        ),
    )


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_the_hidden_column_is_put_in_and_nothing_else_changes(seed: int) -> None:
    whole = drawn(seed)
    found = after(without_edge(whole))
    assert (found.n_cols, found.cells) == (whole.n_cols, whole.cells)
    assert found.reasons == ("第3、4列之间的线未印出，按表样“项目支出绩效目标表”为6列",)
    assert is_form_note(found.reasons[0])
    assert not found.needs_review


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([six_column_target, target, evaluation]))
def test_a_table_that_has_its_columns_or_is_another_form_stays(seed: int, draw: object) -> None:
    table = drawn(seed, draw)
    assert after(table) is table


def test_misread_and_wrapped_labels_are_known_all_the_same() -> None:
    whole = misread(
        drawn(),
        ("三级指标", "三级指檬"),
        ("年度资金总额：", "年度資金总额"),
        ("主管部门及代码", "主管部门\n及代码"),
        ("服务对象满意度指标", "服各对象满意度指"),
        ("项目期", "项目其"),
    )
    assert after(without_edge(replace(whole, title="某市项日支出绩效目标表（2024年度）"))).cells == whole.cells


@pytest.mark.parametrize(
    "title", ["项目支出绩效目标申报表", "某市项目支出绩效自评表", "部门整体支出绩效目标表", "一般公共预算支出表"]
)
def test_a_form_of_another_title_stays(title: str) -> None:
    table = replace(without_edge(drawn()), title=title)
    assert after(table) is table


def test_without_a_title_nearly_every_label_must_stand_in_its_place() -> None:
    whole = replace(drawn(), title=None)
    assert after(without_edge(whole)).cells == whole.cells
    unlike = misread(whole, *((t, "某资金来源") for t in ("其中：中央财政资金", "省级财政资金", "立项依据")))
    assert after(without_edge(unlike)).n_cols == whole.n_cols - 1


@pytest.mark.parametrize("edge", [1, 2, 5])
def test_where_another_column_is_missing_nothing_is_put_in(edge: int) -> None:
    whole = drawn()
    apart = tuple(c for c in whole.cells if (c.col, c.col_span) != (edge - 1, 1))
    table = without_edge(replace(whole, cells=apart), edge)
    assert table.n_cols == whole.n_cols - 1
    assert after(table) is table


def test_labels_out_of_order_are_no_form() -> None:
    whole = without_edge(drawn())
    turned = replace(whole, cells=tuple(replace(c, row=whole.n_rows - c.row - c.row_span) for c in whole.cells))
    assert after(turned) is turned


def test_a_born_digital_page_draws_what_it_has() -> None:
    table = without_edge(drawn())
    assert after(table, Origin.TEXT_LAYER) is table


def test_a_form_without_its_lower_half_stays() -> None:
    table = without_edge(drawn())
    upper = replace(table, n_rows=4, cells=tuple(c for c in table.cells if c.row + c.row_span <= 4))
    assert after(upper) is upper


def scanned(profile: str, seed: int) -> tuple[Grid, Paper]:
    """The grid that is found on a drawn and scanned form, and what is printed."""
    drawing = draw(Plan(seed=seed, kind="budget", parts=("six_column_target",)))
    pdf = scan(drawing.pdf, PROFILES[profile], seed)
    with pymupdf.open(stream=pdf, filetype="pdf") as opened:
        image = straighten(page_image(1, rasterise(opened[0], None)))
    rulings = find_rulings(image)
    (grid,) = with_hidden_columns(image, build_grids(rulings), rulings)
    return grid, drawing.paper


def filled(grid: Grid, paper: Paper) -> tuple[Table, printed.Table]:
    """The found grid with the printed texts in it, and the table as it is printed."""
    truth = next(b for b in paper.blocks if isinstance(b, printed.Table))
    title = next(b.text for b in paper.blocks if isinstance(b, printed.Text))
    cells = tuple(
        Cell(g.row, g.col, 1, g.box, Reading(t.text, t.text), g.row_span, g.col_span)
        for g, t in zip(grid.cells, truth.cells, strict=True)
    )
    return Table("t", (1,), grid.n_rows, grid.n_cols, cells, title=title), truth


@pytest.mark.parametrize(("profile", "seed"), [("fax", 3), ("poor", 4)])
def test_a_scanned_form_has_its_columns_though_the_scan_does_not_show_them(profile: str, seed: int) -> None:
    grid, paper = scanned(profile, seed)
    assert grid.n_cols == 5, "what the print itself shows"
    found, truth = filled(grid, paper)
    found = after(found)
    assert found.n_cols == truth.n_cols == 6
    assert [(c.row, c.col, c.row_span, c.col_span) for c in found.cells] == [
        (c.row, c.col, c.row_span, c.col_span) for c in truth.cells
    ]
