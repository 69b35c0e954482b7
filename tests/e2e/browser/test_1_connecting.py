"""From the first look to a workspace that is connected and read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.e2e.browser.accessibility import axe_violations
from tests.e2e.browser.walk import CHAIN_MS, INTEGRATION

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Locator, Page

    from tests.e2e.browser.walk import Walk
    from tests.e2e.browser.watching import Watch
    from tests.e2e.chain.workspace import Workspace

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

PERMISSIONS = (
    "Read and list users and companies",
    "Read one user and one company",
    "Read conversations",
    "Read tags",
    "Read admins",
    "Read one admin",
)
_SLOW_ANSWERS_MS = 250
"""How late the workspace answers while the first sync is looked at, so that there is something to see."""


def test_the_watch_sees_what_the_policy_refuses(page: Page, watch: Watch) -> None:
    """A page that runs a script of its own is caught; otherwise the other tests would prove nothing."""
    page.goto("/insights")
    page.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "window.ran = true";
        document.body.append(script);
    }""")
    assert page.evaluate("() => 'ran' in window") is False
    page.wait_for_timeout(200)
    assert any("Content Security Policy" in fault for fault in watch.faults)
    watch.faults.clear()


def test_an_empty_installation_names_the_next_step(page: Page, walk: Walk) -> None:
    """The first page says why it is empty and leads to the Intercom card, signed in by itself."""
    page.goto("/")
    expect(page.get_by_text("No workspace is connected yet")).to_be_visible()
    walk.screenshot("first-page")
    page.get_by_role("link", name="Connect Intercom").click()
    expect(page.get_by_role("heading", name="Integrations")).to_be_visible()
    expect(page.locator(".card .state")).to_have_text("Not connected")
    page.get_by_role("link", name="Connect", exact=True).click()
    expect(page).to_have_url(re.compile(f"{INTEGRATION}$"))
    for permission in PERMISSIONS:
        expect(page.get_by_text(permission, exact=True)).to_be_visible()


def test_a_wrong_token_is_explained(page: Page, walk: Walk, watch: Watch) -> None:
    """The form says what Intercom said, what to do, and keeps the region that was chosen."""
    watch.expect(422)
    page.goto(INTEGRATION)
    page.get_by_text("Use an access token instead").click()
    page.get_by_label("Access token").fill("dG9rOm5vdC1hLXRva2Vu")
    page.get_by_label("Region").select_option("us")
    page.get_by_role("button", name="Connect with token").click()
    expect(page.get_by_role("alert")).to_contain_text("Intercom does not accept this token")
    expect(page.get_by_role("alert")).to_contain_text("Generate a new one")
    expect(page.get_by_label("Region")).to_have_value("us")
    expect(page.get_by_label("Access token")).to_have_value("")
    walk.screenshot("wrong-token")


def test_a_host_that_is_not_allowed_is_refused(page: Page, watch: Watch) -> None:
    """Nothing is sent to a host outside the list, and the message names the host and the setting."""
    watch.expect(422)
    page.goto(INTEGRATION)
    page.get_by_text("Use an access token instead").click()
    page.get_by_label("Access token").fill("dG9rOm5vdC1hLXRva2Vu")
    page.get_by_label("Base URL").fill("https://intercom.example")
    page.get_by_role("button", name="Connect with token").click()
    expect(page.get_by_role("alert")).to_contain_text("'intercom.example' is not one of the allowed")
    expect(page.get_by_role("alert")).to_contain_text("EARSHOT_INTERCOM_HOSTS")
    expect(page.get_by_label("Base URL")).to_have_value("https://intercom.example")


def test_refusing_the_permissions_connects_nothing(page: Page, watch: Watch) -> None:
    """Cancel on Intercom's screen leads back with words that say so."""
    watch.expect(400)
    page.goto(INTEGRATION)
    page.get_by_role("button", name="Connect", exact=True).click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("alert")).to_contain_text("cancelled in Intercom. Nothing was connected")
    expect(page.get_by_role("heading", name="Connect your workspace")).to_be_visible()


def test_what_to_read_is_chosen_before_connecting(page: Page, walk: Walk, watch: Watch) -> None:
    """By keyboard alone: a bad number is explained beside its field, a good one outlives a no at Intercom."""
    watch.expect(422)
    watch.expect(400)
    page.goto(INTEGRATION)
    lookback = page.locator("#f-oauth-lookback")
    expect(lookback).to_be_hidden()
    page.locator("summary", has_text="What to read").first.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(lookback).to_be_focused()
    page.keyboard.insert_text("ten years")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("from 0 to 3,650. Nothing was connected")
    expect(lookback).to_have_value("ten years")
    walk.screenshot("what-to-read-refused")
    assert axe_violations(page) == []
    lookback.fill("365")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("alert")).to_contain_text("cancelled in Intercom. Nothing was connected")
    expect(lookback).to_have_value("365")


