"""The table of reasons: each kind counted once a cell, on wrong cells and on right ones."""

from __future__ import annotations

import pytest

from benchmarks.metrics import Pair
from benchmarks.papers import Cell
from benchmarks.reasons import kind_of, tally


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("“8”可能是“3”", "“…”可能是“…”"),
        ("合计=各行之和：“总计 金额”848与合计8,483.41不符（差 0.30）", "合计=各行之和：“…”#与合计#不符"),
        ("识别把握不足", "识别把握不足"),
    ],
)
def test_the_kind_of_a_reason(reason: str, kind: str) -> None:
    assert kind_of(reason) == kind


def pair(printed: str, read: str, *reasons: str) -> Pair:
    return Pair(0, Cell(0, 0, printed), Cell(0, 0, read, needs_review=bool(reasons), reasons=reasons))


def test_reasons_are_counted_on_wrong_and_on_right_cells() -> None:
    pairs = [
        pair("8", "3", "“3”可能是“8”", "“3”可能是“9”"),
        pair("8", "8", "“8”可能是“3”", "识别把握不足"),
        pair("9", "9", "识别把握不足"),
        pair("5", "6"),
    ]
    assert tally(pairs) == {"“…”可能是“…”": (1, 1), "识别把握不足": (0, 2)}
