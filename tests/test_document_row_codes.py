"""类, 款 and 项 in three columns become one code a row; anything else gives none."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from document.geometry import Box
from document.json import dump, load
from document.row_codes import row_codes
from document.types import Cell, Document, Meta, Reading, Source, Table

BOX = Box(0, 0, 10, 10)


def table(*rows: Sequence[str]) -> Table:
    cells = tuple(Cell(r, c, 1, BOX, Reading(text, text)) for r, row in enumerate(rows) for c, text in enumerate(row))
    return Table("b1", (1,), len(rows), len(rows[0]), cells)


HEAD = ("类", "款", "项", "科目名称", "合计")


def test_every_row_with_a_whole_code() -> None:
    printed = table(
        HEAD,
        ("", "", "", "合计", "9.00"),
        ("204", "", "", "公共安全支出", "4.00"),
        ("204", "06", "", "司法", "4.00"),
        ("204", "06", "01", "行政运行", "4.00"),
        ("208", "", "", "社会保障和就业支出", "5.00"),
        ("208", "05", "", "养老支出", "5.00"),
        ("208", "05", "02", "离退休", "5.00"),
    )
    assert row_codes(printed) == (None, None, "204", "20406", "2040601", "208", "20805", "2080502")


def test_what_the_row_above_says_is_not_printed_again() -> None:
    printed = table(
        HEAD,
        ("204", "", "", "", ""),
        ("", "06", "", "", ""),
        ("", "", "01", "", ""),
        ("", "", "02", "", ""),
        ("208", "", "", "", ""),
        ("", "05", "", "", ""),
        ("", "", "05", "", ""),
    )
    assert row_codes(printed) == (None, "204", "20406", "2040601", "2040602", "208", "20805", "2080505")


@pytest.mark.parametrize(
    "rows",
    [
        [("204", "司法", "1.00"), ("208", "养老", "2.00")],
        [("2040601", "行政运行", "", "1.00")] * 4,
        [("301", "30", "21", "甲"), ("合计", "12", "13", "乙"), ("丙", "10", "11", "丁")],
        [("204", "", "", ""), ("208", "", "", "")],
    ],
)
def test_other_columns_have_no_joined_codes(rows: list[tuple[str, ...]]) -> None:
    assert row_codes(table(*rows)) is None


def test_the_codes_are_in_the_json_and_the_json_reads_back() -> None:
    coded = table(HEAD, *[(a, b, c, "", "") for a, b, c in (("204", "", ""), ("204", "06", ""), ("204", "06", "01"))])
    plain = table(("科目", "金额"), ("合计", "1.00"))
    for block, expected in ((coded, [None, "204", "20406", "2040601"]), (plain, None)):
        document = Document(Source("a.pdf", "0" * 64, 1), (), (block,), Meta())
        text = dump(document)
        assert json.loads(text)["blocks"][0].get("row_codes") == expected
        assert dump(load(text)) == text
