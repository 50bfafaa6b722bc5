"""Tables with level rules only: columns from a centred head, amounts apart from what stands beside them."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from timing import shortest

from document.geometry import Box
from document.types import Character, TextLine
from ocr.align import align_grids
from ocr.heads import centred_edges, fit_tiers, shared_out, standing
from ocr.pieces import pieces
from ocr.tables import fill_grids
from ocr.types import Ruling, Rulings

EDGES = (50.0, 110.0, 230.0, 300.0, 352.0, 470.0, 540.0)
NAMES = ("编码", "科目名称", "决算数", "编码", "科目名称", "决算数")


def width(text: str, size: float = 10) -> float:
    return sum(size if ord(c) > 255 else size / 2 for c in text)


def written(text: str, left: float, top: float) -> TextLine:
    """A line at a place, every character with its own."""
    at, characters = left, []
    for c in text:
        characters.append(Character(c, 0.99, at, at + width(c)))
        at += width(c)
    return TextLine(text, Box(left, top, at, top + 10), 0.99, tuple(characters), size=10)


def centred(text: str, left: float, right: float, top: float) -> TextLine:
    return written(text, (left + right - width(text)) / 2, top)


def ended(text: str, right: float, top: float) -> TextLine:
    return written(text, right - 2 - width(text), top)


def body(number: int, top: float) -> list[TextLine]:
    """A row of two tables side by side: the left amount ends where the right code begins, read as one line."""
    amount, code = f"{number}1.25", f"302{number:02d}"
    start = EDGES[3] - 1 - width(amount)
    return [
        written(f"301{number:02d}", EDGES[0] + 1, top),
        written("伙食补助费", EDGES[1] + 1, top),
        written(amount + code, start, top),
        written("办公用品费", EDGES[4] + 1, top),
        ended("7.50", EDGES[6], top),
    ]


def rules(*levels: float) -> Rulings:
    return Rulings(tuple(Ruling(y, EDGES[0], EDGES[-1]) for y in levels))


def texts(lines: list[TextLine], ruled: Rulings) -> list[list[list[tuple[str, int]]]]:
    filled, _ = fill_grids(align_grids(tuple(lines), ruled, ()), tuple(lines), 1)
    return [
        [[(c.reading.text, c.col_span) for c in t.cells if c.row == row] for row in range(t.grid.n_rows)]
        for t in filled
    ]


def table(top: float, rows: int = 4) -> list[TextLine]:
    head = [centred(n, a, b, top + 4) for n, a, b in zip(NAMES, EDGES, EDGES[1:], strict=False)]
    return head + [k for n in range(1, rows + 1) for k in body(n, top + 4 + 18 * n)]


def test_an_amount_and_the_code_beside_it_lie_in_two_cells() -> None:
    (found,) = texts(table(100), rules(*(100.0 + 18 * i for i in range(6))))
    assert [t for t, _ in found[0]] == list(NAMES)
    assert found[2] == [(t, 1) for t in ("30102", "伙食补助费", "21.25", "30202", "办公用品费", "7.50")]


def test_a_group_and_a_label_span_what_they_stand_over() -> None:
    top = [centred("项目", EDGES[0], EDGES[2], 86), centred("本年支出", EDGES[2], EDGES[6], 86)]
    total = [
        centred("人员合计", EDGES[0], EDGES[2], 194),
        ended("86.25", EDGES[3], 194),
        centred("公用合计", EDGES[3], EDGES[5], 194),
        ended("30.00", EDGES[6], 194),
    ]
    (found,) = texts(top + table(100) + total, rules(*(82.0 + 18 * i for i in range(8))))
    assert found[0] == [("项目", 2), ("本年支出", 4)]
    assert found[-1] == [("人员合计", 2), ("86.25", 1), ("公用合计", 2), ("30.00", 1)]


def test_captions_between_two_rules_begin_another_table() -> None:
    caption = [written("部门名称：青溪县水利局", 52, 206), ended("金额单位：万元", 540, 206)]
    levels = [*(100.0 + 18 * i for i in range(6)), *(220.0 + 18 * i for i in range(6))]
    found = texts(table(100) + caption + table(220), rules(*levels))
    assert [len(t) for t in found] == [5, 5]
    assert found[0] == found[1]


def test_a_head_that_is_not_centred_puts_no_edges() -> None:
    assert centred_edges([60, 200, 400], 50, 540) is None
    assert centred_edges([], 50, 540) is None


@given(st.lists(st.floats(20, 120), min_size=2, max_size=10))
def test_middles_give_the_edges_back(widths: list[float]) -> None:
    edges = [50.0]
    for w in widths:
        edges.append(edges[-1] + w)
    found = centred_edges([(a + b) / 2 for a, b in pairwise(edges)], edges[0], edges[-1])
    assert found == pytest.approx(edges)


Area = tuple[int, int, int, int]
"""First row, rows, first column, columns of a name of a head."""


@st.composite
def heads(draw: st.DrawFn) -> tuple[list[float], list[float], list[Area]]:
    """Heights, column edges and names of a head as budgets have them: groups over columns, tall names beside them, and
    the numbers of the columns below."""
    grouped, numbered = draw(st.booleans()), draw(st.booleans())
    n_rows = 2 if grouped else 1
    heights = [100.0]
    for _ in range(n_rows + numbered):
        heights.append(heights[-1] + draw(st.sampled_from([16.0, 27.0, 38.0])))
    areas: list[Area] = []
    col = 0
    for wide in draw(st.lists(st.integers(1, 3), min_size=2, max_size=5)):
        if wide == 1 or not grouped:
            areas.append((0, n_rows, col, 1))
            col += 1
            continue
        areas += [(0, 1, col, wide), *((1, 1, c, 1) for c in range(col, col + wide))]
        col += wide
    if numbered:
        areas += [(n_rows, 1, c, 1) for c in range(col)]
    edges = [50.0]
    for _ in range(col):
        edges.append(edges[-1] + draw(st.floats(36, 90)))
    return heights, edges, areas


def boxes_of(heights: list[float], edges: list[float], areas: list[Area], off: float) -> list[Box]:
    """The names' boxes in the middles of their cells, pushed a little down and up by turns."""
    found = []
    for number, (row, high, col, wide) in enumerate(areas):
        x = (edges[col] + edges[col + wide]) / 2
        y = (heights[row] + heights[row + high]) / 2 + (off if number % 2 else -off)
        found.append(Box(x - 12, y - 5, x + 12, y + 5))
    return found


