"""Intercom's REST API over HTTP, read-only by construction (DESIGN §2).

A call is a `domain.reads.Call`, a type that can only express reads. The transport checks each request once
more before it leaves, so that no code, present or future, can write into a workspace.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import orjson

from services.syncer.adapters.aiohttp_transport import AiohttpTransport
from services.syncer.adapters.intercom_responses import (
    HttpResponse,
    error_of,
    not_ahead,
    rate_headers,
    served_at,
    usable_body,
)
from services.syncer.domain.budget import Need
from services.syncer.domain.reads import is_read
from services.syncer.errors import SlowDownError, SourceUnavailableError, WriteRefusedError
from services.syncer.ports import Answer

if TYPE_CHECKING:
    from services.syncer.adapters.throttle import Place, Throttle, Throttles
    from services.syncer.domain.reads import Call
    from services.syncer.metrics import SyncerMetrics
    from services.syncer.ports import Credential
    from shared.clock import Clock

INTERCOM_VERSION = "2.16"
"""The version of the API that FACTS describes; the header wins over what the app is set to."""

_SHORT_RUN_CALLS = 100
"""Calls after which a run counts as one that needs many: most runs for changes make fewer."""

_OK = range(200, 300)

_BASE_PATH = "earshot.base_path"
"""Request extension: the path of the connection's own address, to which Intercom's paths are appended."""


class ReadOnlyTransport(httpx.AsyncBaseTransport):
    """Lets reads through and nothing else; raises WriteRefusedError before anything is sent."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        base, path = request.extensions.get(_BASE_PATH, ""), request.url.path
        if not path.startswith(base) or not is_read(request.method, path.removeprefix(base)):
            raise WriteRefusedError(f"{request.method} {path} is not on the list of reads.")
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


