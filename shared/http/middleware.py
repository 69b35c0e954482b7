"""What surrounds every request: a reference, one log line, security headers, limits, form protection."""

from __future__ import annotations

import asyncio
import re
import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog
from fastapi import HTTPException
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse

from shared.observability.tracing import current_trace_id, span

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from shared.auth.identity import Identity
    from shared.clock import Clock
    from shared.observability.metrics import AnswerTimes

_LOG = structlog.get_logger(__name__)

CSRF_COOKIE = "earshot_csrf"
_CSRF_BYTES = 32
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
"""As many bytes in URL-safe base64, which is how a token is made."""

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_FAILED = 500
_REFUSED_FROM = 400
_MOST_PATH = 300
"""Characters of a path in the log; ours are shorter."""

_STREAM = "text/event-stream"
_QUIET_PATHS = ("/health/", "/metrics", "/static/")
MOST_BODY_BYTES = 8 * 1024 * 1024
"""The largest body taken: a customers' file of 50,000 rows fits; nothing else comes near."""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
    " connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # What does not say otherwise is one reader's: without a word a cache may keep it, a 404 for one
    # (RFC 9110 §15.1).
    "Cache-Control": "no-store",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}

_BOUNDED_PATHS = ("/api/", "/health/")


class RequestContext:
    """Gives each request a reference, binds it to the log, and tells log and metrics how it ended."""

    def __init__(self, app: ASGIApp, *, clock: Clock, times: AnswerTimes) -> None:
        self._app = app
        self._clock = clock
        self._times = times

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = self._clock.monotonic()
        status, counted = _FAILED, not scope["path"].startswith(_QUIET_PATHS)

        async def remember_status(message: Message) -> None:
            nonlocal status, counted
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers.append("X-Reference", reference)
                # It lasts for as long as its page is open, which says nothing of us.
                counted = counted and not headers.get("content-type", "").startswith(_STREAM)
            await send(message)

        path: str = scope["path"]
        with (
            # A server may run a request inside what is left of an earlier one of the same connection.
            span(f"{scope['method']} {path}", Headers(scope=scope).get("traceparent"), alone=True),
            structlog.contextvars.bound_contextvars(trace_id=current_trace_id()),
        ):
            reference = (current_trace_id() or secrets.token_hex(16))[:16]
            scope.setdefault("state", {})["reference"] = reference
            try:
                await self._app(scope, receive, remember_status)
            except Exception:
                status = _FAILED  # Whatever the answer had begun with: it broke off.
                raise
            except asyncio.CancelledError:
                counted = False  # The service is ending.
                raise
            finally:
                # The next request of the same connection may be another organization's.
                structlog.contextvars.unbind_contextvars("organization_id")
                seconds = self._clock.monotonic() - started
                if counted:
                    self._times.answered(status, seconds)
            _note_change(scope, status)
            if not path.startswith(_QUIET_PATHS):
                _LOG.debug(
                    "request", method=scope["method"], path=path, status=status, seconds=round(seconds, 4)
                )


def _note_change(scope: Scope, status: int) -> None:
    """Log who changed something, and where: settings, keys, rules and lists keep no history of their own."""
    identity: Identity | None = scope["state"].get("identity")
    if identity is not None and scope["method"] not in _SAFE_METHODS and status < _REFUSED_FROM:
        _LOG.info(
            "change made",
            organization_id=identity.organization_id,
            by=identity.user_id,
            method=scope["method"],
            path=scope["path"][:_MOST_PATH],
            status=status,
        )


class SecurityHeaders:
    """Adds the headers that keep a browser strict. A response's own headers win."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers)


class BodyTooLarge(HTTPException):
    """A body is larger than `MOST_BODY_BYTES`; answered with 413, wherever it is being read."""

    def __init__(self, most_bytes: int) -> None:
        super().__init__(
            413, f"The body is larger than the {most_bytes} bytes that are taken. Send less at a time."
        )


class BodyLimit:
    """Refuses bodies beyond `MOST_BODY_BYTES` with 413, by `BodyTooLarge`.

    One that is announced is refused before it is read; one that is not, as soon as the reader has had that
    many bytes. The reader gets the refusal in place of more, so that it cannot take half a body for a whole.
    """

    def __init__(self, app: ASGIApp, *, most_bytes: int = MOST_BODY_BYTES) -> None:
        self._app = app
        self._most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdecimal() or int(announced) > self._most_bytes:
            raise BodyTooLarge(self._most_bytes)
        seen, begun = 0, False

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            if message["type"] == "http.request":
                seen += len(message.get("body", b""))
            if seen <= self._most_bytes:
                return message
            if begun:
                # An answer cannot be taken back; whoever reads on ends as if the client had gone.
                return {"type": "http.disconnect"}
            raise BodyTooLarge(self._most_bytes)

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        await self._app(scope, counted, noting)


class HeadRequests:
    """Answers HEAD as GET, without the body (RFC 9110 §9.3.2), where no answer is without end."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_head = scope["type"] == "http" and scope["method"] == "HEAD"
        if not is_head or not scope["path"].startswith(_BOUNDED_PATHS):
            await self._app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        await self._app({**scope, "method": "GET"}, receive, without_body)


class FormProtection:
    """Gives each browser a token for its forms, and refuses changes that another site's page asks for.

    The token is compared by `shared.auth.dependencies.csrf_protect`. The Origin check needs no page's
    help: browsers name the asking site in it on every cross-site change. `exempt` paths are called by
    machines that sign their requests.
    """

    def __init__(self, app: ASGIApp, *, public_url: str, exempt: tuple[str, ...]) -> None:
        self._app = app
        self._exempt = exempt
        self._secure = public_url.startswith("https://")
        self._public_host = urlsplit(public_url).netloc

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith((*self._exempt, *_QUIET_PATHS)):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if scope["method"] not in _SAFE_METHODS and not self._from_our_pages(headers):
            answer = PlainTextResponse("This change was asked for by a page of another site.", 403)
            await answer(scope, receive, send)
            return
        known = _cookie("; ".join(headers.getlist("cookie")))
        token = known or secrets.token_urlsafe(_CSRF_BYTES)
        scope.setdefault("state", {})["csrf_token"] = token

        async def with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start" and known is None:
                secure = "; Secure" if self._secure else ""
                MutableHeaders(scope=message).append(
                    "Set-Cookie", f"{CSRF_COOKIE}={token}; Path=/; HttpOnly; SameSite=Lax{secure}"
                )
            await send(message)

        await self._app(scope, receive, with_cookie)

    def _from_our_pages(self, headers: Headers) -> bool:
        origin = headers.get("origin")
        if origin is None:
            return True  # No browser asks: they all send Origin with changes.
        try:
            return urlsplit(origin).netloc in {headers.get("host", ""), self._public_host}
        except ValueError:
            return False  # No browser writes one that cannot be read.


def _cookie(header: str) -> str | None:
    # Not by Python's own parser: where another application of the same domain sets a cookie that it takes for
    # wrong, as JSON is, it drops ours too, and no form would be accepted from that browser.
    value = cookie_parser(header).get(CSRF_COOKIE, "")
    # Anything that we did not make is replaced by a fresh token.
    return value if _TOKEN.fullmatch(value) else None
