"""Total scores and project sums of performance forms."""

from __future__ import annotations

import pytest

from cleanup.form_checks import check_forms
from cleanup.numbers import clean_numbers
from dictionaries.identities import load_identities
from document.types import Table
from tests.amount_tables import document, table

IDENTITIES = load_identities()
RATE = "预算执行率（实际执行金额/实际到位金额×100%）=（111.40/146×100%）=76.30%"


def evaluation(total: str, output: str = "48分", rate: str = RATE) -> Table:
    rows = [
        ["年初预算金额（万元）", "146", "实际到位金额（万元）", "146"],
        ["项目执行情况（10分）", rate, "", ""],
        ["一级指标", "三级指标", "年度指标值", "自评得分"],
        ["产出指标（50分）", "培训次数", "≥2次", output],
        ["效益指标（30分）", "服务水平", "提升", "30分"],
        ["满意度指标（10分）", "满意度", "≥95%", "10分"],
        ["总分", "", "", total],
    ]
    return check_forms(clean_numbers(document(table(rows))), IDENTITIES).tables[0]


def at(table_: Table, row: int, col: int):  # type: ignore[no-untyped-def]
    return next(c for c in table_.cells if (c.row, c.col) == (row, col))


@pytest.mark.parametrize(("total", "rate"), [("95.63分", RATE), ("88分", ""), ("88.00", "")])
def test_scores_that_add_up_are_verified(total: str, rate: str) -> None:
    checked = evaluation(total, rate=rate)
    assert not any(c.reading.needs_review for c in checked.cells)
    assert at(checked, 6, 3).verified_by == ("自评总分=各项得分之和",)
    assert at(checked, 3, 3).verified_by


@pytest.mark.parametrize(("total", "output"), [("96.63分", "48分"), ("95.63分", "43分")])
def test_scores_that_do_not_are_said(total: str, output: str) -> None:
    checked = evaluation(total, output)
    assert at(checked, 6, 3).reading.needs_review
    assert at(checked, 3, 3).reading.needs_review
    assert "不符" in at(checked, 6, 3).reading.reasons[0]
    assert at(checked, 6, 3).reading.text == total


def target(field: str, sentence: str) -> Table:
    rows = [["年度资金总额：", field], ["其中：财政拨款", field], ["项目概况", sentence], ["年度目标", "完成全部工作"]]
    return check_forms(clean_numbers(document(table(rows))), IDENTITIES).tables[0]


@pytest.mark.parametrize(
    ("field", "sentence"),
    [
        ("12,409,900", "费用共计1240.99万元。"),
        ("1240.99", "费用共计1240.99万元。"),
        ("115,300", "共计115,300元，分批支付。"),
    ],
)
def test_a_sum_in_words_and_in_its_field_agree_in_either_unit(field: str, sentence: str) -> None:
    checked = target(field, sentence)
    assert at(checked, 0, 1).verified_by
    assert not any(c.reading.needs_review for c in checked.cells)


@pytest.mark.parametrize(
    ("field", "sentence"), [("12,409,900", "费用共计1240.39万元。"), ("12,409,900", "费用共计12409.9万元。")]
)
def test_a_sum_one_slip_apart_is_said_at_both_places(field: str, sentence: str) -> None:
    checked = target(field, sentence)
    assert at(checked, 0, 1).reading.needs_review
    assert at(checked, 2, 1).reading.needs_review


def test_another_sum_in_the_sentence_says_nothing() -> None:
    checked = target("12,409,900", "其中培训资金35万元，共计20人。")
    assert not any(c.reading.needs_review or c.verified_by for c in checked.cells)