def test_connecting_by_authorization(page: Page, walk: Walk, workspace: Workspace) -> None:
    """Intercom's screen lists the permissions; then the card says Connected, by whom, and the date."""
    workspace.switch(latency_median_ms=_SLOW_ANSWERS_MS)
    page.goto(INTEGRATION)
    page.locator("summary", has_text="What to read").first.click()
    page.locator("#f-oauth-lookback").fill("120")
    page.get_by_role("button", name="Connect", exact=True).click()
    page.wait_for_url("**/oauth?*")
    for permission in PERMISSIONS:
        expect(page.get_by_text(permission, exact=True)).to_be_visible()
    walk.screenshot("authorization-screen")
    page.get_by_role("button", name="Authorize access").click()
    expect(page.get_by_role("status").filter(has_text="Connected.")).to_be_visible()
    expect(page.get_by_role("heading", name="Crewlark")).to_be_visible()
    expect(page.locator("#state .state").first).to_have_text(re.compile("^(Connected|Syncing)"))
    facts = page.locator("#state .facts").first
    expect(facts).to_contain_text(re.compile(r"Connected by\s*You"))
    expect(facts).to_contain_text(re.compile(r"On\s*\d{1,2} [A-Z][a-z]{2} 20\d\d"))
    expect(facts).to_contain_text("Intercom's authorization")
    expect(page.get_by_label("Lookback")).to_have_value("120")


@pytest.mark.usefixtures("connected")
def test_insights_fill_while_the_first_sync_runs(
    page: Page, walk: Walk, workspace: Workspace, context: BrowserContext
) -> None:
    """Lifecycle events go on with Save; progress is seen with numbers; signals come before it ends."""
    page.goto(INTEGRATION)
    page.get_by_label("Detect lifecycle events").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    expect(page.get_by_label("Detect lifecycle events")).to_be_checked()
    bar = page.get_by_role("progressbar", name="Conversations")
    expect(bar).to_be_visible(timeout=CHAIN_MS)
    expect(page.locator(".progress-words").last).to_have_text(re.compile(r"\d+ of \d+ · \d+"))
    expect(page.locator("#state .state").first).to_have_text(re.compile(r"^Syncing \d+"))
    walk.screenshot("progress")

    reading = context.new_page()
    reading.goto("/insights")
    while reading.locator("article.card").count() == 0:
        assert "Syncing" in context.request.get(INTEGRATION).text(), "The sync ended before anything showed."
        reading.wait_for_timeout(300)
        reading.reload()
    reading.close()

    workspace.switch(latency_median_ms=0)
    walk.state_becomes("Connected")
    expect(bar).to_have_count(0)


@pytest.mark.usefixtures("connected")
def test_the_ledger_says_what_is_held_and_up_to_when(page: Page, walk: Walk) -> None:
    """Every resource is held in full against the source's own count, with no gap."""
    page.goto(INTEGRATION)
    expect(page.get_by_text("with no known gaps")).to_be_visible(timeout=CHAIN_MS)
    expect(page.get_by_text("Complete up to")).to_be_visible()
    rows = page.get_by_role("region", name="Held against the source").locator("tbody tr").all_inner_texts()
    counts = {name: (held, there) for name, held, there in (row.split("\t") for row in rows)}
    assert set(counts) == {"Teammates", "Teams", "Tags", "Companies", "Contacts", "Conversations"}
    assert all(held == there != "0" for held, there in counts.values()), counts
    walk.screenshot("ledger")


def _held(page: Page) -> Locator:
    """The cell that says how many conversations are held; it follows what happens."""
    return page.get_by_role("row", name="Conversations").locator("td").nth(1)


@pytest.mark.usefixtures("connected")
def test_lookback_and_interval_are_kept(page: Page, walk: Walk) -> None:
    """What was saved is there after the page is opened again, and a longer lookback is read at once."""
    page.goto(INTEGRATION)
    before = _held(page).inner_text()
    page.get_by_label("Lookback").fill("540")
    page.get_by_label("Sync interval").select_option(label="every 15 minutes")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    page.goto(INTEGRATION)
    expect(page.get_by_label("Lookback")).to_have_value("540")
    expect(page.get_by_label("Sync interval")).to_have_value("900")
    expect(page.get_by_label("Detect lifecycle events")).to_be_checked()
    expect(_held(page)).not_to_have_text(before, timeout=CHAIN_MS)
    walk.state_becomes("Connected")
    assert int(_held(page).inner_text().replace(",", "")) > int(before.replace(",", ""))


@pytest.mark.usefixtures("connected")
def test_nonsense_is_no_lookback(page: Page) -> None:
    """A number of days below nought is refused before it is sent."""
    page.goto(INTEGRATION)
    page.get_by_label("Lookback").fill("-1")
    page.get_by_role("button", name="Save").click()
    assert page.get_by_label("Lookback").evaluate("(field) => field.validity.valid") is False


@pytest.mark.usefixtures("connected")
def test_sync_now_begins_a_sync(page: Page, walk: Walk) -> None:
    """The button asks for a run, and what is held is complete up to a later time."""
    page.goto(INTEGRATION)
    walk.state_becomes("Connected")
    up_to = page.locator("p", has_text="Complete up to").locator("time")
    before = up_to.get_attribute("datetime") or ""
    assert before
    page.get_by_role("button", name="Sync now").click()
    expect(page.get_by_role("status").filter(has_text="Asked for a sync")).to_be_visible()
    expect(up_to).not_to_have_attribute("datetime", before, timeout=CHAIN_MS)
    walk.state_becomes("Connected")
