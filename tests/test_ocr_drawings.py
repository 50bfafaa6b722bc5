"""Rules of born-digital pages: the many ways programs draw one border all give the same grid."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import pymupdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from document.geometry import Box
from ocr.drawings import Drawings, read_drawings
from ocr.grid import build_grids

PAGE = Box(0, 0, 600, 800)
UPRIGHT = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


def drawn(draw: Callable[[pymupdf.Page], object]) -> Drawings:
    """What is read of a page on which something is drawn."""
    pdf = pymupdf.open()
    page = pdf.new_page(width=600, height=800)
    draw(page)
    page = pymupdf.open("pdf", pdf.tobytes())[0]
    return read_drawings(page.get_drawings(extended=True), UPRIGHT, PAGE)


def lines(page: pymupdf.Page, xs: Sequence[float], ys: Sequence[float]) -> None:
    """Each rule a stroke over the whole table."""
    for x in xs:
        page.draw_line((x, ys[0]), (x, ys[-1]), width=0.5)
    for y in ys:
        page.draw_line((xs[0], y), (xs[-1], y), width=0.5)


def cells(page: pymupdf.Page, xs: Sequence[float], ys: Sequence[float]) -> None:
    """Each cell a stroked rectangle."""
    for left, right in pairwise(xs):
        for top, bottom in pairwise(ys):
            page.draw_rect((left, top, right, bottom), width=0.5)


def bars(page: pymupdf.Page, xs: Sequence[float], ys: Sequence[float]) -> None:
    """Each side of each cell a filled rectangle half a point thin, with a square at every corner (Excel)."""
    for left, right in pairwise(xs):
        for y in ys:
            page.draw_rect((left, y - 0.25, right, y + 0.25), color=None, fill=(0, 0, 0))
    for top, bottom in pairwise(ys):
        for x in xs:
            page.draw_rect((x - 0.25, top, x + 0.25, bottom), color=None, fill=(0, 0, 0))
    for x in xs:
        for y in ys:
            page.draw_rect((x - 0.25, y - 0.25, x + 0.25, y + 0.25), color=None, fill=(0, 0, 0))


STEPS = st.lists(st.floats(14, 60), min_size=2, max_size=6)


@pytest.mark.parametrize("dress", [lines, cells, bars])
@given(STEPS, STEPS)
@settings(max_examples=12, deadline=None)
def test_every_dress_of_a_border_gives_the_same_grid(
    dress: Callable[[pymupdf.Page, Sequence[float], Sequence[float]], None], across: list[float], down: list[float]
) -> None:
    xs, ys = [60.0], [90.0]
    for step in across:
        xs.append(xs[-1] + step)
    for step in down:
        ys.append(ys[-1] + step)
    (grid,) = build_grids(drawn(lambda page: dress(page, xs, ys)).rulings)
    assert grid.col_edges == pytest.approx(xs, abs=0.4)
    assert grid.row_edges == pytest.approx(ys, abs=0.4)
    assert len(grid.cells) == len(across) * len(down)


def test_seams_lie_where_cells_drawn_one_by_one_meet() -> None:
    found = drawn(lambda page: bars(page, (60, 160, 260), (90, 110)))
    assert sorted((round(x), round(y)) for x, y in found.seams) == [(160, 90), (160, 110)]
    assert drawn(lambda page: lines(page, (60, 160, 260), (90, 110))).seams == ()


@pytest.mark.parametrize(
    "draw",
    [
        lambda page: page.draw_line((60, 90), (260, 90), color=(1, 1, 1)),  # white
        lambda page: page.draw_line((60, 90), (260, 90), stroke_opacity=0.01),
        lambda page: page.draw_line((60, 90), (260, 140)),  # slanted
        lambda page: page.draw_line((60, 90), (61.5, 90), width=0.5),  # a dot
        lambda page: page.draw_line((60, 90), (64, 90), width=3),  # as thick as long
        lambda page: page.draw_circle((200, 200), 40),
        lambda page: [page.draw_line((60 + 4 * n, 90), (61 + 4 * n, 90), width=1) for n in range(50)],  # a leader
    ],
    ids=["white", "clear", "slanted", "dot", "square", "circle", "leader"],
)
def test_what_is_no_rule(draw: Callable[[pymupdf.Page], object]) -> None:
    rulings = drawn(draw).rulings
    assert rulings.horizontal == ()
    assert rulings.vertical == ()


def test_pieces_that_touch_are_one_rule() -> None:
    found = drawn(lambda page: [page.draw_line((60 + 50 * n, 90), (110 + 50 * n, 90), width=0.5) for n in range(4)])
    ((rule),) = found.rulings.horizontal
    assert (rule.start, rule.end, rule.position) == pytest.approx((60, 260, 90), abs=0.5)


def test_a_rule_shows_no_further_than_its_clip() -> None:
    """Spreadsheets draw a line over the page and let a clip cut it to the cell."""

    def clipped(page: pymupdf.Page) -> None:
        # page content is in PDF's own system, bottom up
        page.parent.update_stream(page.get_contents()[0], b"q 60 600 100 100 re W n 0.5 w 0 650 m 600 650 l S Q")

    def draw(page: pymupdf.Page) -> None:
        page.draw_line((0, 0), (1, 1))
        clipped(page)

    (rule,) = drawn(draw).rulings.horizontal
    assert (rule.start, rule.end, rule.position) == pytest.approx((60, 160, 150), abs=0.6)


def test_fills_are_areas_not_rules() -> None:
    found = drawn(
        lambda page: [
            page.draw_rect((60, 90, 260, 110), color=None, fill=(0.8, 0.8, 0.9)),
            page.draw_rect((60, 300, 260, 330), color=None, fill=(1, 1, 1)),
        ]
    )
    assert [(round(f.box.top), f.white) for f in found.fills] == [(90, False), (300, True)]
    assert found.fills[0].serial < found.fills[1].serial
    assert found.rulings.horizontal == ()


def test_the_map_turns_rules_with_the_page() -> None:
    pdf = pymupdf.open()
    page = pdf.new_page(width=600, height=800)
    page.draw_line((60, 90), (260, 90))
    found = read_drawings(page.get_drawings(extended=True), (0.0, 1.0, -1.0, 0.0, 800.0, 0.0), Box(0, 0, 800, 600))
    (rule,) = found.rulings.vertical
    assert (rule.position, rule.start, rule.end) == pytest.approx((710, 60, 260))
