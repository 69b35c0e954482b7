"""What Intercom calls: notifications, the uninstall notice, the health check (FACTS §2 and §9).

Signatures are checked on the raw body. A notification is stored in one write and acknowledged; publishing it
follows the response, so that Intercom never waits for a slow bus. 410 is never sent, since it would end the
subscription.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from fastapi import APIRouter, Request, Response
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse

from services.connector.domain.webhook import body_signature_holds, signature_holds
from shared.errors import TransientError
from shared.intercom import json_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from pydantic import SecretStr

    from services.connector.metrics import Metrics
    from services.connector.use_cases.listening import Listening
    from services.connector.use_cases.watching import Watching
    from shared.clock import Clock

    _Content: TypeAlias = dict[str, Any]
    _Holds: TypeAlias = Callable[[bytes, str | None, str], bool]

_LOG = structlog.get_logger(__name__)

_MOST_BODY_BYTES = 1_048_576
"""Far above any notification; Intercom cuts long bodies itself."""

_PATIENCE_SECONDS = 3.0
"""Intercom gives up after five seconds and counts an error; a timely 503 comes before that."""

_MOST_ID = 256


class _Refused(Exception):
    """The call is not trustworthy, or cannot be read; `answer` is the response."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.answer = Response(words, status)


def webhook_routes(
    *,
    listening: Listening,
    watching: Watching,
    client_secret: SecretStr | None,
    clock: Clock,
    metrics: Metrics,
) -> APIRouter:
    """Return `/webhooks/intercom`, `/webhooks/intercom/uninstalled` and `/webhooks/intercom/health`."""
    router = APIRouter(prefix="/webhooks", include_in_schema=False)
    gate = _Gate(client_secret, metrics)
    _add_notifications(router, gate, listening, clock, metrics)
    _add_app_calls(router, gate, listening, watching)
    return router


@dataclass(frozen=True, slots=True)
class _Gate:
    secret: SecretStr | None
    metrics: Metrics

    async def trusted(
        self, request: Request, header: str, holds: _Holds, *, unsigned: bool = False
    ) -> _Content:
        """Return the body as an object. Raises _Refused, counted and logged."""
        try:
            return await _trusted(request, header, holds, self.secret, unsigned=unsigned)
        except _Refused as refused:
            self.metrics.webhooks.labels("refused").inc()
            _LOG.warning("call refused", path=request.url.path, reason=str(refused))
            raise


def _add_notifications(
    router: APIRouter, gate: _Gate, listening: Listening, clock: Clock, metrics: Metrics
) -> None:
    @router.head("/intercom")
    async def reachable() -> Response:
        return Response(status_code=200)

    @router.post("/intercom")
    async def notified(request: Request) -> Response:
        began = clock.monotonic()
        try:
            content = await gate.trusted(request, "x-hub-signature", signature_holds)
            async with asyncio.timeout(_PATIENCE_SECONDS):
                taken = await listening.notified(content)
        except _Refused as refused:
            return refused.answer
        except (TransientError, TimeoutError) as error:
            # Intercom tries once more after a minute; the schedule finds the change in any case.
            metrics.webhooks.labels("postponed").inc()
            _LOG.warning("notification could not be taken", reason=str(error) or type(error).__name__)
            return Response("Not now; send it again.", 503)
        metrics.webhook_seconds.observe(clock.monotonic() - began)
        return Response(status_code=200, background=BackgroundTask(listening.publish, taken))


def _add_app_calls(router: APIRouter, gate: _Gate, listening: Listening, watching: Watching) -> None:
    @router.post("/intercom/uninstalled")
    async def uninstalled(request: Request) -> Response:
        try:
            content = await gate.trusted(request, "x-body-signature", body_signature_holds)
        except _Refused as refused:
            return refused.answer
        workspace_id = _identifier(content.get("app_id"))
        return Response(status_code=200, background=BackgroundTask(_look, watching, workspace_id))

    @router.post("/intercom/health")
    async def health(request: Request) -> Response:
        try:
            # Whether Intercom signs this call is not known (FACTS §2); a signature that is there must hold.
            content = await gate.trusted(request, "x-body-signature", body_signature_holds, unsigned=True)
        except _Refused as refused:
            return refused.answer
        outcome = await listening.health(_identifier(content.get("workspace_id")))
        if outcome.state == "OK":
            return JSONResponse({"state": "OK"})
        return JSONResponse({"state": "UNHEALTHY", "cta_type": "REINSTALL_CTA", "message": outcome.message})


async def _trusted(
    request: Request, header: str, holds: _Holds, secret: SecretStr | None, *, unsigned: bool
) -> _Content:
    """Return the body as an object; what is valid JSON but no object counts as an empty one."""
    # With an empty secret no signature holds, since anybody can sign with that.
    if not secret:
        raise _Refused(404, "No OAuth app is set up here.")
    body = await request.body()
    if len(body) > _MOST_BODY_BYTES:
        raise _Refused(413, "The body is too long.")
    signature = request.headers.get(header)
    if not (unsigned and signature is None) and not holds(body, signature, secret.get_secret_value()):
        raise _Refused(401, "The signature does not hold.")
    try:
        content = json_of(body)
    except ValueError:
        raise _Refused(400, "The body is no JSON.") from None
    return content if isinstance(content, dict) else {}


async def _look(watching: Watching, workspace_id: str | None) -> None:
    if workspace_id is None:
        return
    try:
        count = await watching.access_removed(workspace_id)
    except TransientError as error:
        _LOG.warning("uninstall notice could not be followed", reason=str(error))
    else:
        _LOG.info("uninstall notice followed", workspace_id=workspace_id, connections=count)


def _identifier(value: object) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= _MOST_ID else None
