"""Which queue an address means: ``?archive=…&document=…&table=…&reason=…&kind=…&order=…``, empty parts left out."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, TypeVar
from urllib.parse import urlencode

from fastapi import Depends

from review.types import BadValue, FieldKind, Order, QueueFilter, ReasonKind
from review.web.contexts import Chosen

Word = TypeVar("Word", bound=StrEnum)


def _one_of(kind: type[Word], value: str | None) -> Word | None:
    if not value:
        return None
    if value not in set(kind):
        raise BadValue(f"{value[:40]!r} is none of: {', '.join(kind)}")
    return kind(value)


def _number(value: str | None) -> int | None:
    if not value:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= 18):
        raise BadValue(f"{value[:40]!r} is no document's number")
    return int(value)


def chosen_queue(
    archive: str | None = None,
    document: str | None = None,
    table: str | None = None,
    reason: str | None = None,
    kind: str | None = None,
    order: str | None = None,
) -> Chosen:
    """The queue that the parts of a query name. Raises BadValue for a part that names nothing."""
    chosen = QueueFilter(
        archive=archive or None,
        document_id=_number(document),
        table=table or None,
        reason=_one_of(ReasonKind, reason),
        kind=_one_of(FieldKind, kind),
    )
    found = _one_of(Order, order) or Order.WORST
    return Chosen(chosen, found, query_of(chosen, found))


def query_of(chosen: QueueFilter, order: Order, **more: int) -> str:
    """The query string of a queue; without the parts that are left open."""
    parts: dict[str, object] = {
        "archive": chosen.archive,
        "document": chosen.document_id,
        "table": chosen.table,
        "reason": chosen.reason,
        "kind": chosen.kind,
        "order": None if order is Order.WORST else order,
        **{name: value or None for name, value in more.items()},
    }
    return urlencode({name: str(value) for name, value in parts.items() if value is not None})


ChosenQueue = Annotated[Chosen, Depends(chosen_queue)]