@given(heads(), st.floats(0, 0.8))
def test_names_in_the_middles_of_their_cells_give_the_head_back(
    head: tuple[list[float], list[float], list[Area]], off: float
) -> None:
    heights, edges, areas = head
    names = boxes_of(heights, edges, areas, off)
    tiers = fit_tiers(names, (), (heights[0], heights[-1]), 2.0)
    assert tiers is not None
    rows = standing(names, tiers, 2.0)
    assert rows is not None
    for (row, high, _, _), found in zip(areas, rows, strict=True):
        assert tiers[found.start] == pytest.approx(heights[row], abs=5)
        assert tiers[found.stop] == pytest.approx(heights[row + high], abs=5)
    top = [i for i, area in enumerate(areas) if area[0] == 0]
    spans = shared_out([names[i] for i in top], edges)
    assert [(s.start, len(s)) for s in spans] == [(areas[i][2], areas[i][3]) for i in top]


def test_a_rule_in_the_head_parts_its_rows() -> None:
    names = [Box(60, 103, 90, 113), Box(60, 121, 90, 131)]
    assert fit_tiers(names, (116,), (100, 136), 2.0) == pytest.approx((100, 116, 136))
    assert fit_tiers(names, (109,), (100, 136), 2.0) is None  # through a name's middle


def test_a_name_off_its_middle_is_a_misfit() -> None:
    names = [Box(60 + 50 * n, 104, 90 + 50 * n, 114) for n in range(6)]
    odd = [*names[:-1], Box(310, 98, 340, 108)]
    assert fit_tiers(odd, (), (100, 118), 2.0) is None
    assert fit_tiers(odd, (), (100, 118), 2.0, misfits=1) == (100, 118)


def test_a_column_without_a_name_stays_free() -> None:
    """栏次, nothing over 行次, 1: no name spans a column that it does not stand in the middle of."""
    edges = [50, 200, 230, 300]
    spans = shared_out([Box(114, 0, 136, 10), Box(260, 0, 270, 10)], edges)
    assert spans == (range(0, 1), range(2, 3))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("23.2130208", ["23.21", "30208"]),
        ("12.4212.42", ["12.42", "12.42"]),
        ("28.28 30201", ["28.28 ", "30201"]),
        ("养老保险缴费71.16", ["养老保险缴费", "71.16"]),
        ("-1,614.72", ["-1,614.72"]),
        ("（12.50%）", ["（12.50%）"]),
        ("2080505", ["2080505"]),
        ("2024 年预算数", ["2024 年预算数"]),
        ("2024  年预算数 增减", ["2024  年预算数 ", "增减"]),
        ("合计  2024", ["合计  ", "2024"]),
    ],
)
def test_pieces_of_a_line(text: str, parts: list[str]) -> None:
    assert [p.text for p in pieces(written(text, 50, 10))] == parts


@pytest.mark.parametrize(
    ("text", "step", "parts"),
    [
        ("类款项", 20, ["类", "款", "项"]),
        ("款项", 20, ["款", "项"]),
        ("款项", 10, ["款项"]),
        ("合计", 20, ["合计"]),
        ("总计数", 20, ["总计数"]),
    ],
)
def test_the_parts_of_a_code_are_columns_of_their_own(text: str, step: float, parts: list[str]) -> None:
    """类 款 项 stand apart in narrow columns; other names are spaced out to fill one (合 计)."""
    characters = tuple(Character(c, 0.99, 50 + step * n, 60 + step * n) for n, c in enumerate(text))
    line = TextLine(text, Box(48, 10, 62 + step * (len(text) - 1), 24), 0.99, characters, size=10)
    assert [p.text for p in pieces(line)] == parts


def test_a_head_that_fits_nothing_costs_little() -> None:
    """Sixty names at random heights: every way to rows is tried, and given up at the first names that do not fit."""
    rng = random.Random(1)
    heights = [rng.uniform(105, 395) for _ in range(12)]
    names = [Box(50 + 8 * n, y - 4, 57 + 8 * n, y + 4) for n in range(60) for y in [rng.choice(heights)]]
    assert fit_tiers(names, (), (100, 400), 2.0) is None
    assert shortest(lambda: fit_tiers(names, (), (100, 400), 2.0), 1.0) < 1.0
