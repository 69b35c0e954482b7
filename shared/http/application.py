"""Builds a service's HTTP application: the same health, errors and protection everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Depends, FastAPI
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.middleware import Middleware
from starlette.responses import Response

from shared.http.description import describe
from shared.http.error_responses import ErrorResponses, UncaughtErrors
from shared.http.middleware import BodyLimit, FormProtection, HeadRequests, RequestContext, SecurityHeaders
from shared.http.parameters import refuse_unknown_parameters
from shared.observability.metrics import AnswerTimes, show_parts_and_process

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.auth.authenticator import Authenticator
    from shared.clock import Clock
    from shared.config import ServiceSettings
    from shared.contracts.topics import Service
    from shared.http.lifecycle import Lifecycle
    from shared.observability.readiness import Readiness
    from shared.web.pages import Pages

_EXEMPT_FROM_FORMS = ("/webhooks/", "/internal/")
"""Paths for machines that sign what they send or carry a service token; no browser calls them."""


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
    error_responses = ErrorResponses(pages)
    show_parts_and_process(readiness, registry)
    app = FastAPI(
        title=f"Earshot {service}",
        version="1",
        lifespan=lifecycle.run,
        openapi_url=f"/api/v1/openapi/{service}.json",
        docs_url=None,
        redoc_url=None,
        middleware=[
            Middleware(RequestContext, clock=clock, times=AnswerTimes(registry)),
            Middleware(SecurityHeaders),
            Middleware(UncaughtErrors, responses=error_responses),
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
    error_responses.install(app)
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
