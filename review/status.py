"""Where a field stands (复核状态), and the counts of a document that follow from it."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection, and_, case, func, select, update

from review import schema
from review.decisions import clears
from review.sums import Sum, by_field, is_vouched, value_of
from review.types import FieldStatus

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides a field's status."""

    text: str
    """As it stands now."""
    flagged: bool
    """By the machine."""
    reasons: tuple[str, ...]
    held: bool
    """Whether a person's decision holds."""


def settled(standings: Mapping[Key, Standing], sums: Collection[Sum[Key]], changed: Collection[Key]) -> frozenset[Key]:
    """The flagged fields that sums with a changed field put beyond doubt: nobody need look at them any more."""
    index = by_field(sums)
    near = {key for at in changed for item in index.get(at, ()) for key in item.keys()}  # noqa: SIM118
    values = {key: value_of(s.text) for key, s in standings.items() if key in index}
    return frozenset(
        key
        for key in near
        if (s := standings.get(key)) is not None
        and s.flagged
        and not s.held
        and clears(s.reasons)
        and is_vouched(key, index[key], values)
    )


def update_counts(connection: Connection, document_id: int) -> None:
    """Write a document's counts anew. The caller holds the document's row, so that no count is an old one."""
    f, documents = schema.FIELDS.c, schema.DOCUMENTS

    def count(condition: object) -> object:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)  # type: ignore[arg-type]

    unflagged = and_(~f.flagged, f.in_text, f.kind != "table", f.machine_text != "", ~f.is_lost)
    found = connection.execute(
        select(
            count(~f.is_lost).label("n_fields"),  # type: ignore[attr-defined]
            count(f.status == FieldStatus.WAITING.value).label("n_waiting"),  # type: ignore[attr-defined]
            count(f.status == FieldStatus.DECIDED.value).label("n_decided"),  # type: ignore[attr-defined]
            count(f.status == FieldStatus.SETTLED.value).label("n_settled"),  # type: ignore[attr-defined]
            count(and_(f.verified, ~f.is_lost)).label("n_verified"),  # type: ignore[attr-defined]
            count(unflagged).label("n_unflagged"),  # type: ignore[attr-defined]
        ).where(f.document_id == document_id)
    ).one()
    connection.execute(update(documents).where(documents.c.id == document_id).values(**found._asdict()))
