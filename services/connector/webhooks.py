"""Intercom's notifications: checked on the raw body, answered at once, turned into hints (FACTS §9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import structlog
from fastapi import APIRouter, Request, Response

from services.connector.domain.webhook import signature_holds
from shared.errors import TransientError

if TYPE_CHECKING:
    from pydantic import SecretStr

    from services.connector.use_cases.listening import Listening

_LOG = structlog.get_logger(__name__)

_MOST_BODY_BYTES = 1_048_576
"""Far above any notification; Intercom cuts long bodies itself."""


def webhook_routes(*, listening: Listening, client_secret: SecretStr | None) -> APIRouter:
    """Return `/webhooks/intercom`. Never answers 410, which would end the subscription (FACTS §9)."""
    router = APIRouter(prefix="/webhooks", include_in_schema=False)

    @router.head("/intercom")
    async def reachable() -> Response:
        return Response(status_code=200)

    @router.post("/intercom")
    async def notified(request: Request) -> Response:
        if client_secret is None:
            return Response("No OAuth app is set up here.", 404)
        body = await request.body()
        signature = request.headers.get("x-hub-signature")
        if len(body) > _MOST_BODY_BYTES or not signature_holds(
            body, signature, client_secret.get_secret_value()
        ):
            _LOG.warning("notification refused", reason="its signature does not hold", size=len(body))
            return Response("The signature does not hold.", 401)
        try:
            notification = orjson.loads(body)
        except orjson.JSONDecodeError:
            return Response("The body is no JSON.", 400)
        if isinstance(notification, dict):
            try:
                await listening.notified(notification)
            except TransientError as error:
                # Intercom tries once more after a minute; the schedule finds the change in any case.
                _LOG.warning("notification could not be taken", reason=str(error))
                return Response("Not now; send it again.", 503)
        return Response(status_code=200)

    return router