class HttpIntercom:
    """One HTTP client for all connections: TCP connections to hosts are shared, tokens are not."""

    def __init__(
        self,
        *,
        throttles: Throttles,
        clock: Clock,
        metrics: SyncerMetrics,
        call_timeout_seconds: float,
        max_answer_bytes: int,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        # Used without httpx's client, which could follow redirects, keep cookies and use proxies.
        self._transport = ReadOnlyTransport(transport or AiohttpTransport())
        self._throttles = throttles
        self._clock = clock
        self._metrics = metrics
        self._timeout_seconds = call_timeout_seconds
        self._max_answer_bytes = max_answer_bytes

    def reader(self, credential: Credential, *, urgent: bool, calls_before: int = 0) -> HttpIntercomReader:
        return HttpIntercomReader(
            self, credential, self._throttles.of(credential.key), urgent=urgent, calls_before=calls_before
        )

    async def aclose(self) -> None:
        await self._transport.aclose()

    async def call(self, call: Call, credential: Credential, throttle: Throttle, place: Place) -> Answer:
        """Make a call that the budget has admitted already, and return what its response means."""
        began = self._clock.monotonic()
        try:
            async with asyncio.timeout(self._timeout_seconds):
                raw = await self._exchange(call, credential)
        except (TimeoutError, httpx.TimeoutException) as error:
            self._failed(call, throttle, "timeout")
            raise SourceUnavailableError(
                f"{call.path} did not answer within {self._timeout_seconds:g} s.", overloaded=True
            ) from error
        except httpx.HTTPError as error:
            self._failed(call, throttle, "connection")
            raise SourceUnavailableError(f"{call.path}: {type(error).__name__}") from error
        answer = self._meaning(call, raw, throttle, place)
        throttle.concurrency.succeeded(self._clock.monotonic() - began)
        self._metrics.calls.labels(call.read.name.lower(), "ok").inc()
        return answer

    async def _exchange(self, call: Call, credential: Credential) -> HttpResponse:
        base = _base(credential.base_url)
        request = httpx.Request(
            call.method,
            f"{base}{call.path}",
            params=call.query or None,
            content=None if call.body is None else orjson.dumps(call.body),
            headers=_headers(credential, json=call.body is not None),
            extensions={_BASE_PATH: base.path.rstrip("/")},
        )
        response = await self._transport.handle_async_request(request)
        try:
            content = bytearray()
            async for chunk in response.aiter_bytes():
                content += chunk
                if len(content) > self._max_answer_bytes:
                    raise SourceUnavailableError(
                        f"{call.path} answered more than {self._max_answer_bytes} bytes.", overloaded=True
                    )
        finally:
            await response.aclose()
        return HttpResponse(response.status_code, response.headers, bytes(content))

    def _meaning(self, call: Call, raw: HttpResponse, throttle: Throttle, place: Place) -> Answer:
        now = self._clock.now().timestamp()
        at = served_at(raw.headers, now)
        place.headers = rate_headers(raw.headers, throttle.source_now(at))
        at = not_ahead(at, now)
        self._metrics.budget_used.set(throttle.budget.used_share() or 0)
        if raw.status in _OK:
            try:
                body = usable_body(call, raw)
            except SourceUnavailableError:
                self._failed(call, throttle, "unusable")
                raise
            place.served_at = int(at)
            return Answer(body, int(at))
        error = error_of(call, raw, now=now)
        if not isinstance(error, SourceUnavailableError):
            # A response that does not come from Intercom does not have Intercom's clock.
            place.served_at = int(at)
        if isinstance(error, SlowDownError):
            throttle.refused(error.seconds)
        elif isinstance(error, SourceUnavailableError) and error.overloaded:
            throttle.concurrency.strained()
        self._metrics.calls.labels(call.read.name.lower(), str(raw.status)).inc()
        raise error

    def _failed(self, call: Call, throttle: Throttle, outcome: str) -> None:
        throttle.concurrency.strained()
        self._metrics.calls.labels(call.read.name.lower(), outcome).inc()


class HttpIntercomReader:
    """Reads one workspace with one credential."""

    def __init__(
        self,
        client: HttpIntercom,
        credential: Credential,
        throttle: Throttle,
        *,
        urgent: bool,
        calls_before: int,
    ) -> None:
        self._client = client
        self._credential = credential
        self._throttle = throttle
        self._urgent = urgent
        self._calls_before = calls_before
        self._calls = 0
        self._answers = 0
        self._source_time: int | None = None

    @property
    def calls(self) -> int:
        return self._calls

    @property
    def answers(self) -> int:
        return self._answers

    @property
    def source_time(self) -> int | None:
        return self._source_time

    @property
    def most_in_flight(self) -> int:
        return self._throttle.concurrency.allowed

    async def read(self, call: Call) -> Answer:
        async with self._throttle.call(self._need) as place:
            self._calls += 1
            try:
                answer = await self._client.call(call, self._credential, self._throttle, place)
            finally:
                if place.served_at is not None:
                    self._source_time = max(place.served_at, self._source_time or 0)
            self._answers += 1
            return answer

    @property
    def _need(self) -> Need:
        if self._urgent:
            return Need.HINT
        return Need.FEW if self._calls_before + self._calls < _SHORT_RUN_CALLS else Need.MANY


def _headers(credential: Credential, *, json: bool) -> dict[str, str]:
    headers = {
        "Accept": "application/json",
        "Authorization": f"Bearer {credential.access_token.get_secret_value()}",
        "Intercom-Version": INTERCOM_VERSION,
        "User-Agent": "Earshot",
    }
    return headers | {"Content-Type": "application/json"} if json else headers


def _base(base_url: str) -> httpx.URL:
    """Return the address that the paths of calls are put behind, without a slash at its end.

    It may have a path of its own, as that of a gateway which forwards to a region's host.
    """
    try:
        base = httpx.URL(base_url.rstrip("/"))
    except httpx.InvalidURL:
        base = httpx.URL()
    if base.scheme not in {"http", "https"} or not base.host:
        raise SourceUnavailableError("The connection's address is no http(s) URL; reconnect the workspace.")
    return base
