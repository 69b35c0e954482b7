"""Disconnecting, coming back by the other way in, and removing all that was read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.e2e.browser.walk import CHAIN_MS, INTEGRATION

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.e2e.browser.walk import Walk
    from tests.e2e.browser.watching import Watch
    from tests.e2e.chain.workspace import Workspace

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240), pytest.mark.usefixtures("connected")]

_WORKSPACE = "Crewlark"
_SERVICES = ("connector", "syncer", "detector", "notifier")


def test_disconnecting_keeps_what_was_read(page: Page, walk: Walk) -> None:
    """The question says that the data stays; afterwards it does."""
    page.goto("/insights")
    before = page.locator("article.card").count()
    page.goto(INTEGRATION)
    page.get_by_role("button", name="Disconnect").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"Disconnect {_WORKSPACE}?")
    expect(dialog).to_contain_text("What has been read stays")
    walk.screenshot("disconnect")
    dialog.get_by_role("button", name="Disconnect").click()
    walk.state_becomes("Disconnected")
    expect(page.get_by_role("button", name="Sync now")).to_have_count(0)
    page.goto("/insights")
    assert before > 0
    expect(page.locator("article.card")).to_have_count(before)


def test_reconnecting_with_a_token_goes_on_with_the_same_data(
    page: Page, walk: Walk, workspace: Workspace
) -> None:
    """The second way in is the form; it is the same connection, with its settings."""
    page.goto(f"{workspace.address}/tokens")
    token = re.search(r"dG9rOm[\w=+/-]+", page.content())
    assert token is not None
    page.goto(INTEGRATION)
    page.get_by_text("Use an access token instead").click()
    page.get_by_label("Access token").fill(token.group())
    page.get_by_label("Region").select_option("us")
    page.get_by_role("button", name="Reconnect with token").click()
    walk.state_becomes("Connected")
    expect(page.locator("#state .facts").first).to_contain_text("an access token")
    expect(page.get_by_label("Lookback")).to_have_value("540")
    expect(page.get_by_label("Detect lifecycle events")).to_be_checked()


def test_removing_the_data_asks_for_the_name_and_every_service_confirms(page: Page, walk: Walk) -> None:
    """A wrong name removes nothing; the right one makes all four services say how much they removed."""
    page.goto(INTEGRATION)
    page.get_by_role("button", name="Remove data").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("It cannot be undone")
    typed = dialog.get_by_role("textbox")
    typed.fill("crewlark")
    dialog.get_by_role("button", name="Remove data").click()
    assert typed.evaluate("(field) => field.validity.customError") is True
    walk.screenshot("remove-data")
    typed.fill(_WORKSPACE)
    dialog.get_by_role("button", name="Remove data").click()
    walk.state_becomes("Data removed")
    for service in _SERVICES:
        expect(page.locator("#state .lines li", has_text=service)).to_contain_text(
            re.compile(r"done, [\d,]+ documents? removed"), timeout=CHAIN_MS
        )
    walk.screenshot("data-removed")


def test_nothing_is_left_to_be_seen(page: Page) -> None:
    """Insights, people and the inbox are empty and say why; the uploaded list of customers stays ours."""
    page.goto("/insights")
    expect(page.get_by_text("No workspace is connected yet")).to_be_visible()
    page.goto("/people")
    expect(page.get_by_text("Nobody yet")).to_be_visible()
    page.goto("/inbox")
    expect(page.locator("article.card")).to_have_count(0)


def test_the_workspace_can_be_connected_anew(page: Page, walk: Walk) -> None:
    """After removal the way in is open, and reading begins from the start."""
    page.goto(INTEGRATION)
    walk.authorize("Connect")
    expect(page.get_by_text("with no known gaps")).to_be_visible(timeout=CHAIN_MS)


def test_a_removed_customer_page_is_not_found(page: Page, watch: Watch) -> None:
    """An address from before leads to words, not to an error."""
    watch.expect(404)
    page.goto("/insights/s0000000000000000")
    expect(page.get_by_role("heading", level=1)).to_have_text("Not found")
