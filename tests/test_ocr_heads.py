"""Tables with level rules only: columns from a centred head, amounts apart from what stands beside them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from document.geometry import Box
from document.types import Character, TextLine
from ocr.align import align_grids
from ocr.heads import centred_edges
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
    ],
)
def test_pieces_of_a_line(text: str, parts: list[str]) -> None:
    assert [p.text for p in pieces(written(text, 50, 10))] == parts
