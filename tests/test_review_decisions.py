"""Decisions on documents, without a store: pure functions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from document import json as contract
from document.exceptions import InputError
from document.geometry import Box
from document.types import Cell, Document, Rule, Table
from review import sidecar
from review.decisions import (
    ILLEGIBLE,
    PRINTED_WRONG,
    DecisionFile,
    HeldDecision,
    apply_decisions,
    dump,
    in_force,
    load,
    match,
    place_of,
)
from review.fields import FieldKey, fields_of, reason_kind
from review.sidecar import Sidecar, machine_document, machine_readings
from review.sums import Sum, printed, value_of
from review.types import Action, FieldKind, ReasonKind
from tests.desk_sample import MISREAD, document, moved, sums

AT = datetime(2026, 3, 2, tzinfo=UTC)


def decision(doc: Document, key: tuple[int, int, int], after: str, action: Action = Action.EDIT) -> HeldDecision:
    field = next(f for f in fields_of(doc) if f.key == FieldKey(*key))
    uid = f"{abs(hash((key, after, action))):032x}"[:32]
    return HeldDecision(uid, action, field.reading.text, after, place_of(field), AT, "ann")


def cell(doc: Document, key: tuple[int, int, int]) -> Cell:
    table = doc.blocks[key[0]]
    assert isinstance(table, Table)
    return next(c for c in table.cells if (c.row, c.col) == key[1:])


AMOUNT, LABEL = (1, 3, 2), (1, 3, 1)


def test_an_edit_is_recorded_and_its_amount_computed_anew() -> None:
    doc = document()
    done = cell(apply_decisions(doc, [decision(doc, AMOUNT, "1,030.00")]), AMOUNT)
    assert (done.reading.text, done.amount, done.reading.raw) == ("1,030.00", "1030.00", "38.00")
    assert (done.reading.needs_review, done.reading.reasons) == (False, ())
    (record,) = done.reading.corrections
    assert (record.before, record.after, record.rule, record.source) == ("38.00", "1,030.00", Rule.REVIEWER, "reviewer")


@pytest.mark.parametrize(
    ("text", "amount"), [("", None), ("无", None), ("-5.00", "-5.00"), ("95%", "95"), ("041001", None)]
)
def test_amounts_of_what_people_type(text: str, amount: str | None) -> None:
    doc = document()
    assert cell(apply_decisions(doc, [decision(doc, AMOUNT, text)]), AMOUNT).amount == amount


def test_an_accepted_field_needs_no_review_and_is_no_correction() -> None:
    doc = document()
    done = cell(apply_decisions(doc, [decision(doc, LABEL, MISREAD, Action.ACCEPT)]), LABEL)
    assert (done.reading.text, done.reading.needs_review, done.reading.corrections) == (MISREAD, False, ())


def test_illegible_stays_flagged_and_wrong_in_print_is_said() -> None:
    doc = document()
    unread = cell(apply_decisions(doc, [decision(doc, LABEL, MISREAD, Action.ILLEGIBLE)]), LABEL).reading
    assert unread.needs_review
    assert unread.reasons[-1] == ILLEGIBLE
    wrong = cell(apply_decisions(doc, [decision(doc, AMOUNT, "38.00", Action.AS_PRINTED_WRONG)]), AMOUNT).reading
    assert (wrong.needs_review, wrong.reasons) == (False, (PRINTED_WRONG,))


def test_a_sum_that_holds_now_clears_its_other_fields_and_names_itself() -> None:
    doc = document()
    done = apply_decisions(doc, [decision(doc, AMOUNT, "30.00")], sums(doc))
    for key in ((1, 1, 2), (1, 2, 2)):
        assert not cell(done, key).reading.needs_review
        assert cell(done, key).verified_by == ("合计=各类科目合计",)
    still = apply_decisions(doc, [decision(doc, AMOUNT, "31.00")], sums(doc))
    assert cell(still, (1, 1, 2)).reading.needs_review


def test_a_sum_that_held_names_no_field_any_more_when_a_person_changes_one() -> None:
    doc = document()
    proved = replace(
        doc.tables[0], cells=tuple(replace(c, verified_by=("合计=各类科目合计",)) for c in doc.tables[0].cells)
    )
    doc = replace(doc, blocks=(doc.blocks[0], proved, *doc.blocks[2:]))
    done = apply_decisions(doc, [decision(doc, AMOUNT, "31.00")], sums(doc))
    assert cell(done, (1, 1, 2)).verified_by == cell(done, AMOUNT).verified_by == ()
    assert cell(done, (1, 1, 1)).verified_by == ("合计=各类科目合计",)


def test_the_same_reading_from_the_machine_is_no_correction_by_a_person() -> None:
    doc = document()
    asked = decision(doc, LABEL, "事业单位医疗")
    done = cell(apply_decisions(document(misread="事业单位医疗"), [asked]), LABEL)
    assert (done.reading.text, done.reading.corrections) == ("事业单位医疗", ())


@given(by=st.floats(-5, 5), texts=st.lists(st.text("事业单位医疗人0.", max_size=6), min_size=1, max_size=4))
def test_a_person_s_value_is_never_replaced(by: float, texts: list[str]) -> None:
    """Wherever the boxes are read within a quarter of a cell, and whatever the machine reads there."""
    doc = document()
    places = [(1, 1, 1), (1, 2, 1), (1, 3, 1), (1, 3, 2)][: len(texts)]
    decisions = [decision(doc, key, text) for key, text in zip(places, texts, strict=True)]
    again = moved(document(misread="另一种误读"), by)
    done = apply_decisions(again, decisions, sums(again))
    assert [cell(done, key).reading.text for key in places] == texts
    assert all(not cell(done, key).reading.needs_review for key in places)


@given(by=st.sampled_from([20, 40, 400]))
def test_what_cannot_be_told_for_certain_is_given_back(by: float) -> None:
    """Boxes a row or more away: nothing is written where it does not belong, and nothing is dropped."""
    doc = document()
    asked = decision(doc, LABEL, "事业单位医疗")
    box = asked.place.box
    asked = replace(
        asked, place=replace(asked.place, box=Box(box.left + 150, box.top + by, box.right + 150, box.bottom + by))
    )
    found = match(doc, [asked])
    assert (len(found.sure), len(found.doubtful)) == (0, 1)
    assert apply_decisions(doc, [asked]) == doc


def test_a_table_as_a_whole() -> None:
    doc = document()
    doubted = replace(doc.tables[0], needs_review=True, reasons=("从“3”跳到“5”，可能缺行",))
    doc = replace(doc, blocks=(doc.blocks[0], doubted, *doc.blocks[2:]))
    done = apply_decisions(doc, [decision(doc, (1, -1, -1), "支出决算表", Action.ACCEPT)])
    assert (done.tables[0].needs_review, done.tables[0].reasons) == (False, ())


@given(
    st.lists(
        st.tuples(st.sampled_from([(1, 1, 2), (1, 2, 2), (1, 3, 1), (1, 3, 2), (2, -1, -1)]), st.text(max_size=5)),
        max_size=5,
    )
)
def test_what_a_review_changed_can_be_put_back(changes: list[tuple[tuple[int, int, int], str]]) -> None:
    doc = contract.load(contract.dump(document()))
    decisions = [decision(doc, key, text) for key, text in dict(changes).items()]
    done = apply_decisions(doc, decisions, sums(doc))
    side = sidecar.load(sidecar.dump(Sidecar(machine=machine_readings(doc, done))))
    assert machine_document(done, side) == doc
    assert apply_decisions(machine_document(done, side), decisions, sums(doc)) == done


def test_without_the_sidecar_the_text_comes_back_and_is_flagged() -> None:
    doc = document()
    done = apply_decisions(doc, [decision(doc, LABEL, "事业单位医疗")])
    back = cell(machine_document(done, Sidecar()), LABEL).reading
    assert (back.text, back.needs_review, back.corrections) == (MISREAD, True, ())


def test_decisions_as_json_and_back() -> None:
    doc = document()
    file = DecisionFile(doc.source.sha256, (decision(doc, LABEL, "事业单位医疗"), decision(doc, AMOUNT, "")))
    again = load(dump(file))
    assert set(again.decisions) == set(file.decisions)
    assert dump(again) == dump(file)
    assert in_force(again, doc.source.sha256) == again.decisions
    assert in_force(again, "f" * 64) == in_force(None, doc.source.sha256) == ()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": "qingzhang.decisions/2", "sha256": "", "decisions": []}'])
def test_what_is_no_decisions_file_is_said(text: str) -> None:
    with pytest.raises(InputError, match="decisions"):
        load(text)


# --- sums and reasons --------------------------------------------------------------------------------------


@given(
    st.lists(st.tuples(st.integers(-(10**6), 10**6), st.sampled_from([1, -1])), min_size=1, max_size=6),
    st.integers(0, 5),
)
def test_the_value_that_a_sum_asks_for_makes_it_hold(parts: list[tuple[int, int]], which: int) -> None:
    item = Sum("s", 0, tuple((n, sign) for n, (_, sign) in enumerate(parts, 1)))
    values = {0: Decimal(7)} | {n: Decimal(v) / 100 for n, (v, _) in enumerate(parts, 1)}
    key = which % (len(parts) + 1)
    values[key] = item.should_be(key, values)
    assert item.difference(values) == 0


def test_a_zero_is_proved_by_no_sum_of_zeros() -> None:
    item = Sum("s", "t", (("a", 1), ("b", 1)))
    nothing: dict[str, Decimal] = {}
    assert not item.vouches("a", nothing)
    assert item.vouches("a", {"t": Decimal(1), "b": Decimal(1)})


@pytest.mark.parametrize(
    ("text", "value"), [("1,614.45", "1614.45"), ("", "0"), ("—", "0"), ("95%", "0"), ("说明", "0"), ("-0.50", "-0.50")]
)
def test_what_a_field_counts_as(text: str, value: str) -> None:
    assert value_of(text) == Decimal(value)


def test_amounts_are_printed_as_their_table_does() -> None:
    assert printed(Decimal("1234.5"), 2, "820.66") == "1234.50"
    assert printed(Decimal("-1234.5"), 2, "1,820.66") == "-1,234.50"
    assert printed(Decimal("1234.567"), 2, "") == "1234.567"


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("合计=各列之和：“合计”100.00与合计108.00不符（差 8.00）", ReasonKind.SUM),
        ("可能与另一格的数字8.00互换了位置", ReasonKind.SUM),
        ("与《收入决算表》同一科目的数字不同（1.00）", ReasonKind.COPY),
        ("从“3”跳到“5”，可能缺行", ReasonKind.STRUCTURE),
        ("多数勾稽关系不成立，行列可能错位：合计=各列之和：“合计”1与合计2不符（差 1）", ReasonKind.STRUCTURE),
        ("小数位数与同表其他金额不同（应为2位）", ReasonKind.FORM),
        ("应为金额，识别不清", ReasonKind.FORM),
        ("与“事业单位医疗”相近，未能确定", ReasonKind.DICTIONARY),
        ("编码2101102的标准名称是“事业单位医疗”，与印出的名称不同", ReasonKind.DICTIONARY),
        ("“3”可能是“8”", ReasonKind.UNCLEAR),
        ("识别把握不足", ReasonKind.UNCLEAR),
        ("something else", ReasonKind.OTHER),
    ],
)
def test_classes_of_reasons(reason: str, kind: ReasonKind) -> None:
    assert reason_kind(reason) is kind


def test_where_fields_stand() -> None:
    found = {f.key: f for f in fields_of(document())}
    amount = found[FieldKey(1, 3, 2)]
    assert (amount.kind, amount.row_label, amount.column_label) == (FieldKind.AMOUNT, "2101102 事业单位医疗人", "金额")
    assert found[FieldKey(1, 0, 2)].kind is FieldKind.LABEL
    assert found[FieldKey(1)].kind is FieldKind.TABLE
    assert not found[FieldKey(3)].in_text
