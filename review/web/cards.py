"""One field for the page and its script: the card, and what comes along with it."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from fastapi import Request

from review import service
from review.types import FieldKind, FieldView, QueueCounts, Role, SumView, User
from review.web.contexts import Card, Chosen
from review.web.room import Room, fragment

AHEAD = 3
"""Fields whose pictures are fetched before they are asked for."""


def sum_state(view: SumView, field_id: int) -> dict[str, Any]:
    """A sum as ``rest + own · value``, which is 0 where it holds: all the script needs to recompute it.

    ``rest`` is a decimal string over all other fields, ``own`` how often the field itself counts.
    """
    signed = [(term.field_id, Decimal(term.sign), term.value) for term in view.terms]
    signed.append((view.total.field_id, Decimal(-1), view.total.value))
    own = sum((sign for other, sign, _ in signed if other == field_id), Decimal(0))
    rest = sum((sign * value for other, sign, value in signed if other != field_id), Decimal(0))
    return {
        "id": view.id,
        "decimals": view.decimals,
        "own": int(own),
        "rest": format(rest, "f"),
        "tolerance": format(view.tolerance, "f"),
    }


def state_of(field: FieldView) -> dict[str, Any]:
    """What the script needs of a field."""
    return {
        "id": field.id,
        "revision": field.revision,
        "text": field.text,
        "suggestions": [s.text for s in field.suggestions],
        "sums": [sum_state(s, field.id) for s in field.sums],
        "cleaned": field.has_cleaned,
        "editable": field.kind is not FieldKind.TABLE,
    }


def card_of(room: Room, user: User, field_id: int) -> Card:
    """The card of a field. Raises NotFound."""
    store = room.desk.store
    field = service.field_view(store, field_id)
    return Card(
        field=field,
        crop=service.crop_box(store, field_id),
        state=json.dumps(state_of(field), ensure_ascii=False),
        row=field.context.row_cells if field.context else (),
        column=field.context.column_cells if field.context else (),
        history=service.history(store, field_id),
        may_decide=user.role.may(Role.OPERATOR),
    )


def card_json(request: Request, room: Room, user: User, field_id: int) -> dict[str, Any]:
    """The card as the script puts it into the page."""
    card = card_of(room, user, field_id)
    field = card.field
    return {"id": field.id, "text": field.text, "revision": field.revision, "html": fragment(request, card, user)}


def ahead(room: Room, user: User, chosen: Chosen, field_id: int) -> list[int]:
    """The fields that come next in all likelihood; nobody has claimed them yet."""
    lines = service.queue_page(room.desk.store, chosen.filter, chosen.order, limit=2 * AHEAD + 1)
    return [line.id for line in lines if line.id != field_id and line.claimed_by in {None, user.name}][:AHEAD]


def counts_json(counts: QueueCounts) -> dict[str, Any]:
    """The queue's counts for the script."""
    return {
        "waiting": counts.waiting,
        "claimed": counts.claimed,
        "done": counts.decided + counts.settled,
        "total": counts.total,
        "progress": round(counts.progress, 4),
    }


def next_json(request: Request, room: Room, user: User, chosen: Chosen) -> dict[str, Any]:
    """The next field of a queue, claimed, with its counts; ``card`` is None where nothing waits."""
    claim = service.claim_next(room.desk.store, user, chosen.filter, chosen.order)
    counts = counts_json(service.queue_counts(room.desk.store, chosen.filter))
    if claim is None:
        return {"card": None, "ahead": [], "counts": counts}
    return {
        "card": card_json(request, room, user, claim.field_id),
        "ahead": ahead(room, user, chosen, claim.field_id),
        "counts": counts,
    }
