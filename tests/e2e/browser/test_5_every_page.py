"""Every page of the map: for everybody, in both themes, on a phone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import ViewportSize, expect

from tests.e2e.browser.accessibility import axe_violations, invisible_focus, sideways_excess, structure_faults
from tests.e2e.browser.walk import INTEGRATION, RULES

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.e2e.browser.watching import Watch

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240), pytest.mark.usefixtures("connected")]

PAGES = {
    "insights": "/insights",
    "customers": "/customers",
    "people": "/people",
    "people-graph": "/people/graph",
    "requests": "/requests",
    "conversations": "/conversations",
    "topics": "/topics",
    "inbox": "/inbox",
    "integrations": "/settings/organization/integrations",
    "intercom": INTEGRATION,
    "customer-list": "/settings/organization/customers",
    "companies": "/settings/organization/customers/companies",
    "detection": "/settings/organization/detection",
    "notifications": RULES,
    "new-slack-rule": f"{RULES}/new?channel=slack",
    "new-teams-rule": f"{RULES}/new?channel=teams",
    "new-webhook-rule": f"{RULES}/new?channel=webhook",
    "new-mail-rule": f"{RULES}/new?channel=email",
    "new-inbox-rule": f"{RULES}/new?channel=inbox",
    "keys": "/settings/organization/keys",
    "me": "/settings/me",
    "sync": "/operations/sync",
    "deliveries": "/operations/deliveries",
    "dead-letters": "/operations/dead-letters",
    "no-conversation-matches": "/conversations?q=nobody-of-this-name",
    "nothing-of-a-tag": "/insights?tag=none",
    "nothing-matches": "/insights?kind=churn_risk&period=7&tag=none",
    "no-such-customer": "/customers/none",
}
"""Pages with an address of their own."""

OPENED = {
    "signal": ("/insights", "a[data-row-link]:has(.quote)"),
    "conversation": ("/people?q=winifred", "a[data-row-link]", "a[href^='/conversations/']"),
    "customer": ("/customers", "a[data-row-link]"),
    "company": ("/settings/organization/customers/companies", "a[data-row-link]"),
    "person": ("/people", "a[data-row-link]"),
    "request": ("/requests", "a[data-row-link]"),
    "rule": (RULES, "a[data-row-link]"),
    "delivery": ("/operations/deliveries", "a[data-row-link]"),
}
"""Pages that are reached from a list: where it is, and which links lead there."""

_LAPTOP = ViewportSize(width=1280, height=800)
_PHONE = ViewportSize(width=360, height=740)
_SMALLEST = ViewportSize(width=320, height=640)
_STEPS = 25
"""Presses of the tab key: through the frame and well into the page."""


def _examine(page: Page, watch: Watch, name: str, screenshots: Path) -> list[str]:
    """Return the faults of the page that is open, and keep its pictures."""
    page.wait_for_load_state("load")
    expect(page.locator("[data-bell]")).to_have_attribute("aria-label", re.compile("^Inbox"))
    faults = structure_faults(page)
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        faults += [f"{theme}: {each}" for each in axe_violations(page, colours_only=theme == "dark")]
        page.screenshot(path=screenshots / f"page-{name}-{theme}.png")
    page.emulate_media(color_scheme="light")
    for size in (_SMALLEST, _PHONE):
        page.set_viewport_size(size)
        if (excess := sideways_excess(page)) > 0:
            faults.append(f"{excess} px too wide for {size['width']} px")
    faults += [f"phone: {each}" for each in axe_violations(page)]
    page.screenshot(path=screenshots / f"page-{name}-phone.png", full_page=True)
    page.set_viewport_size(_LAPTOP)
    faults += [f"focus cannot be seen: {each}" for each in invisible_focus(page, _STEPS)]
    return faults + watch.faults


@pytest.mark.parametrize("name", PAGES)
def test_a_page_serves_everybody(page: Page, watch: Watch, screenshots: Path, name: str) -> None:
    """No rule of WCAG 2.2 AA is broken in light or dark, nothing is wider than a phone, focus is seen."""
    if name == "no-such-customer":
        watch.expect(404)
    page.goto(PAGES[name])
    assert _examine(page, watch, name, screenshots) == []


@pytest.mark.parametrize("name", OPENED)
def test_a_page_behind_a_list_serves_everybody(
    page: Page, watch: Watch, screenshots: Path, name: str
) -> None:
    """The same holds for what a list opens."""
    start, *links = OPENED[name]
    page.goto(start)
    for link in links:
        page.goto(str(page.locator(link).first.get_attribute("href")))
    assert _examine(page, watch, name, screenshots) == []


def test_a_new_key_fits_a_phone_and_is_copied_whole(page: Page, watch: Watch) -> None:
    """A key is longer than any line, and shown this once."""
    page.set_viewport_size(_SMALLEST)
    page.goto("/settings/organization/keys")
    page.get_by_label("What is it for").fill("a phone")
    page.get_by_role("button", name="Make key").click()
    shown = page.locator("code.token").inner_text()
    assert sideways_excess(page) <= 0
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("() => navigator.clipboard.readText()") == shown
    page.set_viewport_size(_LAPTOP)
    assert watch.faults == []


def test_the_menu_of_a_phone_leads_everywhere(page: Page) -> None:
    """What does not fit the bar at the foot is behind More."""
    page.set_viewport_size(_PHONE)
    page.goto("/insights")
    page.get_by_text("More", exact=True).click()
    page.locator(".more").get_by_role("link", name="Settings").click()
    expect(page.get_by_role("heading", name="Integrations")).to_be_visible()
    page.set_viewport_size(_LAPTOP)


def test_a_phone_shows_the_list_before_its_filters(page: Page) -> None:
    """Filters are one line that is moved sideways, and what is filtered by is in sight, in its place."""
    page.set_viewport_size(_PHONE)
    page.goto("/insights?confidence=0.7")
    bar, chosen = page.locator(".filters").bounding_box(), page.get_by_label("Confidence").bounding_box()
    assert bar is not None
    assert chosen is not None
    assert bar["height"] < 2 * chosen["height"]
    assert 0 <= chosen["x"] < chosen["x"] + chosen["width"] <= _PHONE["width"]
    places = page.locator(".filters select, .filters input").evaluate_all(
        "(controls) => controls.map((control) => control.getBoundingClientRect().x)"
    )
    assert places == sorted(places)
    page.set_viewport_size(_LAPTOP)


def test_a_table_that_is_moved_sideways_keeps_the_name_of_each_row(page: Page) -> None:
    """On a phone the last column is read beside the first."""
    page.set_viewport_size(_PHONE)
    page.goto("/customers")
    name = page.locator("td a[data-row-link]").first
    before = name.bounding_box()
    page.get_by_role("region", name="Customers").evaluate(
        "(table) => { table.scrollLeft = table.scrollWidth; }"
    )
    expect(page.get_by_role("columnheader", name="Owner")).to_be_in_viewport()
    assert before is not None
    assert name.bounding_box() == before
    page.set_viewport_size(_LAPTOP)


def test_an_address_that_nobody_serves_leads_back(page: Page, watch: Watch) -> None:
    """It says so, and has a way on."""
    watch.expect(404)
    page.goto("/nowhere")
    expect(page.get_by_text("There is nothing at this address.")).to_be_visible()
    page.get_by_role("link", name="To the insights").click()
    expect(page.get_by_role("heading", name="Insights")).to_be_visible()
