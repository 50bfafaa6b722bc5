"""Two parts of a form have one set of columns: what a part's rows do not show, the other's do."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from document.geometry import Box
from document.types import BLANK, Cell, Table
from ocr.common_columns import column_edges, with_common_columns


def part(*rows: Sequence[float], page: int = 1, shift: float = 0.0) -> Table:
    """A table whose rows are divided at the places given, in points; its columns are all places of all rows."""
    edges = sorted({x for row in rows for x in row})
    cells = tuple(
        Cell(
            row=number,
            col=edges.index(left),
            page=page,
            box=Box(left + shift, 100 + 16 * number, right + shift, 116 + 16 * number),
            reading=BLANK,
            col_span=edges.index(right) - edges.index(left),
        )
        for number, row in enumerate(rows)
        for left, right in pairwise(row)
    )
    return Table(id="", pages=(page,), n_rows=len(rows), n_cols=len(edges) - 1, cells=cells)


UPPER = part([60, 160, 540], [60, 160, 300, 400, 540], [60, 160, 540], [60, 160, 300, 540])


def spans(table: Table) -> list[tuple[int, int, int]]:
    return [(c.row, c.col, c.col_span) for c in table.cells]


def test_each_part_gets_the_columns_of_the_other() -> None:
    """The upper part has an edge at 400, the lower one at 230 and 470."""
    lower = part([60, 160, 230, 300, 540], [60, 160, 300, 470, 540], page=2, shift=1.5)
    one, other = with_common_columns(UPPER, lower) or ((), ())
    assert one.n_cols == other.n_cols == 6
    assert spans(one)[:2] == [(0, 0, 1), (0, 1, 5)]
    assert spans(other) == [(0, 0, 1), (0, 1, 1), (0, 2, 1), (0, 3, 3), (1, 0, 1), (1, 1, 2), (1, 3, 2), (1, 5, 1)]


def test_a_last_row_that_is_less_divided_belongs_to_it() -> None:
    """总分 | 86分, alone on the next page."""
    regular = part(*[[60, 160, 300, 400, 540]] * 5)
    lower = part([60, 400, 540], page=2)
    _, other = with_common_columns(regular, lower) or ((), ())
    assert spans(other) == [(0, 0, 3), (0, 3, 1)]


def test_other_columns_are_another_table() -> None:
    regular = part(*[[60, 160, 300, 400, 540]] * 5)
    assert with_common_columns(regular, part([60, 160, 220, 540], page=2)) is None  # a regular table shows its columns
    assert with_common_columns(UPPER, part([60, 120, 220, 540], page=2)) is None  # nothing in common but the sides
    assert with_common_columns(UPPER, part([60, 160, 300, 400], page=2)) is None  # narrower


@given(
    st.lists(st.integers(1, 22), min_size=2, max_size=9, unique=True),
    st.data(),
    st.floats(-6, 6),
    st.floats(0.98, 1.02),
)
def test_rows_keep_their_places_whatever_each_part_shows(
    inner: list[int], data: st.DataObject, shift: float, scale: float
) -> None:
    """Edges 20 points apart; each row of both parts shows some of them, and lies a little elsewhere on its page."""
    edges = [60.0, *sorted(60.0 + 20 * i for i in inner), 60.0 + 20 * 23]
    row = st.lists(st.sampled_from(edges[1:-1]), unique=True, min_size=1).map(
        lambda r: [edges[0], *sorted(r), edges[-1]]
    )
    upper = [*data.draw(st.lists(row, min_size=2, max_size=4)), edges[:-2] + edges[-1:], [edges[0], *edges[2:]]]
    lower = [[60 + (x - 60) * scale for x in r] for r in data.draw(st.lists(row, min_size=1, max_size=4))]
    found = with_common_columns(part(*upper), part(*lower, page=2, shift=shift))
    if found is None:
        return
    places = column_edges(found[0])
    for table, rows, by in ((found[0], upper, 0.0), (found[1], lower, shift)):
        for number, printed in enumerate(rows):
            cells = [c for c in table.cells if c.row == number]
            assert sum(c.col_span for c in cells) == table.n_cols == len(places) - 1
            assert [round(c.box.left - by, 3) for c in cells] == [round(x, 3) for x in printed[:-1]]
