"""Addresses that play Slack, Teams and webhook receivers, so that one sees what Earshot really sends.

`POST /sink/slack/{name}` takes the JSON of an incoming webhook and answers `ok`. `POST /sink/teams/{name}`
takes cards as a workflow of Power Automate does and answers 202. `POST /sink/webhook/{name}` checks the
signature of a Standard Webhook against one secret. Each can be told to fail or to be slow.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import orjson
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from deploy.simulator.api.call import LARGEST_BODY

if TYPE_CHECKING:
    from starlette.requests import Request

    from deploy.simulator.sinks.store import SinkKind, SinkStore
    from shared.clock import Clock

WEBHOOK_SECRET = "whsec_ZGVtby13b3Jrc3BhY2Utc2luay1zZWNyZXQtMzI="  # noqa: S105 (a demo's, shown on its page)
SLOW_SECONDS = 20
"""Longer than any sender should wait."""

LONGEST_NAME = 60
KEPT_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature", "content-type", "user-agent")
ACCEPTED = 202
STATUSES = {"well": 200, "slow": 200, "error": 500, "gone": 410}


class Receivers:
    """The receiving endpoints over one store."""

    def __init__(self, store: SinkStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._webhook = Webhook(WEBHOOK_SECRET)

    def routes(self) -> list[Route]:
        return [
            Route("/sink/slack/{name}", self.slack, methods=["POST"]),
            Route("/sink/teams/{name}", self.teams, methods=["POST"]),
            Route("/sink/webhook/{name}", self.webhook, methods=["POST"]),
        ]

    async def slack(self, request: Request) -> Response:
        name, content = await _read(request)
        body = _json(content)
        if not isinstance(body, dict) or not ({"text", "blocks", "attachments"} & body.keys()):
            # Slack says so in plain text with a 400.
            return PlainTextResponse("invalid_payload" if body is None else "no_text", 400)
        text = str(body.get("text") or "") or _text_below([body.get("blocks"), body.get("attachments")])
        return await self._answer("slack", name, "ok", title=text.partition("\n")[0], text=text, body=body)

    async def teams(self, request: Request) -> Response:
        name, content = await _read(request)
        body = _json(content)
        cards = body.get("attachments") if isinstance(body, dict) else None
        if not isinstance(cards, list) or not cards:
            # The trigger's own words, as far as they are known.
            return JSONResponse({"error": {"code": "TriggerInputSchemaMismatch"}}, 400)
        text = _text_below(cards)
        return await self._answer(
            "teams", name, "", title=text.partition("\n")[0], text=text, body=body, well=ACCEPTED
        )

    async def webhook(self, request: Request) -> Response:
        name, content = await _read(request)
        headers = {key: request.headers[key] for key in KEPT_HEADERS if key in request.headers}
        body = _json(content)
        title = str(body.get("type", "message")) if isinstance(body, dict) else "message"
        return await self._answer(
            "webhook",
            name,
            "",
            title=title,
            text=content.decode("utf-8", "replace"),
            body=body,
            message_id=headers.get("webhook-id"),
            verified=self._verified(content, headers),
            headers=headers,
        )

    def _verified(self, content: bytes, headers: dict[str, str]) -> bool:
        try:
            self._webhook.verify(content, headers)
        except (WebhookVerificationError, ValueError):
            return False
        return True

    async def _answer(
        self, kind: SinkKind, name: str, good: str, *, well: int = STATUSES["well"], **kept: Any
    ) -> Response:
        mood = self._store.mood(kind, name)
        fine = STATUSES[mood] == STATUSES["well"]
        status = well if fine else STATUSES[mood]
        self._store.add(kind, name, self._clock.now().timestamp(), answered=status, **kept)
        if mood == "slow":
            await asyncio.sleep(SLOW_SECONDS)
        return PlainTextResponse(good if fine else mood, status)


async def _read(request: Request) -> tuple[str, bytes]:
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > LARGEST_BODY:
            del content[LARGEST_BODY:]
            break
    return str(request.path_params["name"])[:LONGEST_NAME], bytes(content)


def _json(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return None


def _text_below(parts: list[Any]) -> str:
    """The words of blocks or cards, for the list."""
    found: list[str] = []
    waiting = list(parts)
    while waiting:
        each = waiting.pop(0)
        if isinstance(each, list):
            waiting = [*each, *waiting]
        elif isinstance(each, dict):
            text = each.get("text")
            if isinstance(text, str):
                found.append(text)
            waiting = [value for value in each.values() if isinstance(value, dict | list)] + waiting
    return "\n".join(found)
