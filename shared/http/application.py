"""Building a service's HTTP application: the same health, errors and protection everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.middleware import Middleware
from starlette.responses import Response

from shared.errors import TransientError
from shared.http.description import describe
from shared.http.middleware import BodyLimit, FormProtection, HeadRequests, RequestContext, SecurityHeaders
from shared.http.parameters import refuse_unknown_parameters
from shared.http.problems import Problem
from shared.http.ways_on import fields_in_words, same_address, way_on

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.auth.authenticator import Authenticator
    from shared.auth.identity import Identity
    from shared.clock import Clock
    from shared.config import ServiceSettings
    from shared.contracts.topics import Service
    from shared.http.lifecycle import Lifecycle
    from shared.observability.readiness import Readiness
    from shared.web.pages import Pages

_LOG = structlog.get_logger(__name__)

_EXEMPT_FROM_FORMS = ("/webhooks/", "/internal/")
"""Called by machines that sign what they send or carry a service token; no browser calls them."""


def create_api(
    *,
    service: Service,
    settings: ServiceSettings,
    routers: Sequence[APIRouter],
    lifecycle: Lifecycle,
    readiness: Readiness,
    authenticator: Authenticator,
    clock: Clock,
    registry: CollectorRegistry,
    pages: Pages | None = None,
) -> FastAPI:
    """Return the application of one service.

    Beside the routers it answers `/health/live`, `/health/ready` (503 until all work can be done),
    `/health/serving` (503 where requests should not come), `/metrics`, and the OpenAPI document at
    `/api/v1/openapi/<service>.json`. Errors are problem documents (RFC 9457) for machines and pages for
    people, both with a reference that is found in the log. Below `/api/` a query parameter that the route
    does not take is refused.
    """
    app = FastAPI(
        title=f"Earshot {service}",
        version="1",
        lifespan=lifecycle.run,
        openapi_url=f"/api/v1/openapi/{service}.json",
        docs_url=None,
        redoc_url=None,
        middleware=[
            Middleware(RequestContext, clock=clock),
            Middleware(SecurityHeaders),
            Middleware(BodyLimit),
            Middleware(FormProtection, public_url=settings.public_url, exempt=_EXEMPT_FROM_FORMS),
            Middleware(HeadRequests),
        ],
    )
    app.state.authenticator = authenticator
    app.state.lifecycle = lifecycle
    app.include_router(_health(readiness, registry))
    for router in routers:
        app.include_router(router, dependencies=[Depends(refuse_unknown_parameters)])
    if pages is not None:
        app.mount("/static", pages.assets)
    _answer_errors(app, pages)
    describe(app)
    return app


def _health(readiness: Readiness, registry: CollectorRegistry) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    def report(*, answer: bool) -> Response:
        return JSONResponse(
            {
                "ready": readiness.ready,
                "serving": readiness.serving,
                "stopping": readiness.stopping,
                "parts": readiness.report(),
            },
            200 if answer else 503,
        )

    @router.get("/health/live")
    async def live() -> Response:
        return PlainTextResponse("alive")

    @router.get("/health/ready")
    async def ready() -> Response:
        return report(answer=readiness.ready)

    @router.get("/health/serving")
    async def serving() -> Response:
        return report(answer=readiness.serving)

    @router.get("/metrics")
    async def metrics() -> Response:
        return PlainTextResponse(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return router


def _answer_errors(app: FastAPI, pages: Pages | None) -> None:
    async def refused(request: Request, error: StarletteHTTPException) -> Response:
        kind = error.kind if isinstance(error, Problem) else _UNNAMED
        return _answer(request, pages, error.status_code, str(error.detail), error.headers, kind=kind)

    async def invalid(request: Request, error: RequestValidationError) -> Response:
        problems = [
            {"where": ".".join(str(step) for step in detail["loc"]), "what": detail["msg"]}
            for detail in error.errors()
        ]
        said = "; ".join(f"{problem['where']}: {problem['what']}" for problem in problems[:5])
        told = fields_in_words(error.errors())
        return _answer(request, pages, 422, said, None, errors=problems, told=told)

    async def away(request: Request, error: TransientError) -> Response:
        _LOG.warning("request could not be served now", reason=str(error), path=request.url.path)
        return _answer(
            request,
            pages,
            503,
            "A part that this needs is not answering. Nothing is lost; try again in a moment.",
            {"Retry-After": "5"},
        )

    async def failed(request: Request, error: Exception) -> Response:
        _LOG.error("request failed", path=request.url.path, exc_info=error)
        return _answer(
            request,
            pages,
            500,
            "Something went wrong on our side. Your data is unharmed. Tell your operator the reference.",
            None,
        )

    app.add_exception_handler(StarletteHTTPException, refused)  # type: ignore[arg-type] # narrower on purpose
    app.add_exception_handler(HTTPException, refused)  # type: ignore[arg-type] # narrower on purpose
    app.add_exception_handler(RequestValidationError, invalid)  # type: ignore[arg-type] # narrower on purpose
    app.add_exception_handler(TransientError, away)  # type: ignore[arg-type] # narrower on purpose
    app.add_exception_handler(Exception, failed)


_UNNAMED = "about:blank"
"""The type of a problem that its status says everything about (RFC 9457)."""

_TITLES = {
    400: "That could not be understood",
    401: "Sign in first",
    403: "Not allowed",
    404: "Not found",
    409: "It changed meanwhile",
    413: "Too large",
    422: "Something is missing or wrong",
    429: "Too many requests",
    500: "Something went wrong",
    503: "Not available right now",
}


_FOR_MACHINES = ("/api/", "/internal/")
_NOBODY, _NOT_ALLOWED = 401, 403
_SIGN_IN = "People sign in where their organization does, and then try again here."


def _answer(
    request: Request,
    pages: Pages | None,
    status: int,
    detail: str,
    headers: Any,
    *,
    kind: str = _UNNAMED,
    errors: list[dict[str, str]] | None = None,
    told: str | None = None,
) -> Response:
    reference: str = getattr(request.state, "reference", "")
    title = _TITLES.get(status, "Request refused")
    wants_page = "text/html" in request.headers.get("accept", "") or "hx-request" in request.headers
    if pages is not None and wants_page and not request.url.path.startswith(_FOR_MACHINES):
        identity: Identity | None = getattr(request.state, "identity", None)
        shut_out = identity is None and status in {_NOBODY, _NOT_ALLOWED}
        address, words = (same_address(request), "Try again") if shut_out else way_on(request)
        return pages.render(
            request,
            "error.html",
            identity=identity,
            status_code=status,
            heading=title,
            what=told or detail,
            meaning=None,
            next=_SIGN_IN if status == _NOBODY else None,
            way_on=address,
            way_on_words=words,
            reference=reference or None,
            headers=dict(headers) if headers else None,
        )
    body: dict[str, Any] = {
        "type": kind,
        "title": title,
        "status": status,
        "detail": detail,
        "reference": reference,
    }
    if errors:
        body["errors"] = errors
    return JSONResponse(body, status, headers=headers, media_type="application/problem+json")
