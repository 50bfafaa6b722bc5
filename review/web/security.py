"""What every request passes first: whose page sent it, how big it is, and what the browser may do with the answer."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from review.web.errors import Problem, problem_response
from review.web.options import DeskOptions

READS = frozenset({"GET", "HEAD"})
WRITES = frozenset({"POST"})
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""No inline script or style, nothing from elsewhere; ``blob:`` for pictures fetched ahead."""
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # with no-referrer, browsers send "Origin: null" with forms
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
ONE_YEAR = 31_536_000
"""Seconds."""


def is_known_host(host: str | None, options: DeskOptions) -> bool:
    """Whether the Host header names this desk: another name may be a rebound one (DNS rebinding)."""
    name = (urlsplit(f"//{host}").hostname or "") if host else ""
    known = {"localhost", *(h.lower() for h in options.hosts)}
    if options.public_url is not None:
        known.add(urlsplit(options.public_url).hostname or "")
    return name in known or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def own_origin(host: str | None, options: DeskOptions) -> str:
    """The origin that the desk's own pages have."""
    return options.public_url or f"http://{(host or '').lower()}"


def is_own_write(origin: str | None, fetch_site: str | None, own: str) -> bool:
    """Whether a write comes from a page of the desk: each header that is sent must say so, and one must be sent."""
    if origin is None and fetch_site is None:
        return False
    return origin in {None, own} and fetch_site in {None, "same-origin"}


def refusal(method: str, headers: Headers, options: DeskOptions) -> Problem | None:
    """Why a request is not heard, or None."""
    host = headers.get("host")
    if not is_known_host(host, options):
        return Problem(421, "wrong_host")
    if method in READS:
        return None
    if method not in WRITES:
        return Problem(405, "method")
    if not is_own_write(headers.get("origin"), headers.get("sec-fetch-site"), own_origin(host, options)):
        return Problem(403, "foreign_write")
    length = headers.get("content-length", "0" if "transfer-encoding" not in headers else "")
    if not length.isascii() or not length.isdigit():
        return Problem(411, "length")
    return Problem(413, "too_large") if int(length) > options.max_body_bytes else None


def caller_address(peer: str | None, forwarded: str | None, options: DeskOptions) -> str:
    """The address a request comes from; of X-Forwarded-For only the last, and only from a trusted proxy."""
    address = peer or ""
    if forwarded and options.public_url is not None and address in options.trusted_proxies:
        return forwarded.rsplit(",", 1)[-1].strip()[:64]
    return address


class Guard:
    """ASGI middleware: refuses what ``refusal`` names, and puts the headers on every answer, also to a failure."""

    def __init__(self, app: ASGIApp, options: DeskOptions, broken: Callable[[Request, Exception], Response]) -> None:
        self.app = app
        self.options = options
        self.broken = broken

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        static = scope["path"].startswith("/static/")
        started = False

        async def send_guarded(message: Message) -> None:
            nonlocal started
            started = True
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers["Cache-Control"] = "no-cache" if static else "no-store"
                if self.options.over_tls:
                    headers["Strict-Transport-Security"] = f"max-age={ONE_YEAR}"
            await send(message)

        problem = refusal(scope["method"], Headers(scope=scope), self.options)
        if problem is not None:
            await problem_response(problem, self.options.language)(scope, receive, send_guarded)
            return
        try:
            await self.app(scope, receive, send_guarded)
        except Exception as error:
            if started:
                raise
            await self.broken(Request(scope), error)(scope, receive, send_guarded)
