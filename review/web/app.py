"""The review desk as a web application, and as a server."""

from __future__ import annotations

import logging
from urllib.parse import quote

import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from document.exceptions import QingzhangError
from review import service
from review.desk import Desk
from review.types import ReviewError
from review.web import documents, overview, visits, work
from review.web.contexts import ErrorPage
from review.web.errors import LoginNeeded, Problem, problem_of, problem_of_status, problem_response
from review.web.options import DeskOptions
from review.web.room import STATIC, Room, address_asked, language_of, page, templates, user_of
from review.web.security import Guard

log = logging.getLogger(__name__)


class NobodyMayLogIn(ReviewError):
    """The desk has no user yet."""


def create_app(desk: Desk, options: DeskOptions | None = None) -> FastAPI:
    """The desk's pages over a store. Raises NobodyMayLogIn where there is no user yet."""
    options = options or DeskOptions()
    if not service.has_user(desk.store):
        raise NobodyMayLogIn("nobody may log in yet: add a user with `qingzhang review user add NAME --role admin`")
    app = FastAPI(title="Qingzhang", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.room = Room(desk, options, templates())
    for part in (visits, work, documents, overview):
        app.include_router(part.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_exception_handler(QingzhangError, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _not_served)
    app.add_middleware(Guard, options=options, broken=_broken)
    return app


def serve(desk: Desk, options: DeskOptions) -> None:
    """Serve until the process is told to stop; forwarded headers are read by the desk alone."""
    config = uvicorn.Config(
        create_app(desk, options),
        host=options.host,
        port=options.port,
        proxy_headers=False,
        server_header=False,
        log_level="warning",
        access_log=False,
    )
    log.info("the desk listens on http://%s:%d", options.host, options.port)
    uvicorn.Server(config).run()


# --- what went wrong ---------------------------------------------------------------------------------------


def _refused(request: Request, error: Exception) -> Response:
    if isinstance(error, LoginNeeded) and request.method == "GET" and not _wants_json(request):
        return RedirectResponse(f"/login?next={quote(address_asked(request))}", 303)
    return _answer(request, problem_of(error))


def _malformed(request: Request, error: Exception) -> Response:
    return _answer(request, Problem(422, "bad_value"))


def _not_served(request: Request, error: Exception) -> Response:
    return _answer(request, problem_of_status(error.status_code if isinstance(error, HTTPException) else 500))


def _broken(request: Request, error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _answer(request, problem_of(error))


def _answer(request: Request, problem: Problem) -> Response:
    """The error as JSON for scripts and pictures, as a page for people."""
    if _wants_json(request):
        return problem_response(problem, language_of(request))
    try:
        user = user_of(request)
    except Exception:  # the store may be what broke: the page can do without a name
        user = None
    return page(request, ErrorPage(problem), user, problem.status)


def _wants_json(request: Request) -> bool:
    return request.url.path.startswith("/api/") or request.url.path.endswith(".png")
