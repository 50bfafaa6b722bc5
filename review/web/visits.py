"""Coming and going: log in and out, language, one's own password."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from review import service
from review.types import ReviewError, Session
from review.web.contexts import LoginPage, PasswordPage
from review.web.errors import problem_of
from review.web.options import Language
from review.web.room import LANGUAGE_COOKIE, InRoom, OpenRoom, Room, Visitor, address_of, page, user_of

ONE_YEAR = 31_536_000
"""Seconds."""
PasswordField = Annotated[str, Form(max_length=200)]
router = APIRouter()


def local_path(path: str) -> str:
    """The path, where it leads to a page of this desk; else the start page: nobody is sent elsewhere."""
    odd = not path.startswith("/") or path.startswith("//") or any(c == "\\" or c < " " for c in path)
    return "/" if odd else path


@router.get("/")
def start(user: Visitor) -> Response:
    """The queue is the start page."""
    return RedirectResponse("/queue", 303)


@router.get("/login")
def login_page(request: Request, next: str = "/") -> Response:
    """The form; who is logged in already goes on."""
    if user_of(request) is not None:
        return RedirectResponse(local_path(next), 303)
    return page(request, LoginPage(local_path(next)), None)


@router.post("/login")
def log_in(
    request: Request,
    room: OpenRoom,
    name: Annotated[str, Form(max_length=64)],
    password: PasswordField,
    next: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    """A new session and its cookie; an older session of this browser ends."""
    try:
        session = service.log_in(room.desk.store, name, password, address_of(request))
    except ReviewError as error:
        problem = problem_of(error)
        refused = page(request, LoginPage(local_path(next), problem), None, problem.status)
        if problem.retry_after is not None:
            refused.headers["Retry-After"] = str(problem.retry_after)
        return refused
    _end_session(request, room)
    return _with_session(RedirectResponse(local_path(next), 303), room, session)


@router.post("/logout")
def log_out(request: Request, room: OpenRoom) -> Response:
    """The session ends, here and in the store."""
    _end_session(request, room)
    response = RedirectResponse("/login", 303)
    response.delete_cookie(room.cookie, path="/", secure=room.options.over_tls, httponly=True, samesite="lax")
    return response


@router.post("/language")
def set_language(
    room: OpenRoom, language: Annotated[Language, Form()], next: Annotated[str, Form(max_length=2000)] = "/"
) -> Response:
    """The pages in another language, for this browser."""
    response = RedirectResponse(local_path(next), 303)
    response.set_cookie(
        LANGUAGE_COOKIE, language, max_age=ONE_YEAR, secure=room.options.over_tls, httponly=True, samesite="lax"
    )
    return response


@router.get("/password")
def password_page(request: Request, user: Visitor) -> Response:
    """The form for one's own password."""
    return page(request, PasswordPage(), user)


@router.post("/password")
def set_password(
    request: Request, room: InRoom, user: Visitor, current: PasswordField, password: PasswordField
) -> Response:
    """A new password: the old one is asked for, and every other session of the user ends."""
    store = room.desk.store
    try:
        service.log_out(store, service.log_in(store, user.name, current, address_of(request)).token)
        service.set_password(store, user.name, password)
        session = service.log_in(store, user.name, password, address_of(request))
    except ReviewError as error:
        problem = problem_of(error)
        return page(request, PasswordPage(problem), user, problem.status)
    return _with_session(RedirectResponse("/queue", 303), room, session)


def _end_session(request: Request, room: Room) -> None:
    token = request.cookies.get(room.cookie)
    if token:
        service.log_out(room.desk.store, token)


def _with_session(response: Response, room: Room, session: Session) -> Response:
    response.set_cookie(
        room.cookie, session.token, path="/", secure=room.options.over_tls, httponly=True, samesite="lax"
    )
    return response
