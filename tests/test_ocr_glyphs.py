"""Glyphs into lines: by where they stand, whatever the order and the pieces in which they were drawn."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.glyphs import Glyph, Style, build_lines, is_wide, moved, read_glyphs, without_doubles

BLACK = Style()
SIZE = 10.0


def run(
    text: str, x: float, y: float, *, operation: int = 0, angle: float = 0.0, size: float = SIZE, style: Style = BLACK
) -> list[Glyph]:
    """The glyphs of a text that begins at (x, y) on its baseline and runs at an angle, counter-clockwise."""
    turn = math.radians(angle)
    found = []
    for char in text:
        wide = size * (1.0 if is_wide(char) else 0.5)
        end = (x + wide * math.cos(turn), y - wide * math.sin(turn))
        found.append(Glyph(char, (x, y), end, size, style, 0, operation))
        x, y = end
    return found


def texts(glyphs: list[Glyph]) -> list[str]:
    return [line.text for line, _ in build_lines(glyphs)]


@given(st.randoms(use_true_random=False), st.sampled_from([0, 90, 180, 270, 30, -35]))
def test_the_order_of_drawing_does_not_matter(rng: random.Random, angle: int) -> None:
    glyphs = run("一般公共预算", 100, 400, angle=angle) + run("支出合计", 100, 300, angle=angle)
    rng.shuffle(glyphs)
    assert sorted(texts(glyphs)) == ["一般公共预算", "支出合计"]


@given(st.sampled_from([0, 90, 180, 270]))
def test_a_quarter_turn_of_the_page_moves_the_box_and_keeps_the_text(turn: int) -> None:
    """The map of a page turned about its corner: the line's box is the old one, turned."""
    (line, _) = build_lines(run("收入总计", 100, 400))[0]
    c, s = round(math.cos(math.radians(turn))), round(math.sin(math.radians(turn)))
    matrix = (float(c), float(s), float(-s), float(c), 1000.0, 1000.0)
    ((turned, _),) = build_lines([moved(g, matrix) for g in run("收入总计", 100, 400)])
    assert turned.text == line.text
    assert abs(turned.angle) == (90 if turn % 180 else 0)
    assert sorted((turned.box.width, turned.box.height)) == pytest.approx(sorted((line.box.width, line.box.height)))


def test_a_gap_parts_pieces_and_a_narrower_one_those_of_two_operations() -> None:
    near = run("科目", 100, 100, operation=1) + run("名称", 124, 100, operation=1)
    assert texts(near) == ["科目名称"]
    assert texts(run("科目", 100, 100, operation=1) + run("名称", 124, 100, operation=2)) == ["科目", "名称"]
    assert texts(run("科目", 100, 100) + run("名称", 130, 100)) == ["科目", "名称"]


def test_wide_spaces_part_texts_and_single_ones_do_not() -> None:
    assert texts(run("合 计", 100, 100)) == ["合 计"]
    assert texts(run("收入" + " " * 6 + "支出", 100, 100)) == ["收入", "支出"]
    assert texts(run("  合计  ", 100, 100)) == ["合计"]
    assert texts(run("   ", 100, 100)) == []


def test_another_style_is_another_line() -> None:
    pale = Style(colour=(0.7, 0.7, 0.7))
    assert texts(run("公开", 100, 100) + run("内部", 120, 100, style=pale)) == ["公开", "内部"]


@given(st.floats(-0.12, 0.12), st.floats(-0.1, 0.1))
def test_type_drawn_twice_for_boldness_is_there_once(dx: float, dy: float) -> None:
    once = run("收入支出决算总表", 100, 100)
    twice = run("收入支出决算总表", 100 + dx * SIZE, 100 + dy * SIZE, operation=1)
    assert texts(without_doubles(once + twice)) == ["收入支出决算总表"]


def test_the_same_character_twice_side_by_side_stays_twice() -> None:
    assert texts(without_doubles(run("人人合合", 100, 100))) == ["人人合合"]


def test_vertical_writing_gives_a_line_for_each_character() -> None:
    column = [
        Glyph(c, (100, 100 + 12 * n), (110, 100 + 12 * n), SIZE, BLACK, 0, 0, upright=True)
        for n, c in enumerate("绩效")
    ]
    assert texts(column) == ["绩", "效"]


def test_lightness_is_what_shows_on_paper() -> None:
    assert Style().lightness == 0
    assert Style(colour=(1, 1, 1)).lightness == pytest.approx(1)
    assert Style(opacity=0.25).lightness == pytest.approx(0.75)


def span(chars: str, **other: object) -> dict[str, object]:
    """A span of ``Page.get_texttrace`` with characters side by side."""
    trace: dict[str, object] = {
        "size": SIZE, "dir": (1.0, 0.0), "wmode": 0, "seqno": 3, "type": 0, "opacity": 1.0, "color": (0.0,),
        "layer": None,
        "chars": [(ord(c), 0, (100 + 10 * n, 100), (100 + 10 * n, 90, 110 + 10 * n, 102)) for n, c in enumerate(chars)],
    }  # fmt: skip
    return trace | other


def test_reading_a_trace() -> None:
    (first, second) = read_glyphs([span("金额")], None)
    assert (first.text, first.origin, first.end) == ("金", (100, 100), (110, 100))
    assert (second.serial, second.operation, second.visible) == (3, 0, True)


@pytest.mark.parametrize("hidden", [{"type": 3}, {"opacity": 0.0}])
def test_render_mode_three_and_no_opacity_are_invisible(hidden: dict[str, object]) -> None:
    assert not any(g.visible for g in read_glyphs([span("金额", **hidden)], None))


@pytest.mark.parametrize(
    ("colour", "rgb"),
    [((0.5,), (0.5, 0.5, 0.5)), ((0, 0, 0, 1), (0, 0, 0)), ((0, 0, 0, 0), (1, 1, 1)), (None, (0, 0, 0))],
)
def test_colours_of_all_spaces_become_rgb(colour: object, rgb: tuple[float, ...]) -> None:
    assert read_glyphs([span("金", color=colour)], None)[0].style.colour == rgb


def test_hostile_traces_are_left_out() -> None:
    odd = [span("金", size=1e9), span("金", size=math.nan), span("金", dir=(math.inf, 0.0))]
    assert read_glyphs(odd, None) == []
    assert [g.text for g in read_glyphs([span("a\u200bb")], None)] == ["a", "b"]
    no_code = span("x") | {"chars": [(0, 0, (1, 1), (1, 1, 2, 2))]}
    assert [g.text for g in read_glyphs([no_code], None)] == ["\ufffd"]


def test_what_the_page_does_not_draw_is_an_annotations() -> None:
    (first, second) = read_glyphs([span("金额")], frozenset({("金", 100, 100)}))
    assert (first.style.annotation, second.style.annotation) == (False, True)
