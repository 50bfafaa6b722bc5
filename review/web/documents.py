"""The documents, and a whole page beside its text."""

from __future__ import annotations

from collections import defaultdict
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from review import service
from review.types import FieldStatus, PageBlock, Role
from review.web.contexts import BlockRows, DocumentsPage, PagePage
from review.web.room import InRoom, Visitor, page

PER_PAGE = 100
"""Lines of the list."""
router = APIRouter()


@router.get("/documents")
def documents(
    request: Request, room: InRoom, user: Visitor, archive: str | None = None, containing: str = "", start: int = 0
) -> Response:
    """The documents, those with most to do first."""
    store, first = room.desk.store, max(0, start)
    wanted = containing.strip()[:200]
    lines = service.documents(store, archive or None, wanted, limit=PER_PAGE + 1, offset=first)
    parts = {"archive": archive or "", "containing": wanted}
    return page(
        request,
        DocumentsPage(
            archive=archive or None,
            archives=service.archive_choices(store),
            containing=wanted,
            documents=lines[:PER_PAGE],
            start=first,
            previous=_address(parts, max(0, first - PER_PAGE)) if first else None,
            following=_address(parts, first + PER_PAGE) if len(lines) > PER_PAGE else None,
        ),
        user,
    )


def _address(parts: dict[str, str], start: int) -> str:
    kept = {name: value for name, value in parts.items() if value} | ({"start": str(start)} if start else {})
    return f"/documents?{urlencode(kept)}"


@router.get("/documents/{document_id}")
def document(room: InRoom, user: Visitor, document_id: int) -> Response:
    """The first page that was read."""
    number = service.first_page(room.desk.store, document_id)
    return RedirectResponse(f"/documents/{document_id}/pages/{number}", 303)


@router.get("/documents/{document_id}/pages/{number}")
def whole_page(
    request: Request, room: InRoom, user: Visitor, document_id: int, number: int, cleaned: bool = False
) -> Response:
    """The page as a picture with boxes, beside what was read."""
    view = service.page_view(room.desk.store, document_id, number)
    waiting = sum(f.status is FieldStatus.WAITING for b in view.blocks for f in b.fields)
    return page(
        request,
        PagePage(
            view=view,
            blocks=tuple(in_rows(b) for b in view.blocks),
            cleaned=cleaned and view.has_cleaned,
            waiting=waiting,
            may_decide=user.role.may(Role.OPERATOR),
        ),
        user,
    )


@router.get("/documents/{document_id}/pages/{number}/picture.png")
def picture(room: InRoom, user: Visitor, document_id: int, number: int, cleaned: bool = False) -> Response:
    """The page's picture."""
    return Response(service.page_png(room.desk, document_id, number, cleaned), media_type="image/png")


def in_rows(block: PageBlock) -> BlockRows:
    """A block's fields by printed row, each row from left to right."""
    rows: dict[int, list[int]] = defaultdict(list)
    for index, field in enumerate(block.fields):
        rows[field.row].append(index)
    ordered = (tuple(sorted(rows[row], key=lambda i: block.fields[i].col)) for row in sorted(rows))
    return BlockRows(block, tuple(ordered))
