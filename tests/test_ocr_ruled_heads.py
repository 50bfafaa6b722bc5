"""Level rules give the rows of a head where names stand off their middles."""

from __future__ import annotations

from document.geometry import Box
from document.types import TextLine
from ocr.rows import Segment, segment
from ocr.ruled_heads import ruled_names, ruled_rows, ruled_tiers
from ocr.types import Ruling

LEFT, RIGHT = 50.0, 450.0
HEAD = (100.0, 160.0)
RULES = [Ruling(120, LEFT, 250), Ruling(140, LEFT, RIGHT)]
"""A short rule under 项目, and one over the whole width above the columns' numbers."""


def name(text: str, middle: float, top: float) -> Segment:
    half = 4.5 * len(text)
    return segment([TextLine(text, Box(middle - half, top, middle + half, top + 9), 0.9, size=9)])


def test_a_name_reaches_to_the_rules_over_its_middle() -> None:
    tiers = ruled_tiers(RULES, HEAD)
    assert tiers == (100, 120, 140, 160)
    parts = [
        name("项目", 150, 105),
        name("科目编码", 100, 126),
        name("科目名称", 200, 126),
        name("本年收", 300, 102),  # stands too high: a line of it was lost
        name("入合", 300, 113),
        name("其他", 400, 115),
        *(name(str(n), 100.0 * n, 145) for n in range(1, 5)),
    ]
    groups = ruled_names(parts, tiers, RULES, 14)
    assert ["".join(p.text for p in g) for g in groups if len(g) > 1] == ["本年收入合"]
    boxes = [Box.around(p.box for p in g) for g in groups]
    found = dict(zip(["".join(p.text for p in g) for g in groups], ruled_rows(boxes, tiers, RULES) or (), strict=True))
    assert found["项目"] == range(0, 1)
    assert found["科目编码"] == range(1, 2)
    assert found["本年收入合"] == found["其他"] == range(0, 2)
    assert found["3"] == range(2, 3)


def test_two_names_in_one_cell_show_that_a_rule_was_lost() -> None:
    rules = RULES[1:]
    tiers = ruled_tiers(rules, HEAD)
    boxes = [name(t, x, y).box for t, x, y in (("项目", 150, 102), ("科目名称", 150, 126), ("1", 300, 145))]
    assert ruled_rows(boxes, tiers, rules) is None


def test_a_row_without_a_name_of_its_own_is_none() -> None:
    tiers = ruled_tiers(RULES, HEAD)
    boxes = [name("本年收入", 300, 115).box, name("项目", 150, 105).box, name("1", 300, 145).box]
    assert ruled_rows(boxes, tiers, RULES) is None


def test_a_head_without_inner_rules_has_no_rows_of_rules() -> None:
    assert ruled_rows([name("项目", 150, 105).box], ruled_tiers([], HEAD), []) is None
