"""One address for all services on one machine: passes each request to the service that owns its path.

Streams in both directions and keeps nothing. It listens on loopback only, and answers only browsers that
asked for this machine by name: local mode signs in by itself, so a page elsewhere whose name was made to
point here must get nothing.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

from deploy.local.gateway_responses import TEMPLATES, GatewayResponses
from deploy.local.ports import LOOPBACK
from deploy.local.routes import ToPage, route
from deploy.local.settings import LocalSettings
from shared.clock import SystemClock
from shared.web.pages import Pages

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from starlette.requests import Request

    from shared.contracts.topics import Service

MOST_BODY_BYTES = 32 * 1024 * 1024
"""Well above what services take, so that what is too large is refused by them, who know what it was."""

_HOP_BY_HOP = {
    b"connection",
    b"keep-alive",
    b"proxy-authenticate",
    b"proxy-authorization",
    b"proxy-connection",
    b"te",
    b"trailer",
    b"transfer-encoding",
    b"upgrade",
}
"""About one connection, not about the message (RFC 9110 §7.6.1)."""

_LOOPBACK_NAMES = {"127.0.0.1", "localhost", "[::1]"}

_ANY_HOST = "/webhooks/"
"""Webhooks arrive by a tunnel under its own name; they are signed, and sign nobody in."""

_CONNECT_SECONDS = 2.0
_SILENCE_SECONDS = 90.0
"""Live pages send something every fifteen seconds; a service that says nothing for this long is hung."""

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_SAFE_TO_REPEAT = {"GET", "HEAD"}


class Gateway:
    """Passes requests on. `services` holds each service's base URL.

    It adds no header of a proxy: services take such a one for the sign that somebody else is in front.
    """

    def __init__(
        self, services: Mapping[Service, str], client: httpx.AsyncClient, responses: GatewayResponses
    ) -> None:
        self._services = services
        self._client = client
        self._responses = responses

    async def handle(self, request: Request) -> Response:
        """Answer one request: from its service, or with the reason why that cannot be."""
        path = request.url.path
        if not path.startswith(_ANY_HOST) and not _asked_for_this_machine(request):
            return self._responses.not_this_host(request)
        target = route(path)
        if target is None:
            return self._responses.not_found(request)
        if isinstance(target, ToPage):
            return RedirectResponse(target.path, 307)
        return await self._answer_by(request, target.service)

    async def _answer_by(self, request: Request, service: Service) -> Response:
        if _declared_length(request) > MOST_BODY_BYTES:
            return self._responses.too_large(request, MOST_BODY_BYTES)
        try:
            return await self._pass_on(request, self._services[service])
        except BodyTooLargeError:
            return self._responses.too_large(request, MOST_BODY_BYTES)
        except httpx.HTTPError as error:
            arrived = not isinstance(error, httpx.ConnectError)
            return self._responses.service_away(request, service, arrived=arrived)

    async def _pass_on(self, request: Request, base_url: str) -> Response:
        try:
            answer = await self._send(request, base_url)
        except httpx.RemoteProtocolError:
            # A kept connection that the service closed just now; a fresh one will do.
            if request.method not in _SAFE_TO_REPEAT:
                raise
            answer = await self._send(request, base_url)
        passed = StreamingResponse(_body_of(answer), answer.status_code)
        passed.raw_headers = _end_to_end(answer.headers.raw)
        return passed

    async def _send(self, request: Request, base_url: str) -> httpx.Response:
        target = httpx.URL(base_url).copy_with(raw_path=_raw_target(request))
        has_body = "content-length" in request.headers or "transfer-encoding" in request.headers
        outgoing = httpx.Request(
            request.method,
            target,
            headers=_end_to_end(request.headers.raw),
            content=_bounded(request) if has_body else None,
        )
        return await self._client.send(outgoing, stream=True)


class BodyTooLargeError(Exception):
    """A body without a declared length grew past the limit."""


def create_app(settings: LocalSettings, transport: httpx.AsyncBaseTransport | None = None) -> Starlette:
    """Return the gateway's application; `transport` stands in for the network in tests."""
    services: dict[Service, str] = {
        "connector": f"http://{LOOPBACK}:{settings.connector_port}",
        "syncer": f"http://{LOOPBACK}:{settings.syncer_port}",
        "detector": f"http://{LOOPBACK}:{settings.detector_port}",
        "notifier": f"http://{LOOPBACK}:{settings.notifier_port}",
    }
    client = httpx.AsyncClient(
        transport=transport,
        timeout=httpx.Timeout(_SILENCE_SECONDS, connect=_CONNECT_SECONDS),
        # Every live page holds a connection for as long as it is open.
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=64),
        trust_env=False,
    )
    pages = Pages(TEMPLATES, clock=SystemClock())
    gateway = Gateway(services, client, GatewayResponses(pages))

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with client:
            yield

    async def ready(_request: Request) -> Response:
        return PlainTextResponse("ready")

    return Starlette(
        routes=[
            Route("/gateway/ready", ready, methods=["GET"]),
            # The same files as the connector's; what the gateway says itself needs them while that is away.
            Mount("/static", pages.assets),
            Route("/{path:path}", gateway.handle, methods=_METHODS),
        ],
        lifespan=lifespan,
    )


async def _body_of(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for piece in answer.aiter_raw():
            yield piece
    finally:
        # Also when the browser left: the service then stops producing.
        await answer.aclose()


async def _bounded(request: Request) -> AsyncIterator[bytes]:
    total = 0
    async for piece in request.stream():
        total += len(piece)
        if total > MOST_BODY_BYTES:
            raise BodyTooLargeError
        yield piece


def _end_to_end(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return the headers that concern the message: none hop by hop, nor any that `Connection` names."""
    named = {
        token.strip().lower()
        for name, value in headers
        if name.lower() == b"connection"
        for token in value.split(b",")
    }
    return [(name, value) for name, value in headers if name.lower() not in _HOP_BY_HOP | named]


def _raw_target(request: Request) -> bytes:
    """Return path and query byte for byte as they came: decoding and encoding again would change some."""
    path: bytes = request.scope.get("raw_path") or request.url.path.encode()
    query: bytes = request.scope["query_string"]
    return path + b"?" + query if query else path


def _asked_for_this_machine(request: Request) -> bool:
    host = request.headers.get("host", "")
    name = host.rpartition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
    return name.lower() in _LOOPBACK_NAMES


def _declared_length(request: Request) -> int:
    length = request.headers.get("content-length", "0")
    # The server in front refuses a length that is no number.
    return int(length) if length.isdigit() else 0


def main() -> None:
    """Serve on the configured port until SIGTERM."""
    settings = LocalSettings()
    uvicorn.run(
        create_app(settings),
        host=LOOPBACK,
        port=settings.port,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        log_level=settings.log_level.lower(),
        # Live pages never end by themselves, and the browser opens them again.
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
