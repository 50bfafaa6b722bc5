"""Heads in two cells over each other: one again where the dictionary knows them as one, else as printed."""

from __future__ import annotations

import pytest

from cleanup.split_heads import join_split_heads
from dictionaries.loader import load_dictionary
from document.types import Document
from tests.amount_tables import Spans, document, table

DICTIONARY = load_dictionary()


def joined(upper: str, lower: str, beside: int = 2) -> list[tuple[str, int]]:
    """The head of the third column with its height, after joining; another head is ``beside`` rows high."""
    rows = [
        ["科目编码", "科目名称", upper, "经营支出"],
        [None if beside == 2 else "编码", None if beside == 2 else "名称", lower, None if beside == 2 else "支出"],
        ["201", "一般公共服务支出", "1.00", "2.00"],
    ]
    spans: Spans = {(0, col): (2, 1) for col in (0, 1, 3)} if beside == 2 else {}
    doc = join_split_heads(document(table(rows, spans=spans)), DICTIONARY)
    assert join_split_heads(doc, DICTIONARY) == doc
    return [(c.reading.text, c.row_span) for c in doc.tables[0].cells if c.col == 2 and c.row < 2]


def test_two_lines_of_a_head_that_the_dictionary_knows_are_one_head() -> None:
    assert joined("上缴上级", "支出") == [("上缴上级支出", 2)]


@pytest.mark.parametrize(("upper", "lower"), [("本年支出", "小计"), ("某某某某", "支出"), ("", "上缴上级支出")])
def test_a_head_over_another_stays(upper: str, lower: str) -> None:
    assert joined(upper, lower) == [(upper, 1), (lower, 1)]


def test_where_no_head_is_as_high_as_both_they_stay() -> None:
    assert joined("上缴上级", "支出", beside=1) == [("上缴上级", 1), ("支出", 1)]


def test_a_document_without_tables_stays() -> None:
    doc: Document = document()
    assert join_split_heads(doc, DICTIONARY) == doc
