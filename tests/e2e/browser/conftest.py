"""One installation, one browser: the tests walk it from its first minute to its last, file by file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from playwright.sync_api import ViewportSize, expect, sync_playwright

from tests.e2e.browser.walk import Walk
from tests.e2e.browser.watching import Watch
from tests.e2e.chain.installation import Installation, installed
from tests.e2e.chain.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Page

_CHROMIUM = "/usr/bin/chromium"
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
_PATIENCE_MS = 20_000
"""For one thing to appear on two busy cores."""

_LAPTOP = ViewportSize(width=1280, height=800)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put this folder's tests back into their order, after all others.

    What one of them connects, the next one uses. From the first one on, their browser keeps an event loop
    running in this thread, beside which no asynchronous test can run.
    """
    here = Path(__file__).parent
    walk = [item for item in items if here in item.path.parents]
    others = [item for item in items if here not in item.path.parents]
    items[:] = [*others, *sorted(walk, key=lambda item: (item.path, item.location[1] or 0))]


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Return what `earshot up` started, with its demo workspace."""
    with installed(tmp_path_factory.mktemp("installation"), {}) as running:
        yield running


@pytest.fixture(scope="session")
def workspace(installation: Installation) -> Iterator[Workspace]:
    """Return the demo workspace, in which nothing happens by itself: the tests decide what does."""
    found = Workspace(installation.demo_address)
    httpx.post(f"{found.address}/_control/pace", json={"pace": "paused"}).raise_for_status()
    yield found
    found.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=_CHROMIUM, args=_ARGUMENTS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def context(browser: Browser, installation: Installation) -> Iterator[BrowserContext]:
    """Return the browser of one reader, who stays signed in and asks for no motion."""
    own = browser.new_context(
        base_url=installation.address,
        viewport=_LAPTOP,
        reduced_motion="reduce",
        color_scheme="light",
        locale="en-GB",
        timezone_id="Europe/Berlin",
        permissions=["clipboard-read", "clipboard-write"],
    )
    own.set_default_timeout(_PATIENCE_MS)
    expect.set_options(timeout=_PATIENCE_MS)
    yield own
    own.close()


@pytest.fixture
def watched(context: BrowserContext) -> Iterator[tuple[Page, Watch]]:
    """Return a page and its watch; the test fails when the watch has heard of a fault."""
    page = context.new_page()
    watch = Watch(page)
    yield page, watch
    page.close()
    assert watch.faults == []


@pytest.fixture
def page(watched: tuple[Page, Watch], workspace: Workspace) -> Page:
    """Return a watched page."""
    return watched[0]


@pytest.fixture
def watch(watched: tuple[Page, Watch]) -> Watch:
    return watched[1]


@pytest.fixture(scope="session")
def screenshots(pytestconfig: pytest.Config) -> Path:
    folder = pytestconfig.rootpath / "screenshots"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def walk(page: Page, workspace: Workspace, screenshots: Path) -> Walk:
    """Return what several steps of the walk do alike."""
    return Walk(page, workspace, screenshots)


@pytest.fixture(scope="session")
def connected(context: BrowserContext) -> None:
    """Demand that the first steps have connected the workspace; without it the later ones mean nothing."""
    answer = context.request.get("/settings/organization/integrations")
    assert "Crewlark" in answer.text(), "The workspace is not connected, so this step cannot be walked."


@pytest.fixture
def watch_422(watch: Watch) -> None:
    """Let the test send a form that is refused."""
    watch.expect(422)
