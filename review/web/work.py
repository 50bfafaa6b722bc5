"""The queue, and one field after the other."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from review import service
from review.types import Action, Decision
from review.web.cards import card_json, counts_json, next_json
from review.web.chosen import ChosenQueue, query_of
from review.web.contexts import Chosen, QueuePage, SimilarList, WorkPage
from review.web.room import InRoom, Operator, Visitor, fragment, page

PER_PAGE = 50
"""Lines of the queue's list."""
router = APIRouter()
Answer = dict[str, Any]


class DecideBody(BaseModel):
    """A decision as the script sends it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    action: Action
    text: str | None = Field(None, max_length=10_000)
    revision: int | None = None
    comment: str = Field("", max_length=500)
    go_on: bool = True
    """Whether the next field of the queue is wanted."""


class SimilarBody(BaseModel):
    """Fields for which a decision is taken as well."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    field_ids: tuple[int, ...] = Field(max_length=500)


class UndoBody(BaseModel):
    """Which decision to take back; None: one's own last one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    decision_id: int | None = None


# --- pages -------------------------------------------------------------------------------------------------


@router.get("/queue")
def queue(request: Request, room: InRoom, user: Visitor, chosen: ChosenQueue, start: int = 0) -> Response:
    """What waits, with filters, counts and progress."""
    store, first = room.desk.store, max(0, start)
    lines = service.queue_page(store, chosen.filter, chosen.order, limit=PER_PAGE, offset=first)
    counts = service.queue_counts(store, chosen.filter)
    following = first + PER_PAGE
    return page(
        request,
        QueuePage(
            chosen=chosen,
            choices=service.filter_choices(store, chosen.filter),
            counts=counts,
            lines=lines,
            start=first,
            previous=_list_address(chosen, max(0, first - PER_PAGE)) if first else None,
            following=_list_address(chosen, following) if following < counts.waiting and lines else None,
        ),
        user,
    )


def _list_address(chosen: Chosen, start: int) -> str:
    return f"/queue?{query_of(chosen.filter, chosen.order, start=start)}"


@router.get("/work")
def work(request: Request, room: InRoom, user: Operator, chosen: ChosenQueue) -> Response:
    """The frame for the queue's fields; its script claims the first one (reading a page claims nothing)."""
    return page(request, WorkPage(chosen, service.queue_counts(room.desk.store, chosen.filter), None), user)


@router.get("/fields/{field_id}")
def one_field(request: Request, room: InRoom, user: Visitor, chosen: ChosenQueue, field_id: int) -> Response:
    """The same frame, beginning with this field."""
    service.field_view(room.desk.store, field_id)
    return page(request, WorkPage(chosen, service.queue_counts(room.desk.store, chosen.filter), field_id), user)


@router.get("/fields/{field_id}/crop.png")
def crop(room: InRoom, user: Visitor, field_id: int, cleaned: bool = False) -> Response:
    """The field with its surroundings."""
    return Response(service.crop_png(room.desk, field_id, cleaned), media_type="image/png")


# --- for the script ----------------------------------------------------------------------------------------


@router.post("/api/next")
def next_field(request: Request, room: InRoom, user: Operator, chosen: ChosenQueue) -> Answer:
    """Claim the next field of the queue."""
    return next_json(request, room, user, chosen)


@router.get("/api/fields/{field_id}")
def look(request: Request, room: InRoom, user: Visitor, field_id: int) -> Answer:
    """A field's card, without claiming it."""
    return {"card": card_json(request, room, user, field_id), "ahead": []}


@router.post("/api/fields/{field_id}/claim")
def claim(request: Request, room: InRoom, user: Operator, chosen: ChosenQueue, field_id: int) -> Answer:
    """Claim this field, or prolong the claim."""
    service.claim_field(room.desk.store, user, field_id)
    return {
        "card": card_json(request, room, user, field_id),
        "ahead": [],
        "counts": counts_json(service.queue_counts(room.desk.store, chosen.filter)),
    }


@router.post("/api/fields/{field_id}/release")
def release(room: InRoom, user: Operator, field_id: int) -> Answer:
    """Let a field go."""
    service.release(room.desk.store, user, field_id)
    return {"released": field_id}


@router.post("/api/fields/{field_id}/decide")
def decide(
    request: Request, room: InRoom, user: Operator, chosen: ChosenQueue, field_id: int, body: DecideBody
) -> Answer:
    """Record a decision; the answer brings the next field."""
    done = service.decide(room.desk, user, field_id, body.action, body.text, body.revision, body.comment)
    decided = {
        **_decision(done.decision),
        "settled": done.settled,
        "reopened": done.reopened,
        "similar": done.similar,
    }
    return {"decided": decided, **(next_json(request, room, user, chosen) if body.go_on else {})}


def _decision(decision: Decision) -> Answer:
    return {
        "decision_id": decision.id,
        "field_id": decision.field_id,
        "action": decision.action,
        "before": decision.before,
        "after": decision.after,
    }


@router.post("/api/undo")
def undo(request: Request, room: InRoom, user: Operator, chosen: ChosenQueue, body: UndoBody) -> Answer:
    """Take a decision back; the answer brings its field again, claimed."""
    undone = service.undo(room.desk, user, body.decision_id)
    field_id = undone.field_ids[0]
    service.claim_field(room.desk.store, user, field_id)
    return {
        "undone": len(undone.field_ids),
        "card": card_json(request, room, user, field_id),
        "ahead": [],
        "counts": counts_json(service.queue_counts(room.desk.store, chosen.filter)),
    }


@router.get("/api/decisions/{decision_id}/similar")
def similar(request: Request, room: InRoom, user: Operator, decision_id: int) -> Answer:
    """Where the same was read: a list to look through before anything is accepted."""
    found = service.similar_fields(room.desk.store, decision_id, user)
    return {"count": len(found.fields), "html": fragment(request, SimilarList(found), user)}


@router.post("/api/decisions/{decision_id}/similar")
def accept_similar(room: InRoom, user: Operator, chosen: ChosenQueue, decision_id: int, body: SimilarBody) -> Answer:
    """The same decision for the fields that were ticked, as one batch."""
    taken = service.accept_similar(room.desk, user, decision_id, body.field_ids)
    return {
        "accepted": len(taken),
        "counts": counts_json(service.queue_counts(room.desk.store, chosen.filter)),
    }
