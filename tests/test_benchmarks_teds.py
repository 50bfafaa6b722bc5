"""TEDS against a slow, obvious oracle, and on cases counted by hand."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from benchmarks.papers import Cell, Table
from benchmarks.teds import distance, teds, tree


def table(*rows: str) -> Table:
    return Table(tuple(Cell(r, c, t) for r, row in enumerate(rows) for c, t in enumerate(row.split("|"))))


def nested(found: Table) -> tuple:
    """The table as (tag, text, children)."""
    rows = tuple(
        ("tr", "", tuple((("td", c.row_span, c.col_span), c.text, ()) for c in found.cells if c.row == row))
        for row in range(found.n_rows)
    )
    return ("table", "", rows)


def size(node: tuple) -> int:
    return 1 + sum(map(size, node[2]))


@cache
def oracle(a: tuple, b: tuple) -> float:
    """Edit distance of two forests by its definition: the last root is taken out, put in or changed."""
    if not a or not b:
        return float(sum(map(size, a)) + sum(map(size, b)))
    x, y = a[-1], b[-1]
    rename = 1.0 if x[0] != y[0] else Levenshtein.normalized_distance(x[1], y[1])
    return min(
        oracle(a[:-1] + x[2], b) + 1,
        oracle(a, b[:-1] + y[2]) + 1,
        oracle(x[2], y[2]) + oracle(a[:-1], b[:-1]) + rename,
    )


cells = st.tuples(st.sampled_from(["", "1.2", "甲", "甲乙"]), st.integers(1, 2))
grids = st.lists(st.lists(cells, max_size=3), max_size=3).map(
    lambda rows: Table(tuple(Cell(r, c, t, 1, s) for r, row in enumerate(rows) for c, (t, s) in enumerate(row)))
)


@given(grids, grids)
@settings(max_examples=80, deadline=None)
def test_the_distance_is_that_of_the_definition(a, b):
    assert distance(tree(a), tree(b)) == pytest.approx(oracle((nested(a),), (nested(b),)))


def test_the_same_table_has_1_and_no_table_has_0():
    assert teds(table("项目|金额", "水费|1.20"), table("项目|金额", "水费|1.20")) == 1
    assert teds(table("项目|金额"), None) == 0


def test_one_wrong_character_of_four_costs_a_quarter_of_a_node():
    assert teds(table("项目|1.20"), table("项目|1.26")) == pytest.approx(1 - 0.25 / 4)


def test_a_lost_row_costs_its_cells_and_itself():
    assert teds(table("项目|金额", "水费|1.20"), table("项目|金额")) == pytest.approx(1 - 3 / 7)


def test_a_wrong_span_costs_a_node():
    merged = Table((Cell(0, 0, "项目", 1, 2),))
    assert teds(merged, table("项目")) == pytest.approx(1 - 1 / 3)


def test_the_structure_is_judged_without_the_texts():
    truth, misread = table("项目|1.20"), table("顶目|7.26")
    assert teds(truth, misread) < 1 == teds(truth, misread, texts=False)
    lost = table("项目")
    assert teds(truth, lost, texts=False) == pytest.approx(1 - 1 / 4)


@given(grids, grids, st.integers(1, 4))
@settings(max_examples=80, deadline=None)
def test_a_table_cut_in_strips_is_never_more_alike_than_whole(a, b, strip):
    whole = teds(a, b)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("benchmarks.teds.LARGEST", 0)
        patch.setattr("benchmarks.teds.STRIP", strip)
        assert 0 <= teds(a, b) <= whole + 1e-9
        assert teds(a, a) == 1


def test_a_row_lost_from_a_large_table_costs_its_own_nodes_only():
    rows = [f"支出{n}|{n}.00|{n}.10" for n in range(400)]
    value = teds(table(*rows), table(*rows[:99], *rows[100:]))
    assert value == pytest.approx(1 - 4 / 1601)
