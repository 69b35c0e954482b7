"""Processes that can be killed or put to sleep at any step they take towards the outside.

A step is a call to Intercom, a record handed to the bus, a question to a store: before it and after it. A
killed process takes no further step, so what it had in memory is gone and what it had done stays done.
"""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from contextvars import ContextVar
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import httpx

from shared.clock import ManualClock
from shared.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from shared.contracts.event import Event


class Killed(BaseException):
    """The process is no more; no handler of errors may run."""


class Lifeline:
    """One slice's steps, counted."""

    def __init__(self, *, kill_at: int | None = None, sleep_at: int | None = None) -> None:
        self.steps = 0
        self.dead = False
        self.kill_at = kill_at
        self.asleep = asyncio.Event()
        self.awake = asyncio.Event()
        self._sleep_at = sleep_at

    async def step(self) -> None:
        """Go on, or sleep, or die. Raises Killed."""
        self.steps += 1
        if self.steps == self._sleep_at:
            self.asleep.set()
            await self.awake.wait()
        self.dead = self.dead or (self.kill_at is not None and self.steps >= self.kill_at)
        if self.dead:
            raise Killed


CURRENT: ContextVar[Lifeline | None] = ContextVar("lifeline", default=None)


async def step() -> None:
    lifeline = CURRENT.get()
    if lifeline is not None:
        await lifeline.step()


class Mortal:
    """A store whose every question is a step before it is asked, and another after it was answered."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not inspect.iscoroutinefunction(found):
            return found

        async def stepped(*arguments: Any, **named: Any) -> Any:
            await step()
            result = await found(*arguments, **named)
            await step()
            return result

        return stepped


class SkewedClock:
    """A machine's clock, wrong by so many seconds."""

    def __init__(self, right: ManualClock) -> None:
        self._right = right
        self.wrong_by = 0.0

    def now(self) -> datetime:
        wrong = ManualClock(self._right.now())
        if self.wrong_by >= 0:
            wrong.advance(self.wrong_by)
            return wrong.now()
        return datetime_before(self._right.now(), -self.wrong_by)

    def monotonic(self) -> float:
        return self._right.monotonic()


def datetime_before(moment: datetime, seconds: float) -> datetime:
    return type(moment).fromtimestamp(moment.timestamp() - seconds, moment.tzinfo)


class Journal:
    """The bus: every record in order, under its key; None is a tombstone."""

    def __init__(self) -> None:
        self.records: list[tuple[str, Event | None]] = []
        self.failures = 0

    @property
    def events(self) -> list[Event]:
        return [event for _, event in self.records if event is not None]

    async def publish(self, *events: Event) -> None:
        await self._hand_over([(event.key(), event) for event in events])

    async def publish_tombstones(self, *events: Event) -> None:
        await self._hand_over([(event.key(), None) for event in events])

    async def _hand_over(self, records: list[tuple[str, Event | None]]) -> None:
        """Take records one by one: who fails or dies in between has published the first of them."""
        for number, record in enumerate(records):
            await step()
            if self.failures and number == len(records) // 2:
                self.failures -= 1
                raise TransientError("The bus is away.")
            self.records.append(record)
        await step()


BROKEN: dict[str, Callable[[], httpx.Response]] = {
    "429": lambda: httpx.Response(
        429, json={"type": "error.list", "errors": [{"code": "too_many_requests"}]}
    ),
    "500": lambda: httpx.Response(500, json={"type": "error.list", "errors": [{"code": "server_error"}]}),
    "502": lambda: httpx.Response(502, html="<html>Bad Gateway</html>"),
    "503": lambda: httpx.Response(503),
    "504": lambda: httpx.Response(504, json={"type": "error.list", "errors": [{"code": "request_timeout"}]}),
    "408": lambda: httpx.Response(408),
    "html": lambda: httpx.Response(200, html="<html>Maintenance</html>"),
    "404 html": lambda: httpx.Response(404, html="<html>404 Not Found</html>"),
    "empty": lambda: httpx.Response(200, content=b""),
    "object": lambda: httpx.Response(200, json={}),
    "list": lambda: httpx.Response(200, json=[]),
    "cut": lambda: httpx.Response(200, content=b'{"type":"list","data":[{"id":"1"'),
    "401": lambda: httpx.Response(401, json={"type": "error.list", "errors": [{"code": "unauthorized"}]}),
}
FAILING: dict[str, type[httpx.TransportError]] = {
    "reset": httpx.ReadError,
    "no name": httpx.ConnectError,
    "stall": httpx.ReadTimeout,
    "half": httpx.RemoteProtocolError,
}
FAULTS = (*BROKEN, *FAILING)
MASKING = frozenset({"404 html"})
"""Faults that say something wrong in a right form; only a proxy that lost its way does, and only on lists."""


class Line(httpx.AsyncBaseTransport):
    """The way to Intercom. What is broken may break before or after the server has worked on the call."""

    def __init__(self, app: Any, clock: ManualClock) -> None:
        self._inner = httpx.ASGITransport(app)
        self._clock = clock
        self.faults: deque[str | None] = deque()
        self.answers_are_lost = False
        self.broken: dict[str, list[str]] = {}
        self.meanwhile: dict[int, Callable[[], object]] = {}
        self.calls = 0
        self.paths: list[str] = []

    async def _served(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self._inner.handle_async_request(request)
        except AssertionError as unfinished:
            # The transport takes an answer that never ends for a bug; on a socket the connection breaks.
            raise httpx.ReadError("reset") from unfinished

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await step()
        self.calls += 1
        self.paths.append(request.url.path)
        fault = self.faults.popleft() if self.faults else None
        if self.broken.get(request.url.path):
            fault = self.broken[request.url.path].pop(0)
        if fault in MASKING and request.url.path.count("/") > 1:
            fault = "500"
        answer = None
        if fault is None or self.answers_are_lost:
            answer = await self._served(request)
        happening = self.meanwhile.pop(self.calls, None)
        if happening is not None:
            happening()
        if fault in FAILING:
            if fault == "stall":
                self._clock.advance(30)
            raise FAILING[fault](fault)
        if fault is not None or answer is None:
            answer = BROKEN[fault or "500"]()
        answer.headers["Date"] = format_datetime(self._clock.now(), usegmt=True)
        await step()
        return answer
