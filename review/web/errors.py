"""One shape for every error: ``{"error": {"code", "message", "detail"}}``; pages show the same as HTML."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import JSONResponse

from document.exceptions import InputError
from review.types import BadValue, FieldTaken, LoginRefused, LoginThrottled, NotAllowed, NotFound, ReviewError
from review.web.options import Language
from review.web.words import say


class LoginNeeded(ReviewError):
    """Nobody is logged in."""


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as a visitor sees it."""

    status: int
    """HTTP status."""
    code: str
    """For scripts; its words are ``error.CODE``."""
    detail: str = ""
    """What the program says itself."""
    retry_after: int | None = None
    """Seconds."""


_PROBLEMS: tuple[tuple[type[Exception], int, str], ...] = (
    (LoginNeeded, 401, "login_needed"),
    (LoginThrottled, 429, "throttled"),
    (LoginRefused, 401, "login_refused"),
    (NotFound, 404, "not_found"),
    (NotAllowed, 403, "not_allowed"),
    (FieldTaken, 409, "taken"),
    (BadValue, 422, "bad_value"),
    (InputError, 404, "no_picture"),
    (ReviewError, 400, "refused"),
)
_BY_STATUS = {404: "not_found", 405: "method", 422: "bad_value"}


def problem_of(error: Exception) -> Problem:
    """What a visitor is told of an exception; of an unexpected one nothing but that it happened."""
    for kind, status, code in _PROBLEMS:
        if isinstance(error, kind):
            return Problem(status, code, str(error), getattr(error, "seconds", None))
    return Problem(500, "broken")


def problem_of_status(status: int) -> Problem:
    """What a visitor is told where the framework itself refuses."""
    return Problem(status, _BY_STATUS.get(status, "refused"))


def problem_response(problem: Problem, language: Language) -> JSONResponse:
    """The one JSON shape."""
    body = {"code": problem.code, "message": say(language, f"error.{problem.code}"), "detail": problem.detail}
    headers = {} if problem.retry_after is None else {"Retry-After": str(problem.retry_after)}
    return JSONResponse({"error": body}, status_code=problem.status, headers=headers)
