"""The record of decisions (复核记录): written once, read often."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select

from document.geometry import Box
from review import schema
from review.decisions import HELD, HeldDecision, Place
from review.schema import AnyRow
from review.types import Action, Decision, FieldKind


def place_json(place: Place) -> str:
    """Where a field stands, as the record keeps it."""
    return json.dumps(
        {
            "kind": place.kind.value,
            "page": place.page,
            "bbox": [round(v, 2) for v in place.box.as_tuple()],
            "table": place.table,
            "row": place.row,
            "col": place.col,
            "row_label": place.row_label,
            "column_label": place.column_label,
        },
        ensure_ascii=False,
    )


def place_from(text: str) -> Place:
    """What ``place_json`` wrote."""
    data = json.loads(text)
    return Place(
        FieldKind(data["kind"]),
        data["page"],
        Box(*data["bbox"]),
        data["table"],
        data["row"],
        data["col"],
        data["row_label"],
        data["column_label"],
    )


def decision_from(row: AnyRow) -> Decision:
    """A decision from its row."""
    return Decision(
        row.id,
        row.uid,
        row.field_id,
        row.document_id,
        row.user,
        row.at,
        Action(row.action),
        row.before,
        row.after,
        row.shown,
        row.batch,
        row.undoes,
        row.seconds,
        row.is_audit,
        row.comment,
    )


def held_decisions(connection: Connection, document_id: int) -> tuple[HeldDecision, ...]:
    """The decisions in force of a document, those whose field is being looked for again among them."""
    d, f = schema.DECISIONS.c, schema.FIELDS.c
    rows = connection.execute(
        select(d.uid, d.action, d.before, d.after, d.place, d.at, d.user)
        .join(schema.FIELDS, f.decision_uid == d.uid)
        .where(f.document_id == document_id)
        .order_by(d.id)
    )
    return tuple(
        HeldDecision(r.uid, Action(r.action), r.before, r.after, place_from(r.place), r.at, r.user) for r in rows
    )


def history_of(connection: Connection, field_ids: Iterable[int]) -> dict[int, tuple[Decision, ...]]:
    """The whole record of some fields, oldest first."""
    d = schema.DECISIONS.c
    wanted = list(field_ids)
    found: dict[int, list[Decision]] = {field_id: [] for field_id in wanted}
    for start in range(0, len(wanted), 500):
        rows = select(schema.DECISIONS).where(d.field_id.in_(wanted[start : start + 500])).order_by(d.id)
        for row in connection.execute(rows):
            found[row.field_id].append(decision_from(row))
    return {field_id: tuple(decisions) for field_id, decisions in found.items()}


def in_force(history: Sequence[Decision]) -> Decision | None:
    """The decision that holds after a field's whole record: the last that says something and was not taken back."""
    undone = {decision.undoes for decision in history}
    return next((d for d in reversed(history) if d.action in HELD and d.uid not in undone), None)
