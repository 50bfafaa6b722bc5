"""Deciding fields and taking decisions back (复核与撤销): every step a new line of the record, none ever changed."""

from __future__ import annotations

import json
import unicodedata
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, exists, insert, or_, select, update

from document.geometry import Box
from review import schema
from review.decisions import Place
from review.desk import Desk
from review.fieldsums import sums_of
from review.proposing import propose, withdraw
from review.queue import NOBODY, field_lines, need, no_field, refuse_if_taken
from review.record import decision_from, history_of, in_force, place_json
from review.schema import AnyRow
from review.status import Standing, settled, update_counts
from review.store import Store, utc_now
from review.types import (
    Action,
    BadValue,
    Decided,
    Decision,
    FieldKind,
    FieldStatus,
    FieldTaken,
    NotFound,
    ReasonKind,
    Role,
    SimilarFields,
    Undone,
    User,
)

LONGEST = 10_000
"""Characters of a value."""
MOST_SIMILAR = 500
_F, _D = schema.FIELDS.c, schema.DECISIONS.c
_OPEN = (FieldStatus.WAITING.value, FieldStatus.QUIET.value)


def decide(
    desk: Desk,
    user: User,
    field_id: int,
    action: Action,
    text: str | None = None,
    revision: int | None = None,
    comment: str = "",
    now: datetime | None = None,
) -> Decided:
    """Record a decision and let the field go; the document's outputs are written anew soon after.

    ``text`` is needed for EDIT and left out otherwise; a blank text says that nothing is printed there. White space
    at the ends is taken off. ``revision`` is that of the FieldView shown.

    Raises FieldTaken (another operator has it in hand, or decided it since it was shown), BadValue (over 10,000
    characters, control characters, EDIT without text, UNDO), NotAllowed (viewers).
    """
    need(user, Role.OPERATOR)
    now = now or utc_now()
    value = _checked(action, text, comment)
    with desk.store.write() as connection:
        row = _locked(connection, field_id)
        refuse_if_taken(row, user.name, now)
        if revision is not None and revision != row.revision:
            raise FieldTaken("This field was decided or read again since it was shown. Look at it once more.")
        if action is Action.EDIT and row.kind == FieldKind.TABLE.value:
            raise BadValue("A table as a whole has no text. Correct its cells, or accept it.")
        action = Action.ACCEPT if action is Action.EDIT and value == row.text else action
        after = row.text if value is None else value
        decision = _record(connection, row, user, action, after, now, comment=comment)
        if action is Action.SKIP:
            values = {"skips": _F.skips + 1, **NOBODY}
            connection.execute(update(schema.FIELDS).where(_F.id == field_id).values(**values))
            return Decided(decision)
        _hold(connection, row, decision)
        settled_now, reopened = _resettle(connection, [field_id])
        _propose(desk, connection, row, decision)
        _changed(connection, row.document_id, now)
        similar = len(_similar_ids(connection, row, decision, user.name, now))
    desk.notify(decision.document_id)
    return Decided(decision, settled_now, reopened, similar)


def _checked(action: Action, text: str | None, comment: str) -> str | None:
    """The value to take, its ends without white space; None where the text stays. Raises BadValue."""
    if action is Action.UNDO:
        raise BadValue("Undo is a function of its own.")
    if len(comment) > LONGEST:
        raise BadValue(f"A comment has at most {LONGEST} characters.")
    if action is not Action.EDIT:
        return None
    if text is None:
        raise BadValue("Type the text that is printed, or mark the field illegible.")
    value = unicodedata.normalize("NFC", text).strip()
    if len(value) > LONGEST:
        raise BadValue(f"A text has at most {LONGEST} characters.")
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t" for c in value):
        raise BadValue("The text holds control characters. Type it, do not paste it.")
    return value


