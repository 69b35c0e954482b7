"""Live streams (server-sent events) to open pages: each ends by itself, and nobody can hold too many.

A page whose stream ended opens it again and asks how many signals arrived since its list was drawn. A page
whose stream was refused asks the same now and then (`live.js` in `shared/web/static`).
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
"""Seconds that a stream lasts. The reader is identified when it opens, so this is how long a stream
outlives a revoked key or session; a page opens its next one within a second or so, with one small
request."""

MOST_STREAMS = 12
"""Streams that one identity may have open at one replica. A page in the background closes its own, so a
person with several screens and devices stays below this; a program that opens more has lost count of
them."""

RETRY_AFTER_SECONDS = 30
"""When to ask again after a refusal; meanwhile `live.js` asks at the same interval how many arrived."""

MOST_NEWS = 100
"""A page counts news up to this number; beyond it, it says "100+"."""

Since = Annotated[
    AwareDatetime,
    AfterValidator(in_utc),
    Query(description="The moment just before the page's list was read."),
]
"""The time since which a page asks how many arrived; with a time zone."""

_RECONNECT_MS = 1_000
"""Milliseconds that a browser waits before it reopens a stream that ended (its own default is 3 to 5 s)."""

_PING_SECONDS = 15
"""A comment line this often keeps proxies from closing a quiet stream; they allow 30 s and more."""


class LiveStreams:
    """Opens the streams of one service's pages, and counts those of each identity.

    Args:
        sleep: waits for so many seconds; ends the streams in time.
    """

    def __init__(self, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._sleep = sleep
        self._open: Counter[tuple[str, str]] = Counter()

    def open(self, identity: Identity, events: Events) -> Response:
        """Return `events` as a stream that ends after `STREAM_SECONDS` and then closes `events`.

        Raises:
            HTTPException: 429 with `Retry-After`, if `identity` has `MOST_STREAMS` open here.
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
    """Return the next event; None if `end` comes first, or there are no more events."""
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
    """Counts as open from its first byte to its last; one that is never sent does not count."""

    def __init__(
        self, events: AsyncGenerator[ServerSentEvent], counted: AbstractContextManager[None]
    ) -> None:
        super().__init__(events, ping=_PING_SECONDS)
        self._counted = counted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._counted:
            await super().__call__(scope, receive, send)
