"""Live streams end by themselves, are bounded for each identity, and leave nothing behind."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from fastapi import HTTPException
from sse_starlette import ServerSentEvent

from shared.auth.identity import Identity
from shared.http.live_streams import MOST_STREAMS, STREAM_SECONDS, LiveStreams

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from starlette.responses import Response
    from starlette.types import Message

ANN = Identity("acme", "ann", "Ann", "ann@acme.example", "member")
BOB = Identity("acme", "bob", "Bob", "bob@acme.example", "member")
NAMESAKE = Identity("other", "ann", "Ann", "ann@other.example", "member")


class Hourglass:
    """Lets its sleepers wake when it is turned."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self._turned = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.asked.append(seconds)
        await self._turned.wait()

    def turn(self) -> None:
        self._turned.set()


class News:
    """What there is to tell, and whether whoever told it was told that it is over."""

    def __init__(self, *, every: bool = False) -> None:
        self.queue: asyncio.Queue[str] = asyncio.Queue()
        self.over = False
        self._every = every

    async def events(self) -> AsyncGenerator[ServerSentEvent]:
        try:
            while True:
                yield ServerSentEvent(event="signal", data="again" if self._every else await self.queue.get())
        finally:
            self.over = True


class Page:
    """An open page: what it was sent, until it goes."""

    def __init__(self, response: Response) -> None:
        self.sent: list[bytes] = []
        self._ended = False
        self._gone = asyncio.Event()
        self.task = asyncio.create_task(response(SCOPE, self._receive, self._send))

    async def _receive(self) -> Message:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        await asyncio.sleep(0)
        self.sent.append(message.get("body", b""))
        self._ended = message["type"] == "http.response.body" and not message.get("more_body")

    @property
    def text(self) -> str:
        return b"".join(self.sent).decode()

    def has_ended(self) -> bool:
        """Return whether the answer was brought to its end."""
        return self._ended

    async def go(self) -> None:
        self._gone.set()
        await self.task


SCOPE = {"type": "http", "method": "GET", "path": "/insights/events", "headers": []}


@pytest.fixture
def hourglass() -> Hourglass:
    return Hourglass()


@pytest.fixture
def streams(hourglass: Hourglass) -> LiveStreams:
    return LiveStreams(sleep=hourglass.sleep)


async def until(page: Page, words: str) -> None:
    async with asyncio.timeout(5):
        while words not in page.text:
            await asyncio.sleep(0)


async def test_a_stream_ends_by_itself(streams: LiveStreams, hourglass: Hourglass) -> None:
    """After some minutes, properly, so that a browser opens it again at once and is asked who it is."""
    news = News()
    page = Page(streams.open(ANN, news.events()))
    news.queue.put_nowait("first")
    await until(page, "data: first")
    assert hourglass.asked == [STREAM_SECONDS]
    assert not page.has_ended()
    hourglass.turn()
    await page.task
    assert page.has_ended()
    assert news.over
    assert page.text.startswith("retry: 1000\r\n")


async def test_a_stream_that_never_pauses_ends_too(streams: LiveStreams, hourglass: Hourglass) -> None:
    """However much there is to tell, a reader whose key was revoked hears no more of it."""
    news = News(every=True)
    page = Page(streams.open(ANN, news.events()))
    await until(page, "again")
    hourglass.turn()
    async with asyncio.timeout(5):
        await page.task
    assert (page.has_ended(), news.over) == (True, True)


async def test_a_stream_without_more_to_tell_ends(streams: LiveStreams) -> None:
    """Nobody waits for the end of time."""

    async def one() -> AsyncGenerator[ServerSentEvent]:
        yield ServerSentEvent(data="only")

    page = Page(streams.open(ANN, one()))
    await page.task
    assert "data: only" in page.text
    assert page.has_ended()


async def test_each_identity_has_so_many_streams(streams: LiveStreams) -> None:
    """One more is refused in words, with when to ask again; others, and namesakes elsewhere, are not."""
    pages = [Page(streams.open(ANN, News().events())) for _ in range(MOST_STREAMS)]
    for page in pages:
        await until(page, "retry")
    assert streams.open_of(ANN) == MOST_STREAMS
    with pytest.raises(HTTPException, match="Close a page") as refused:
        streams.open(ANN, News().events())
    assert refused.value.status_code == 429
    assert refused.value.headers == {"Retry-After": "30"}
    others = [Page(streams.open(one, News().events())) for one in (BOB, NAMESAKE)]
    await pages[0].go()
    assert streams.open_of(ANN) == MOST_STREAMS - 1
    again = Page(streams.open(ANN, News().events()))
    for page in (*pages[1:], *others, again):
        await page.go()
    assert {streams.open_of(one) for one in (ANN, BOB, NAMESAKE)} == {0}


async def test_a_page_that_goes_leaves_nothing_behind(streams: LiveStreams) -> None:
    """What told it is closed, its end is waited for no longer, and it counts no more."""
    before = asyncio.all_tasks()
    news = News()
    page = Page(streams.open(ANN, news.events()))
    await until(page, "retry")
    await page.go()
    assert news.over
    assert streams.open_of(ANN) == 0
    assert asyncio.all_tasks() == before | {task for task in asyncio.all_tasks() if "watcher" in repr(task)}


async def test_what_is_never_sent_counts_for_nothing(streams: LiveStreams) -> None:
    """A request that ends before its answer begins takes no place for good."""
    streams.open(ANN, News().events())
    assert streams.open_of(ANN) == 0
