"""Live pages in a real browser: what they show while streams come, end, and are refused."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import uvicorn
from fastapi import APIRouter, Request
from playwright.async_api import Page, async_playwright, expect
from prometheus_client import CollectorRegistry
from pydantic import SecretStr
from sse_starlette import ServerSentEvent
from starlette.responses import PlainTextResponse, Response

from shared.auth.authenticator import LocalAuthenticator
from shared.auth.dependencies import Member
from shared.auth.identity import LOCAL_IDENTITY
from shared.clock import ManualClock
from shared.config import ServiceSettings
from shared.http.application import create_api
from shared.http.lifecycle import Lifecycle
from shared.http.live_streams import MOST_STREAMS, LiveStreams, Since
from shared.observability.readiness import Readiness
from shared.web.pages import Pages

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator
    from pathlib import Path

    from fastapi import FastAPI

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

CHROMIUM = "/usr/bin/chromium"
PATIENCE_MS = 30_000
TEMPLATE = """{% extends "frame.html" %}{% import "components.html" as ui with context %}
{% block content %}<div id="list">{{ ui.announcer("/events", "signal", "/new", now) }}</div>{% endblock %}"""
NOTE_STATES = """() => {
  const sign = document.querySelector("[data-live]");
  window.states = [];
  new MutationObserver(() => window.states.push(sign.dataset.state)).observe(sign, { attributes: true });
}"""
SHOW_OR_HIDE = """(state) => {
  Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


class Site:
    """A service with one live page, whose news and whose streams' ends are the test's to decide."""

    def __init__(self, templates: Path) -> None:
        (templates / "page.html").write_text(TEMPLATE)
        self.clock = ManualClock(datetime(2026, 3, 1, 12, tzinfo=UTC))
        self.streams = LiveStreams(sleep=self._sleep)
        self.news = 0
        self.opened = 0
        self.counts = asyncio.Event()
        self.counts.set()
        self.asked = 0
        self.address = ""
        self._changed = asyncio.Condition()
        self._end = asyncio.Event()
        self._pages = Pages(templates, clock=self.clock)

    @property
    def open(self) -> int:
        return self.streams.open_of(LOCAL_IDENTITY)

    async def happen(self, *, heard: bool = True) -> None:
        """Let there be one more signal; streams tell of it where it is heard."""
        self.news += 1
        if heard:
            await self.tell()

    async def tell(self) -> None:
        """Let streams tell of a signal, which may have been counted already."""
        async with self._changed:
            self._changed.notify_all()

    def end_streams(self) -> None:
        """Let the time of all streams that are open be over."""
        self._end.set()
        self._end = asyncio.Event()

    async def _sleep(self, _seconds: float) -> None:
        await self._end.wait()

    async def _events(self) -> AsyncGenerator[ServerSentEvent]:
        self.opened += 1
        while True:
            async with self._changed:
                await self._changed.wait()
            yield ServerSentEvent(event="signal", data="{}")

    def app(self) -> FastAPI:
        router = APIRouter()

        @router.get("/page")
        async def page(request: Request, identity: Member) -> Response:
            return self._pages.render(request, "page.html", identity=identity, live_url="/events")

        @router.get("/events")
        async def events(identity: Member) -> Response:
            return self.streams.open(identity, self._events())

        @router.get("/new")
        async def new(identity: Member, since: Since) -> Response:
            self.asked += 1
            await self.counts.wait()
            return PlainTextResponse(str(self.news))

        @router.get("/inbox/unread")
        async def unread() -> Response:
            return PlainTextResponse("")

        settings = ServiceSettings(http_port=1, signing_key=SecretStr("k" * 40))
        readiness = Readiness()
        return create_api(
            service="detector",
            settings=settings,
            routers=[router],
            lifecycle=Lifecycle(readiness, grace_seconds=1),
            readiness=readiness,
            authenticator=LocalAuthenticator(settings, self.clock, set()),
            clock=self.clock,
            registry=CollectorRegistry(),
            pages=self._pages,
        )


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """Serve the site on a free port."""
    made = Site(tmp_path)
    server = uvicorn.Server(
        uvicorn.Config(made.app(), port=0, log_level="error", timeout_graceful_shutdown=1)
    )
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    made.address = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    yield made
    server.should_exit = True
    await task


@asynccontextmanager
async def opened(site: Site, *, pages: int = 1) -> AsyncIterator[list[Page]]:
    """Open so many pages of the site in one browser."""
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = await browser.new_context(base_url=site.address)
        context.set_default_timeout(PATIENCE_MS)
        made = [await context.new_page() for _ in range(pages)]
        yield made
        await browser.close()


async def until(condition: object) -> None:
    async with asyncio.timeout(PATIENCE_MS / 1000):
        while not condition():  # type: ignore[operator] # a callable, kept short for the tests below
            await asyncio.sleep(0.02)


async def test_a_stream_that_ends_is_opened_again_unseen(site: Site) -> None:
    """What came in between is counted, what was heard is not counted twice, and the sign does not change."""
    async with opened(site) as (page,):
        await page.goto("/page")
        await expect(page.locator("[data-live]")).to_have_attribute("data-state", "open")
        await page.evaluate(NOTE_STATES)
        await site.happen()
        announcement = page.locator("[data-announcement]")
        await expect(announcement).to_have_text("1 new signal")
        site.end_streams()
        await site.happen(heard=False)
        await until(lambda: site.opened == 2)
        await expect(announcement).to_have_text("2 new signals")
        await site.happen()
        await expect(announcement).to_have_text("3 new signals")
        assert await page.evaluate("() => window.states") == []


async def test_a_page_whose_stream_is_refused_counts_instead(site: Site) -> None:
    """It says so, learns what came all the same, and listens again as soon as it may."""
    async with opened(site) as (page,):
        await page.clock.install()
        with ExitStack() as held:
            for _ in range(MOST_STREAMS):
                held.enter_context(site.streams.counted(LOCAL_IDENTITY))
            await site.happen(heard=False)
            await page.goto("/page")
            sign = page.locator("[data-live]")
            await expect(sign).to_have_attribute("data-state", "counting")
            await expect(sign).to_have_text("checking every 30 s")
            announcement = page.locator("[data-announcement]")
            await expect(announcement).to_have_text("1 new signal")
            await site.happen(heard=False)
            await page.clock.fast_forward(31_000)
            await expect(announcement).to_have_text("2 new signals")
            assert site.opened == 0
        await page.clock.fast_forward(31_000)
        await expect(sign).to_have_attribute("data-state", "open")
        await site.happen()
        await expect(announcement).to_have_text("3 new signals")


async def test_a_count_that_comes_late_does_not_hide_that_the_page_is_live(site: Site) -> None:
    """It was asked for because a stream was refused; since then one was opened."""
    async with opened(site) as (page,):
        with ExitStack() as held:
            for _ in range(MOST_STREAMS):
                held.enter_context(site.streams.counted(LOCAL_IDENTITY))
            site.counts.clear()
            await page.goto("/page")
            await until(lambda: site.asked == 1)
        await page.evaluate(SHOW_OR_HIDE, "hidden")
        await page.evaluate(SHOW_OR_HIDE, "visible")
        sign = page.locator("[data-live]")
        await expect(sign).to_have_attribute("data-state", "open")
        await page.evaluate(NOTE_STATES)
        await site.happen(heard=False)
        site.counts.set()
        await expect(page.locator("[data-announcement]")).to_have_text("1 new signal")
        assert await page.evaluate("() => window.states") == []


async def test_what_a_count_holds_is_not_told_again_by_the_stream(site: Site) -> None:
    """The stream may tell of it a moment later."""
    async with opened(site) as (page,):
        site.counts.clear()
        await page.goto("/page")
        await until(lambda: site.asked == 1)
        await site.happen(heard=False)
        site.counts.set()
        announcement = page.locator("[data-announcement]")
        await expect(announcement).to_have_text("1 new signal")
        await site.tell()
        await until(lambda: site.asked == 2)
        await site.happen()
        await expect(announcement).to_have_text("2 new signals")


async def test_a_page_that_nobody_looks_at_listens_to_nothing(site: Site) -> None:
    """It holds no connection, and knows what came as soon as it is looked at again."""
    async with opened(site) as (page,):
        await page.goto("/page")
        await until(lambda: site.open == 1)
        await page.evaluate(SHOW_OR_HIDE, "hidden")
        await until(lambda: site.open == 0)
        await site.happen()
        await page.evaluate(SHOW_OR_HIDE, "visible")
        await expect(page.locator("[data-announcement]")).to_have_text("1 new signal")
        await until(lambda: site.open == 1)


async def test_many_pages_of_one_browser_all_work(site: Site) -> None:
    """A browser opens six connections to one place; pages behind the first leave theirs to it."""
    async with opened(site, pages=8) as pages:
        for page in pages:
            await page.goto("/page")
            await expect(page.locator("[data-live]")).to_have_attribute("data-state", "open")
            await page.evaluate(SHOW_OR_HIDE, "hidden")
        await site.happen()
        await pages[0].evaluate(SHOW_OR_HIDE, "visible")
        await expect(pages[0].locator("[data-announcement]")).to_have_text("1 new signal")
