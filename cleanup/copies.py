"""The same amount in several tables (同一数字在多张表): which cells repeat which.

What repeats what is learnt from the document: two columns of different tables that agree on most of the rows they
share are copies of each other. Agreement is evidence for both cells (a misreading does not repeat itself);
disagreement alone is no proof, since two tables may differ by law (全口径 and 一般公共预算).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from cleanup.amount_grid import AmountGrid, Panel
from cleanup.equations import Place
from cleanup.identities import Grids

LEAST_AGREEING = 3
"""Rows with the same amount that make two columns copies of each other."""
AGREEING_SHARE = 0.5
"""Share of the common rows that must agree."""
SIGNIFICANT = 3
"""Digits an amount must have for its repetition to be more than chance."""
MAX_PER_KEY = 60
_TOTALS = frozenset({"合计", "总计", "本年收入合计", "本年支出合计", "当年收入小计", "当年支出小计"})
Column = tuple[int, int]
"""Block and column."""


@dataclass(frozen=True, slots=True)
class Copies:
    """For each amount, the places of other tables that repeat it."""

    twins: Mapping[Place, tuple[Place, ...]]
    """Places in columns that are copies of this one's column, same row."""
    same_key: Mapping[Place, tuple[Place, ...]]
    """Places of other tables with the same code or name, whatever the column."""

    def agreeing(self, place: Place, values: Mapping[Place, Decimal]) -> tuple[Place, ...]:
        """Places that repeat this amount."""
        value = values[place]
        if not value or digits(value) < SIGNIFICANT:
            return tuple(p for p in self.twins.get(place, ()) if value and values[p] == value)
        return tuple(p for p in self.same_key.get(place, ()) if values[p] == value)

    def differing(self, place: Place, values: Mapping[Place, Decimal]) -> tuple[Place, ...]:
        """Places that should repeat this amount and hold another."""
        return tuple(p for p in self.twins.get(place, ()) if values[p] != values[place])


def digits(value: Decimal) -> int:
    """Significant digits without trailing zeros."""
    return len(value.normalize().as_tuple().digits)


def find_copies(grids: Grids, values: Mapping[Place, Decimal]) -> Copies:
    """The copies of all amounts of the document."""
    keyed = _keyed(grids)
    agreeing: dict[tuple[Column, Column], int] = defaultdict(int)
    shared: dict[tuple[Column, Column], int] = defaultdict(int)
    for places in keyed.values():
        for a, b in _pairs(places):
            if values[a] and values[b]:
                columns = ((a.block, a.col), (b.block, b.col))
                shared[columns] += 1
                agreeing[columns] += values[a] == values[b]
    copied = {
        pair for pair, count in agreeing.items() if count >= LEAST_AGREEING and count >= AGREEING_SHARE * shared[pair]
    }
    twins: dict[Place, list[Place]] = defaultdict(list)
    same: dict[Place, list[Place]] = defaultdict(list)
    for places in keyed.values():
        for a, b in _pairs(places):
            same[a].append(b)
            same[b].append(a)
            if ((a.block, a.col), (b.block, b.col)) in copied:
                twins[a].append(b)
                twins[b].append(a)
    return Copies(_frozen(twins), _frozen(same))


def _frozen(lists: Mapping[Place, list[Place]]) -> dict[Place, tuple[Place, ...]]:
    return {place: tuple(dict.fromkeys(others)) for place, others in lists.items()}


def _pairs(places: list[Place]) -> Iterator[tuple[Place, Place]]:
    """Pairs from different tables, in order."""
    for i, a in enumerate(places):
        for b in places[i + 1 :]:
            if a.block != b.block:
                yield a, b


def _keyed(grids: Grids) -> dict[str, list[Place]]:
    """Places by what their row is: a code, or a name. A key that a table uses twice tells nothing there."""
    keyed: dict[str, list[Place]] = defaultdict(list)
    for block, (_, grid) in grids.items():
        rows: dict[str, list[tuple[int, Panel]]] = defaultdict(list)
        for panel in grid.panels:
            for row in grid.body_rows:
                for key in _keys(grid, row, panel):
                    rows[key].append((row, panel))
        for key, at in rows.items():
            if len(at) == 1 and len(keyed[key]) < MAX_PER_KEY:
                keyed[key].extend(_places(block, grid, *at[0]))
    return keyed


def _places(block: int, grid: AmountGrid, row: int, panel: Panel) -> Iterable[Place]:
    return (Place(block, row, col) for col in panel.amount_cols if (row, col) in grid.amounts)


def _keys(grid: AmountGrid, row: int, panel: Panel) -> list[str]:
    """The row's code; its name too where it is a class, or has no code."""
    code = grid.codes.get((row, panel.code_col)) if panel.code_col is not None else None
    label = grid.label(row, panel)
    keys = [code] if code else []
    if label is not None and (code is None or len(code) == 3):
        keys.append("合计" if label.text in _TOTALS else label.text.replace("（类）", ""))
    return keys
