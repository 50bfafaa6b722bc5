"""Percentages in prose against their amounts; and holes in what counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cleanup.completeness import find_jumps, note_missing
from cleanup.prose_amounts import check_prose, prose_numbers
from cleanup.reconcile import reconcile
from dictionaries.identities import load_identities
from document.geometry import Box
from document.types import BlockKind, Cell, Character, Document, Reading, Table, TextBlock, TextLine
from tests.amount_tables import BOX, EXPENDITURE, document, table

IDENTITIES = load_identities()


def checked(*texts: str, with_table: bool = False) -> list[Reading]:
    doc = document(table(EXPENDITURE, unit="万元")) if with_table else document()
    blocks = tuple(TextBlock(f"p{i}", BlockKind.PARAGRAPH, (1,), BOX, Reading(t, t)) for i, t in enumerate(texts))
    doc = reconcile(replace(doc, blocks=doc.blocks + blocks), IDENTITIES)
    return [b.reading for b in doc.blocks if isinstance(b, TextBlock)]


TRUE = [
    "收入总计1,119.20万元，比上年减少262.00万元，下降18.97%。",
    "支出总计3,589.42万元，与上年相比增加479.55万元，增长15.42%。",
    "住房保障支出年初预算171.29万元，支出决算151.00万元，完成年初预算的88.15%。",
    "支出合计915.52万元，其中：基本支出712.30万元，占77.80%；项目支出203.22万元，占22.20%。",
    "公务接待费0.00万元，占0%。",
    "接待费支出3.00万元，完成全年预算的100.00%。",
    "本年新增77.71万元，比上年增加77.71万元，增长100%。",
]


@pytest.mark.parametrize("text", TRUE)
def test_what_adds_up_is_left_alone(text: str) -> None:
    (reading,) = checked(text)
    assert reading == Reading(text, text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("收入总计1,119.20万元，比上年减少282.00万元，下降18.97%。", "增减幅度"),
        ("支出年初预算171.29万元，支出决算151.00万元，完成年初预算的83.15%。", "完成比例"),
        ("支出合计915.52万元，其中：基本支出712.30万元，占71.80%。", "占比"),
    ],
)
def test_what_does_not_is_flagged_in_words(text: str, name: str) -> None:
    (reading,) = checked(text)
    assert reading.text == text
    assert reading.needs_review
    assert name in reading.reasons[0]


def test_the_whole_may_stand_in_the_paragraph_before() -> None:
    first, second = checked("2024年度支出合计3,589.42万元，其中：", "基本支出676.70万元，占比18.85%；")
    assert not first.needs_review
    assert not second.needs_review


def test_an_amount_that_a_table_proves_is_put_right() -> None:
    (reading,) = checked("支出合计915.52万元，其中：基本支出772.30万元，占77.80%。", with_table=True)
    assert reading.text == "支出合计915.52万元，其中：基本支出712.30万元，占77.80%。"
    assert not reading.needs_review
    assert reading.corrections[-1].before == "772.30"


def test_numbers_with_units() -> None:
    found = prose_numbers("其中：甲1,119.20万元，乙34元，占3.00％")
    assert [(str(n.value), n.unit) for n in found] == [("1119.20", "万元"), ("34", "元"), ("3.00", "%")]
    assert found[0].yuan == 11_192_000


def test_hostile_prose_takes_no_time() -> None:
    text = "，".join("占9.99%其中1,111.11万元增长1.01%" for _ in range(3000))
    assert len(checked(text)) == 1
    assert len(prose_numbers("1," * 100_000)) == 0


ROWS = [["项目", "行次", "金额"]] + [[f"{n}、某项收入", str(i), f"{i}.00"] for i, n in enumerate("一二三四五六七", 1)]


def counted(*left_out: int) -> Document:
    rows = [row for i, row in enumerate(ROWS) if i not in left_out]
    return note_missing(document(table(rows)))


def test_a_lost_row_leaves_two_jumps_and_marks_the_table() -> None:
    doc = counted(4)
    assert {(j.row, j.before, j.after) for j in find_jumps(doc.tables[0])} == {
        (4, "3", "5"),
        (4, "某项收入", "某项收入"),
    }
    assert doc.tables[0].needs_review
    assert "可能缺行" in doc.tables[0].reasons[0]


def test_one_jump_alone_marks_one_cell() -> None:
    rows = [list(row) for row in ROWS]
    rows[7][1] = "9"
    doc = note_missing(document(table(rows)))
    assert not doc.tables[0].needs_review
    assert [c.reading.text for c in doc.tables[0].cells if c.reading.needs_review] == ["9"]


@pytest.mark.parametrize(
    ("top", "height", "chance", "said"),
    [(140, 20, 0.99, False), (160, 20, 0.99, True), (140, 40, 0.99, True), (140, 20, 0.7, True)],
)
def test_a_jump_without_room_for_a_row_is_in_print(top: float, height: float, chance: float, said: bool) -> None:
    """15, 17 in rows that touch: the form itself has no 16. A gap, a high row or an unsure digit leave the doubt."""
    rows = [list(row) for row in ROWS]
    rows[7][1] = "9"
    doc = document(table(rows))
    cells = []
    for c in doc.tables[0].cells:
        last = c.row == 7
        box = Box(50 * c.col, top if last else 20 * c.row, 50 * c.col + 50, top + height if last else 20 * c.row + 20)
        text, sure = c.reading.text, chance if last else 0.99
        line = TextLine(text, Box(box.left, box.top, box.right, box.top + 10), 0.9, (Character(text, sure, 0, 1),))
        cells.append(replace(c, box=box, lines=(line,)))
    noted = note_missing(replace(doc, blocks=(replace(doc.tables[0], cells=tuple(cells)),))).tables[0]
    assert {c.reading.text for c in noted.cells if c.reading.needs_review} == ({"9"} if said else set())
    assert noted.reasons


def test_whole_counts_are_left_alone() -> None:
    doc = counted()
    assert not doc.tables[0].reasons
    assert doc == document(table(ROWS))
    assert check_prose(doc, IDENTITIES) == doc


def test_cells_that_ran_together_are_flagged() -> None:
    rows = [["项目", "金额", "其中"]] + [[f"某项支出{c}", "1.00", "2.00"] for c in "甲乙丙丁戊"]
    rows += [["养老保险缴费支出71.16", "", ""], ["某费", "12.42 12.42", ""], ["单价100万元（含）以上设备", "", ""]]
    doc = note_missing(document(table(rows)))
    assert {c.reading.text for c in doc.tables[0].cells if c.reading.needs_review} == {
        "养老保险缴费支出71.16",
        "12.42 12.42",
    }


def lined(text: str, *lines: tuple[str, Box]) -> Cell:
    return Cell(0, 0, 1, Box(0, 0, 200, 20), Reading(text, text), lines=tuple(TextLine(t, b, 0.9) for t, b in lines))


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (lined("47实际到位金额", ("47", Box(0, 5, 10, 15)), ("实际到位金额", Box(40, 5, 99, 15))), True),
        (lined("实际到位金额（万146元）", ("实际到位金额（万146元）", Box(0, 5, 90, 15))), True),
        (lined("实际到位金额（万元）", ("实际到位金额（万元）", Box(0, 5, 90, 15))), False),
        (lined("公务用车购置费", ("公务用车购置费", Box(0, 5, 60, 15)), ("1", Box(70, 5, 75, 15))), False),
        (
            lined("培训2024年", ("培训", Box(0, 0, 20, 9)), ("2024", Box(0, 10, 20, 19)), ("年", Box(0, 19, 9, 28))),
            False,
        ),
    ],
)
def test_a_number_beside_words_in_one_cell_is_said(cell: Cell, said: bool) -> None:
    noted = note_missing(document(Table("t", (1,), 1, 1, (cell,)))).tables[0].cells[0]
    assert noted.reading.needs_review == said
