"""Live streams (server-sent events) to open pages: each ends by itself, and nobody holds too many.

A page whose stream ended opens it again and asks how many came since its list was drawn; one whose stream
was refused asks that now and then (`live.js` in `shared/web/static`).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import aclosing, contextmanager
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import HTTPException, Query
from pydantic import AfterValidator, AwareDatetime
from sse_starlette import EventSourceResponse, ServerSentEvent

from shared.http.paging import in_utc

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
    from contextlib import AbstractContextManager

    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

    from shared.auth.identity import Identity

    Events = AsyncGenerator[ServerSentEvent]

STREAM_SECONDS = 300.0
"""Seconds that a stream lasts. Who asks is found out when it opens, so this is how long a stream outlives a
key or a session that was revoked; a page opens its next one within a second or so, by one small request."""

MOST_STREAMS = 12
"""Streams of one identity open at once, at one replica. A page that is not looked at closes its own, so a
person with several screens and devices stays below; a program that opens more has lost count of them."""

RETRY_AFTER_SECONDS = 30
"""When to ask again after a refusal; `live.js` asks in the same time how many came."""

MOST_NEWS = 100
"""What a page's count of news goes up to; from there on it says "100+"."""

Since = Annotated[
    AwareDatetime,
    AfterValidator(in_utc),
    Query(description="The moment just before the page's list was read."),
]
"""What a page asks with how many came since; a time with its zone."""

_RECONNECT_MS = 1_000
"""Milliseconds that a browser waits before it opens a stream again which ended (its own wait is 3 to 5 s)."""

_PING_SECONDS = 15
"""A comment line that often keeps proxies from closing a quiet stream; they allow 30 s and more."""


class LiveStreams:
    """Opens the streams of one service's pages, and counts those of each identity.

    Args:
        sleep: waits for so many seconds; what a stream's end is timed by.
    """

    def __init__(self, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._sleep = sleep
        self._open: Counter[tuple[str, str]] = Counter()

    def open(self, identity: Identity, events: Events) -> Response:
        """Return `events` as a stream that ends after `STREAM_SECONDS`; `events` is closed at its end.

        Raises:
            HTTPException: 429 with `Retry-After`, where `identity` has `MOST_STREAMS` open here.
        """
        if self.open_of(identity) >= MOST_STREAMS:
            raise HTTPException(
                429,
                f"{MOST_STREAMS} live streams of yours are open already, which is the most. Close a page or a"
                " program that listens, or ask again later.",
                headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
            )
        return _Stream(self._until_its_end(events), self.counted(identity))

    def open_of(self, identity: Identity) -> int:
        """Return how many streams of `identity` are open here."""
        return self._open[identity.organization_id, identity.user_id]

    @contextmanager
    def counted(self, identity: Identity) -> Iterator[None]:
        """Count a stream of `identity` as open inside the block."""
        whose = (identity.organization_id, identity.user_id)
        self._open[whose] += 1
        try:
            yield
        finally:
            self._open[whose] -= 1
            if not self._open[whose]:
                del self._open[whose]

    async def _until_its_end(
        self, events: AsyncGenerator[ServerSentEvent]
    ) -> AsyncGenerator[ServerSentEvent]:
        end = asyncio.ensure_future(self._sleep(STREAM_SECONDS))
        async with aclosing(events):
            try:
                yield ServerSentEvent(retry=_RECONNECT_MS)
                while (event := await _next_before(end, events)) is not None:
                    yield event
            finally:
                end.cancel()


async def _next_before(end: asyncio.Future[None], events: Events) -> ServerSentEvent | None:
    """Return the next event; None where `end` is there first, or there are no more."""
    coming = asyncio.ensure_future(anext(events, None))
    try:
        either: set[asyncio.Future[Any]] = {end, coming}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        return None if end.done() else coming.result()
    finally:
        # Ended before the events are closed: a generator cannot be while it runs.
        coming.cancel()
        await asyncio.wait({coming})


class _Stream(EventSourceResponse):
    """Counts as open from its first byte to its last, however it ends; one that is never sent does not."""

    def __init__(
        self, events: AsyncGenerator[ServerSentEvent], counted: AbstractContextManager[None]
    ) -> None:
        super().__init__(events, ping=_PING_SECONDS)
        self._counted = counted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._counted:
            await super().__call__(scope, receive, send)
