"""Responses to refusals and failures: problem documents for programs, pages for people."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import structlog
from fastapi import HTTPException
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from shared.errors import TransientError
from shared.http.problems import Problem
from shared.http.ways_on import fields_in_words, same_address, way_on

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from shared.auth.identity import Identity
    from shared.web.pages import Pages

_LOG = structlog.get_logger(__name__)

_UNNAMED = "about:blank"
"""The type of a problem about which its status says everything (RFC 9457)."""

_TITLES = {
    400: "That could not be understood",
    401: "Sign in first",
    403: "Not allowed",
    404: "Not found",
    405: "Nothing to show here",
    409: "It changed meanwhile",
    413: "Too large",
    422: "Something is missing or wrong",
    429: "Too many requests",
    500: "Something went wrong",
    503: "Not available right now",
}

_FOR_MACHINES = ("/api/", "/internal/")
_NOBODY, _NOT_ALLOWED = 401, 403
_OTHER_METHOD = 405
_FORMS_ONLY = "This address takes what a form sends, and has no page of its own."
"""For people who reload the response to a form by its address."""
_NO_ROUTE = HTTPStatus.NOT_FOUND.phrase
"""What the framework says of an address that nothing serves; our own refusals say what is not there."""
_NO_SUCH_PAGE = "There is no page at this address. It may be mistyped or from an older link."

_SIGN_IN = "People sign in where their organization does, and then try again here."


class ErrorResponses:
    """One application's responses to what was refused or failed, each with the request's reference.

    People who are shown pages get a page; below `/api/` and `/internal/`, and where there are no pages, the
    response is a problem document (RFC 9457).
    """

    def __init__(self, pages: Pages | None) -> None:
        self._pages = pages

    def install(self, app: FastAPI) -> None:
        """Make `app` respond so to what its routes raise; `UncaughtErrors` covers everything else."""
        app.add_exception_handler(StarletteHTTPException, self.refused)  # type: ignore[arg-type] # narrower on purpose
        app.add_exception_handler(HTTPException, self.refused)  # type: ignore[arg-type] # narrower on purpose
        app.add_exception_handler(RequestValidationError, self._invalid)  # type: ignore[arg-type] # narrower on purpose
        app.add_exception_handler(TransientError, self._away)  # type: ignore[arg-type] # narrower on purpose

    async def refused(self, request: Request, error: StarletteHTTPException) -> Response:
        """Return the response to a refusal, with its status, words and headers."""
        kind = error.kind if isinstance(error, Problem) else _UNNAMED
        for_people = _FORMS_ONLY if error.status_code == _OTHER_METHOD else None
        if error.detail == _NO_ROUTE:
            for_people = _NO_SUCH_PAGE
        return self._respond(
            request, error.status_code, str(error.detail), error.headers, kind=kind, for_people=for_people
        )

    async def failed(self, request: Request, error: Exception) -> Response:
        """Return the response to a failure of ours, which is logged under the reference in the response."""
        log_failure(request, error)
        return self._respond(
            request,
            500,
            "Something went wrong on our side. Your data is unharmed. Tell your operator the reference.",
            None,
        )

    async def _invalid(self, request: Request, error: RequestValidationError) -> Response:
        problems = [
            {"where": ".".join(str(step) for step in detail["loc"]), "what": detail["msg"]}
            for detail in error.errors()
        ]
        detail_words = "; ".join(f"{problem['where']}: {problem['what']}" for problem in problems[:5])
        for_people = fields_in_words(error.errors())
        return self._respond(request, 422, detail_words, None, errors=problems, for_people=for_people)

    async def _away(self, request: Request, error: TransientError) -> Response:
        _LOG.warning(
            "request could not be served now",
            reference=_reference_of(request),
            reason=str(error),
            path=request.url.path,
        )
        return self._respond(
            request,
            503,
            "A part that this needs is not answering. Nothing is lost; try again in a moment.",
            {"Retry-After": "5"},
        )

    def _respond(
        self,
        request: Request,
        status: int,
        detail: str,
        headers: Any,
        *,
        kind: str = _UNNAMED,
        errors: list[dict[str, str]] | None = None,
        for_people: str | None = None,
    ) -> Response:
        wants_page = "text/html" in request.headers.get("accept", "") or "hx-request" in request.headers
        if self._pages is not None and wants_page and not request.url.path.startswith(_FOR_MACHINES):
            return _page(self._pages, request, status, for_people or detail, headers)
        body: dict[str, Any] = {
            "type": kind,
            "title": _title(status),
            "status": status,
            "detail": detail,
            "reference": _reference_of(request),
        }
        if errors:
            body["errors"] = errors
        return JSONResponse(body, status, headers=headers, media_type="application/problem+json")


def _page(pages: Pages, request: Request, status: int, what: str, headers: Any) -> Response:
    identity: Identity | None = getattr(request.state, "identity", None)
    shut_out = identity is None and status in {_NOBODY, _NOT_ALLOWED}
    address, words = (same_address(request), "Try again") if shut_out else way_on(request, status)
    return pages.render(
        request,
        "error.html",
        identity=identity,
        status_code=status,
        heading=_title(status),
        what=what,
        meaning=None,
        next=_SIGN_IN if status == _NOBODY else None,
        way_on=address,
        way_on_words=words,
        reference=_reference_of(request) or None,
        headers=dict(headers) if headers else None,
    )


def log_failure(request: Request, error: Exception) -> None:
    """Write the traceback beside the reference that the caller is told."""
    _LOG.error(
        "request failed",
        reference=_reference_of(request),
        method=request.method,
        path=request.url.path,
        exc_info=error,
    )


def _reference_of(request: Request) -> str:
    reference: str = getattr(request.state, "reference", "")
    return reference


def _title(status: int) -> str:
    return _TITLES.get(status, "Request refused")


class UncaughtErrors:
    """Responds to errors that nothing else caught: to refusals by the middleware as they say, otherwise 500.

    It belongs inside `RequestContext` and `SecurityHeaders`. Starlette's own place for such a handler is
    outside all middleware, where the log no longer knows the request and the response gets no headers. A
    response that has begun cannot be taken back: the error is logged and raised on, and the server closes the
    connection.
    """

    def __init__(self, app: ASGIApp, *, responses: ErrorResponses) -> None:
        self._app = app
        self._responses = responses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception as error:
            if begun:
                log_failure(Request(scope), error)
                raise
            request = Request(scope)
            if isinstance(error, ClientDisconnect):
                # Nobody is there to read it; the status is for whoever counts, since the fault is not ours.
                response: Response = PlainTextResponse("The rest of the body did not come.", 400)
            elif isinstance(error, StarletteHTTPException):
                response = await self._responses.refused(request, error)
            else:
                response = await self._responses.failed(request, error)
            await response(scope, receive, send)