def _locked(connection: Connection, field_id: int) -> AnyRow:
    """The field, after its document: whoever decides in one document does so one after the other."""
    document_id = connection.execute(select(_F.document_id).where(_F.id == field_id)).scalar()
    if document_id is None:
        raise no_field(field_id)
    lock_document(connection, document_id)
    return connection.execute(select(schema.FIELDS).where(_F.id == field_id).with_for_update()).one()


def lock_document(connection: Connection, document_id: int) -> None:
    """Hold the document's row to the end of the transaction."""
    d = schema.DOCUMENTS.c
    connection.execute(select(d.id).where(d.id == document_id).with_for_update()).one()


def _record(
    connection: Connection,
    row: AnyRow,
    user: User,
    action: Action,
    after: str,
    now: datetime,
    comment: str = "",
    batch: str | None = None,
    undoes: str | None = None,
) -> Decision:
    """A new line of the record, with what the operator saw and where the field stands."""
    shown = {
        "text": row.text,
        "raw": row.raw,
        "confidence": row.confidence,
        "reasons": row.reasons,
        "suggestions": row.suggestions,
        "machine_text": row.machine_text,
        "revision": row.revision,
    }
    mine = row.claimed_by == user.name and row.claimed_at is not None
    values: dict[str, Any] = {
        "uid": uuid.uuid4().hex,
        "field_id": row.id,
        "document_id": row.document_id,
        "user": user.name,
        "at": now,
        "action": action.value,
        "before": row.text,
        "after": after,
        "shown": json.dumps(shown, ensure_ascii=False),
        "place": place_json(_place(row)),
        "batch": batch,
        "undoes": undoes,
        "seconds": max(0.0, (now - row.claimed_at).total_seconds()) if mine and batch is None else None,
        "is_audit": row.is_audit,
        "comment": comment,
    }
    key = connection.execute(insert(schema.DECISIONS).values(**values)).inserted_primary_key
    assert key is not None
    return decision_from(connection.execute(select(schema.DECISIONS).where(_D.id == key[0])).one())


def _place(row: AnyRow) -> Place:
    return Place(
        FieldKind(row.kind),
        row.page,
        Box(row.left, row.top, row.right, row.bottom),
        row.table_name,
        row.row,
        row.col,
        row.row_label,
        row.column_label,
    )


def _hold(connection: Connection, row: AnyRow, decision: Decision) -> None:
    """Let a decision hold: from now on the field says what the person said.

    A field whose place is gone from the document is only put away: there is nothing to write its value into.
    """
    text = row.machine_text if decision.action is Action.ILLEGIBLE else decision.after
    values = {
        "text": row.text if row.is_lost else text,
        "status": FieldStatus.DECIDED.value,
        "outcome": decision.action.value,
        "decision_uid": None if row.is_lost else decision.uid,
        "revision": _F.revision + 1,
        **NOBODY,
    }
    connection.execute(update(schema.FIELDS).where(_F.id == row.id).values(**values))


