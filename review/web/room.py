"""What every handler needs: the desk, the options, who is there, and how a page is drawn."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from review import service
from review.desk import Desk
from review.types import NotAllowed, Role, User
from review.web import texts
from review.web.contexts import Context, Shell
from review.web.errors import LoginNeeded
from review.web.options import DeskOptions, Language
from review.web.security import caller_address
from review.web.words import say, script_words

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"
LANGUAGE_COOKIE = "qingzhang_language"


@dataclass(frozen=True, slots=True)
class Room:
    """The desk as one server has it."""

    desk: Desk
    options: DeskOptions
    templates: Environment

    @property
    def cookie(self) -> str:
        """Name of the session cookie; ``__Host-`` ties it to this host and to TLS."""
        return "__Host-qingzhang" if self.options.over_tls else "qingzhang"


def templates() -> Environment:
    """The templates; everything in them is escaped, and an unknown name is an error."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= texts.FILTERS
    return environment


def room_of(request: Request) -> Room:
    """The server's room."""
    room: Room = request.app.state.room
    return room


def language_of(request: Request) -> Language:
    """The visitor's language: their choice, else the server's."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    return Language(chosen) if chosen in set(Language) else room_of(request).options.language


def address_of(request: Request) -> str:
    """The caller's address, for throttling."""
    peer = request.client.host if request.client else None
    return caller_address(peer, request.headers.get("x-forwarded-for"), room_of(request).options)


def address_asked(request: Request) -> str:
    """Path and query of the page asked for."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def user_of(request: Request) -> User | None:
    """Who sends the request: the session's user, or the one a trusted proxy names."""
    room = room_of(request)
    header = room.options.user_header
    if header is not None and request.client and request.client.host in room.options.trusted_proxies:
        name = request.headers.get(header)
        if name:
            return service.proxy_user(room.desk.store, name)
    token = request.cookies.get(room.cookie)
    return service.session_user(room.desk.store, token) if token else None


def _visitor(request: Request) -> User:
    user = user_of(request)
    if user is None:
        raise LoginNeeded("log in first")
    return user


def _at_least(needed: Role) -> Any:
    def check(user: Annotated[User, Depends(_visitor)]) -> User:
        if not user.role.may(needed):
            raise NotAllowed(f"this needs the role {needed}")
        return user

    return Depends(check)


Visitor = Annotated[User, Depends(_visitor)]


def _room_for(request: Request, user: Visitor) -> Room:
    room = room_of(request)
    return replace(room, desk=room.desk.seen_by(user))


OpenRoom = Annotated[Room, Depends(room_of)]
"""For who is not logged in yet: nothing of a document is shown from here."""
InRoom = Annotated[Room, Depends(_room_for)]
"""The room with the visitor's own archives, and no others."""
Operator = Annotated[User, _at_least(Role.OPERATOR)]
Approver = Annotated[User, _at_least(Role.APPROVER)]
Admin = Annotated[User, _at_least(Role.ADMIN)]


def fragment(request: Request, context: Context, user: User | None) -> str:
    """A context's template filled in."""
    language = language_of(request)

    def translate(key: str, **values: object) -> str:
        return say(language, key, **values)

    shell = Shell(
        user=user,
        language=language,
        path=request.url.path,
        here=address_asked(request) if request.method == "GET" else "/",
        by_proxy=room_of(request).options.user_header is not None,
        script_words=json.dumps(script_words(language), ensure_ascii=False),
    )
    template = room_of(request).templates.get_template(context.template)
    return template.render(page=context, shell=shell, t=translate)


def page(request: Request, context: Context, user: User | None, status: int = 200) -> HTMLResponse:
    """A whole page."""
    return HTMLResponse(fragment(request, context, user), status_code=status)
