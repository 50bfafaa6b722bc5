"""The desk at a glance (总览): how far, how right, how fast."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from math import exp, lgamma, log, log1p
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, select

from document.types import Status
from review import schema
from review.proposing import count_open
from review.queue import REASON_WORDS, archive_id, asked, audited, decided, queue_counts, waiting
from review.store import Store, utc_now
from review.types import (
    Action,
    AuditEstimate,
    Choice,
    DashboardView,
    FieldStatus,
    OperatorDay,
    QueueFilter,
    ReasonKind,
)

CONFIDENCE = 0.95
LONGEST_LOOK = 300.0
"""Seconds that one decision counts at most: who was called away does not work slowly."""
_F, _D, _DOC = schema.FIELDS.c, schema.DECISIONS.c, schema.DOCUMENTS.c


def dashboard(store: Store, archive: str | None = None, days: int = 14, now: datetime | None = None) -> DashboardView:
    """The desk at a glance."""
    now = now or utc_now()
    counts = queue_counts(store, QueueFilter(archive=archive) if archive is not None else None, now)
    estimate = audit_estimate(store, archive)
    of_documents = [] if archive is None else [_DOC.archive_id == archive_id(store, archive)]
    of_fields = [] if archive is None else [_F.archive_id == archive_id(store, archive)]
    with store.read() as connection:
        totals = _totals(connection, of_documents)
        outcomes = _outcomes(connection, of_fields)
        return DashboardView(
            documents=totals["documents"],
            documents_done=totals["done"],
            documents_partial=totals["partial"],
            documents_waiting=totals["documents"] - totals["done"],
            to_reemit=totals["to_reemit"],
            counts=counts,
            corrected=outcomes.get(Action.EDIT.value, 0),
            accepted=outcomes.get(Action.ACCEPT.value, 0),
            illegible=outcomes.get(Action.ILLEGIBLE.value, 0),
            printed_wrong=outcomes.get(Action.AS_PRINTED_WRONG.value, 0),
            verified=totals["verified"],
            fields=totals["fields"],
            audit=estimate,
            by_reason=_by_reason(connection, of_fields),
            operators=_operators(connection, of_documents, now - timedelta(days=days)),
            proposals=count_open(connection),
        )


def _totals(connection: Connection, wanted: Sequence[ColumnElement[bool]]) -> dict[str, int]:
    def count(condition: ColumnElement[bool]) -> ColumnElement[Any]:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    row = connection.execute(
        select(
            func.count().label("documents"),
            count(_DOC.n_waiting == 0).label("done"),
            count(_DOC.status == Status.PARTIAL.value).label("partial"),
            count(_DOC.revision > _DOC.emitted).label("to_reemit"),
            func.coalesce(func.sum(_DOC.n_verified), 0).label("verified"),
            func.coalesce(func.sum(_DOC.n_fields), 0).label("fields"),
        )
        .select_from(schema.DOCUMENTS)
        .where(*wanted)
    ).one()
    return {name: int(value) for name, value in row._asdict().items()}


def _outcomes(connection: Connection, wanted: Sequence[ColumnElement[bool]]) -> dict[str, int]:
    query = select(_F.outcome, func.count()).where(decided(), *wanted)
    return {outcome: int(n) for outcome, n in connection.execute(query.group_by(_F.outcome))}


def _by_reason(connection: Connection, wanted: Sequence[ColumnElement[bool]]) -> tuple[Choice, ...]:
    n = func.count()
    query = select(_F.reason, n).where(asked(), waiting(), *wanted)  # both: an index that holds all of it fits
    rows = connection.execute(query.group_by(_F.reason).order_by(n.desc())).all()
    return tuple(Choice(reason, REASON_WORDS[ReasonKind(reason)], count) for reason, count in rows if reason)


def _operators(
    connection: Connection, of_documents: Sequence[ColumnElement[bool]], since: datetime
) -> tuple[OperatorDay, ...]:
    """What each operator decided on each day; skips and undos are no decisions."""
    counted = [a.value for a in (Action.ACCEPT, Action.EDIT, Action.ILLEGIBLE, Action.AS_PRINTED_WRONG)]
    day = func.date(_D.at)
    changed = case((_D.before != _D.after, 1), else_=0)
    shown = case((_D.seconds > LONGEST_LOOK, LONGEST_LOOK), else_=func.coalesce(_D.seconds, 0))
    query = (
        select(_D.user, day.label("day"), func.count(), func.sum(changed), func.sum(shown))
        .where(_D.at >= since, _D.action.in_(counted))
        .group_by(_D.user, day)
        .order_by(day, _D.user)
    )
    if of_documents:
        query = query.join(schema.DOCUMENTS, _DOC.id == _D.document_id).where(*of_documents)
    return tuple(
        OperatorDay(user, at if isinstance(at, date) else date.fromisoformat(at), n, int(edits), float(seconds))
        for user, at, n, edits, seconds in connection.execute(query)
    )


# --- the audit sample --------------------------------------------------------------------------------------


def audit_estimate(store: Store, archive: str | None = None) -> AuditEstimate:
    """Silent errors, estimated from the audit sample.

    Fields that nobody could read say nothing either way and are left out.
    """
    number = None if archive is None else archive_id(store, archive)
    with store.read() as connection:
        sample = [audited(), _F.is_lost.is_(False), *([] if number is None else [_F.archive_id == number])]
        rows = connection.execute(select(_F.machine_text, _F.text, _F.status, _F.outcome).where(*sample)).all()
        whole = select(func.coalesce(func.sum(_DOC.n_unflagged), 0))
        population = connection.execute(
            whole if number is None else whole.where(_DOC.archive_id == number)
        ).scalar_one()
    waiting = sum(row.status == FieldStatus.WAITING.value for row in rows)
    told = [r for r in rows if r.status == FieldStatus.DECIDED.value and r.outcome != Action.ILLEGIBLE.value]
    wrong = sum(not same_text(row.machine_text, row.text) for row in told)
    low, high = clopper_pearson(wrong, len(told))
    return AuditEstimate(len(told), wrong, waiting, int(population), wrong / len(told) if told else None, low, high)


def same_text(one: str, other: str) -> bool:
    """Whether two texts say the same: width and white space aside, as the project's score compares."""
    return "".join(unicodedata.normalize("NFKC", one).split()) == "".join(unicodedata.normalize("NFKC", other).split())


def clopper_pearson(wrong: int, asked: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The exact interval (0–1) for a share of which ``wrong`` in ``asked`` were seen; 0 and 1 for none asked.

    Never narrower than it says, which small samples with few errors need; its ends are found by bisection.
    """
    if asked == 0:
        return 0.0, 1.0
    tail = (1 - confidence) / 2
    low = 0.0 if wrong == 0 else _bisected(lambda p: 1 - _cdf(wrong - 1, asked, p) < tail)
    high = 1.0 if wrong == asked else _bisected(lambda p: _cdf(wrong, asked, p) > tail)
    return low, high


def _bisected(is_below: Any) -> float:
    """The p where ``is_below`` turns false."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if is_below(middle) else (low, middle)
    return (low + high) / 2


def _cdf(k: int, n: int, p: float) -> float:
    """Chance of at most ``k`` in ``n`` with chance ``p`` each."""
    if p <= 0:
        return 1.0
    if p >= 1:
        return 1.0 if k >= n else 0.0
    terms = (lgamma(n + 1) - lgamma(i + 1) - lgamma(n - i + 1) + i * log(p) + (n - i) * log1p(-p) for i in range(k + 1))
    return min(1.0, sum(exp(t) for t in terms))