def _resettle(connection: Connection, field_ids: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Look again at the fields that share a sum with changed ones: which are settled now, which wait again."""
    near = sums_of(connection, field_ids)
    others = [i for i, row in near.rows.items() if row.flagged and row.decision_uid is None]
    around = sums_of(connection, others)
    standings = {
        i: Standing(row.text, row.flagged, tuple(row.reasons), row.decision_uid is not None)
        for i, row in around.rows.items()
    }
    cleared = settled(standings, list(around.items.values()), others)
    done = tuple(i for i in others if i in cleared and around.rows[i].status == FieldStatus.WAITING.value)
    open_ = tuple(i for i in others if i not in cleared and around.rows[i].status == FieldStatus.SETTLED.value)
    for ids, status in ((done, FieldStatus.SETTLED), (open_, FieldStatus.WAITING)):
        if ids:
            values = {"status": status.value, "revision": _F.revision + 1, **NOBODY}
            connection.execute(update(schema.FIELDS).where(_F.id.in_(ids)).values(**values))
    return done, open_


def _changed(connection: Connection, document_id: int, now: datetime) -> None:
    """Note that the document's outputs have to be written anew."""
    documents = schema.DOCUMENTS
    values = {"revision": documents.c.revision + 1, "changed_at": now}
    connection.execute(update(documents).where(documents.c.id == document_id).values(**values))
    update_counts(connection, document_id)


# --- the same elsewhere ------------------------------------------------------------------------------------


def _similar_ids(connection: Connection, row: AnyRow, decision: Decision, user: str, now: datetime) -> list[int]:
    """Undecided fields where the same was read and the same was made of it, in nobody else's hand.

    The one this user has in hand is among them: it often is the next of the same kind.
    """
    if row.read_key is None or decision.action not in (Action.ACCEPT, Action.EDIT):
        return []
    open_ = _OPEN if decision.action is Action.EDIT else (FieldStatus.WAITING.value,)
    query = (
        select(_F.id)
        .where(
            _F.read_key == row.read_key,
            _F.status.in_(open_),
            _F.id != row.id,
            _F.text == row.machine_text,
            or_(_F.claimed_by.is_(None), _F.claimed_by == user, _F.claimed_until <= now),
            _F.is_lost.is_(False),
        )
        .order_by(_F.id)
        .limit(MOST_SIMILAR)
    )
    return list(connection.execute(query).scalars())


def similar_fields(store: Store, decision_id: int, user: User, now: datetime | None = None) -> SimilarFields:
    """Undecided fields of the same kind where the same was read as in a decision's field, in nobody else's hand."""
    with store.read() as connection:
        decision, row = _decision_and_field(connection, decision_id)
        ids = _similar_ids(connection, row, decision, user.name, now or utc_now())
        return SimilarFields(decision.id, row.raw, decision.after, field_lines(connection, ids))


def _decision_and_field(connection: Connection, decision_id: int) -> tuple[Decision, AnyRow]:
    found = connection.execute(select(schema.DECISIONS).where(_D.id == decision_id)).one_or_none()
    if found is None:
        raise NotFound(f"There is no decision {decision_id}.")
    row = connection.execute(select(schema.FIELDS).where(_F.id == found.field_id)).one()
    return decision_from(found), row


def accept_similar(
    desk: Desk, user: User, decision_id: int, field_ids: Sequence[int], now: datetime | None = None
) -> tuple[Decision, ...]:
    """The same decision for those of ``field_ids`` that are still similar and in nobody else's hand: one batch."""
    need(user, Role.OPERATOR)
    now = now or utc_now()
    batch = uuid.uuid4().hex
    with desk.store.write() as connection:
        decision, like = _decision_and_field(connection, decision_id)
        wanted = set(field_ids)
        ids = [i for i in _similar_ids(connection, like, decision, user.name, now) if i in wanted]
        documents = _lock_documents(connection, ids)
        still = set(_similar_ids(connection, like, decision, user.name, now))
        made = []
        for field_id in (i for i in ids if i in still):
            row = connection.execute(select(schema.FIELDS).where(_F.id == field_id).with_for_update()).one()
            made.append(_record(connection, row, user, decision.action, decision.after, now, batch=batch))
            _hold(connection, row, made[-1])
            _propose(desk, connection, row, made[-1])
        for document_id in documents:
            _changed(connection, document_id, now)
    for document_id in documents:
        desk.notify(document_id)
    return tuple(made)


def _lock_documents(connection: Connection, field_ids: Iterable[int]) -> list[int]:
    """Hold the documents of some fields, in the order of their ids: two batches never wait for each other."""
    query = select(_F.document_id).where(_F.id.in_(list(field_ids))).distinct()
    ids = sorted(connection.execute(query).scalars())
    for document_id in ids:
        lock_document(connection, document_id)
    return ids


# --- undo --------------------------------------------------------------------------------------------------


def undo(desk: Desk, user: User, decision_id: int | None = None, now: datetime | None = None) -> Undone:
    """Take back this user's last decision (a bulk accept as a whole), or a given one; as new records.

    Another user's decision needs the role approver. Raises NotFound where there is nothing to undo, FieldTaken where
    the field was decided again since.
    """
    need(user, Role.OPERATOR)
    now = now or utc_now()
    with desk.store.write() as connection:
        last = _to_undo(connection, user, decision_id)
        together = _batch_of(connection, last)
        documents = _lock_documents(connection, [d.field_id for d in together])
        made = tuple(_take_back(connection, user, decision, now) for decision in together)
        held = [d.field_id for d in together if d.action is not Action.SKIP]
        _resettle(connection, held)
        for document_id in documents if held else ():
            _changed(connection, document_id, now)
    for document_id in documents if held else ():
        desk.notify(document_id)
    return Undone(made, tuple(d.field_id for d in together))


def _not_undone() -> Any:
    again = schema.DECISIONS.alias("again")
    return ~exists().where(again.c.undoes == _D.uid)


def _to_undo(connection: Connection, user: User, decision_id: int | None) -> Decision:
    query = select(schema.DECISIONS).where(_D.action != Action.UNDO.value, _not_undone())
    whose = _D.user == user.name if decision_id is None else _D.id == decision_id
    row = connection.execute(query.where(whose).order_by(_D.id.desc()).limit(1)).one_or_none()
    if row is None:
        raise NotFound("There is nothing to undo.")
    decision = decision_from(row)
    if decision.user != user.name:
        need(user, Role.APPROVER)
    return decision


def _batch_of(connection: Connection, decision: Decision) -> list[Decision]:
    if decision.batch is None:
        return [decision]
    query = select(schema.DECISIONS).where(_D.batch == decision.batch, _not_undone()).order_by(_D.id)
    return [decision_from(row) for row in connection.execute(query)]


def _take_back(connection: Connection, user: User, decision: Decision, now: datetime) -> Decision:
    row = connection.execute(select(schema.FIELDS).where(_F.id == decision.field_id).with_for_update()).one()
    refuse_if_taken(row, user.name, now)
    if decision.action is Action.SKIP:
        made = _record(connection, row, user, Action.UNDO, row.text, now, undoes=decision.uid)
        connection.execute(update(schema.FIELDS).where(_F.id == row.id).values(skips=_F.skips - 1))
        return made
    record = history_of(connection, [row.id])[row.id]
    now_holds = in_force(record)
    if now_holds is None or now_holds.uid != decision.uid:
        raise FieldTaken("This field was decided again since. Undo that decision first.")
    before = in_force([d for d in record if d.uid != decision.uid])
    is_sought = before is not None and row.reason == ReasonKind.MOVED.value  # it was about another place
    text = str(row.machine_text) if is_sought else _text_of(row, before)
    made = _record(connection, row, user, Action.UNDO, text, now, undoes=decision.uid)
    withdraw(connection, decision.uid)
    values: dict[str, Any] = {
        "text": row.text if row.is_lost else text,
        "status": (FieldStatus.WAITING if is_sought else _status_without(row, before)).value,
        "outcome": before.action.value if before and not is_sought else None,
        "decision_uid": before.uid if before else None,
        "revision": _F.revision + 1,
        **NOBODY,
    }
    connection.execute(update(schema.FIELDS).where(_F.id == row.id).values(**values))
    return made


def _text_of(row: AnyRow, decision: Decision | None) -> str:
    """What the field says when ``decision`` holds."""
    if decision is None or decision.action is Action.ILLEGIBLE:
        return str(row.machine_text)
    return decision.after


def _status_without(row: AnyRow, before: Decision | None) -> FieldStatus:
    if before is not None:
        return FieldStatus.DECIDED
    return FieldStatus.WAITING if row.flagged or row.is_audit or row.reason is not None else FieldStatus.QUIET


def _propose(desk: Desk, connection: Connection, row: AnyRow, decision: Decision) -> None:
    if decision.action is Action.EDIT and not row.is_lost:
        propose(connection, row, decision, desk.dictionaries)
