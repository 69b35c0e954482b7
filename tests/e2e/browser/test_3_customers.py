"""Customers, what they ask for, and the list that says who they are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

import deploy.simulator.demo
from tests.e2e.browser.walk import CHAIN_MS
from tests.e2e.chain.installation import eventually

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.e2e.browser.walk import Walk

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.usefixtures("connected")]

_LIST = Path(deploy.simulator.demo.__file__).with_name("customers.csv")
_OWNER = "marcus@crewlark.example"
_CUSTOMER = "Beacon Alarm & Access"
_FOLLOWED_SECONDS = 200


def test_an_upload_keeps_good_rows_and_names_bad_ones_by_line(page: Page, walk: Walk, tmp_path: Path) -> None:
    """Two broken rows are left out, each with its line and the reason; all others are customers now."""
    good = _LIST.read_text("utf-8").rstrip("\n")
    lines = len(good.splitlines())
    first_id = good.splitlines()[1].partition(",")[0]
    file = tmp_path / "customers.csv"
    file.write_text(f"{good}\nacct_9999,,{_OWNER},Team,Roofing,Malta\n{first_id},Again,,,,\n", "utf-8")
    page.goto("/settings/organization/customers")
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("status").filter(has_text="left out")).to_contain_text(
        re.compile(rf"{lines - 1} new customers.* 2 rows left out")
    )
    rows = page.get_by_role("region", name="Rows that were left out").locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(0).locator("td").first).to_have_text(str(lines + 1))
    expect(rows.nth(0)).to_contain_text("name")
    expect(rows.nth(1).locator("td").first).to_have_text(str(lines + 2))
    expect(rows.nth(1)).to_contain_text(first_id)
    walk.screenshot("upload-with-broken-rows")

    def all_follow() -> bool:
        page.goto("/customers?q=beacon")
        named = page.get_by_role("link", name=_CUSTOMER)
        if named.count() != 1:
            return False
        named.click()
        page.wait_for_url("**/customers/*")
        if not page.get_by_role("heading", name="Over time", exact=True).is_visible():
            return False
        page.goto("/people/graph")
        return page.locator("svg.ties-wide").get_by_text("Teammates", exact=True).is_visible()

    # Conversations come along in slices after a long list: some twenty a second and core, beside all else.
    eventually("conversations follow their customers", all_follow, seconds=_FOLLOWED_SECONDS, every=2.0)


@pytest.mark.usefixtures("watch_422")
def test_a_file_that_is_no_list_is_explained(page: Page, tmp_path: Path) -> None:
    """Rubbish changes nothing and the page says what a list looks like."""
    file = tmp_path / "picture.csv"
    file.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    page.goto("/settings/organization/customers")
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator(".facts dd").first).not_to_have_text("0")


def test_a_near_name_is_asked_about_and_matched_by_a_person(page: Page) -> None:
    """A company whose name is only like a customer's is matched by a Yes, and asked no more."""
    page.goto("/settings/organization/customers")
    question = page.get_by_role("region", name="Suggested matches").locator("tbody tr").first
    expect(question).to_be_visible(timeout=CHAIN_MS)
    asked = question.locator("td").first.inner_text()
    question.get_by_role("button", name="Yes").first.click()
    expect(page.get_by_role("heading", name="Is this the same?")).to_be_visible()
    expect(page.locator("#suggestions td:first-child", has_text=asked.splitlines()[0])).to_have_count(0)


def test_customers_are_sorted_searched_and_narrowed_in_the_address(page: Page, walk: Walk) -> None:
    """Headings sort, owner and name narrow, and the address says all of it."""
    page.goto("/customers")
    page.get_by_role("link", name="Spend a month").click()
    page.wait_for_url("**sort=spend**")
    page.get_by_role("link", name="Spend a month").click()
    page.wait_for_url("**sort=-spend**")
    figures = page.locator("tbody td:nth-child(6)").all_inner_texts()
    amounts = [float(figure.replace("$", "").replace(",", "")) for figure in figures if figure]
    assert len(amounts) > 1
    assert amounts == sorted(amounts, reverse=True)
    page.locator("select[name=owner]").select_option(_OWNER)
    page.wait_for_url(re.compile(r"owner=marcus"))
    expect(page.locator("tbody td:nth-child(8)").first).to_have_text(_OWNER)
    assert set(page.locator("tbody td:nth-child(8)").all_inner_texts()) == {_OWNER}
    walk.screenshot("customers-of-one-owner")
    page.goto("/customers")
    page.get_by_role("searchbox", name="Search customers").fill("beacon")
    page.keyboard.press("Enter")
    page.wait_for_url("**/customers?q=beacon")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text(_CUSTOMER)


def test_a_customer_page_shows_what_happened_over_time(page: Page, walk: Walk) -> None:
    """Companies, people, conversations and signals; a chart with conversations, signals and sentiment."""
    page.goto("/customers?q=beacon")
    page.get_by_role("link", name=_CUSTOMER).click()
    page.wait_for_url("**/customers/*")
    expect(page.get_by_role("heading", level=1)).to_have_text(_CUSTOMER)
    expect(page.locator(".facts").first).to_contain_text(_OWNER)
    for heading in ("Over time", "Open signals", "Conversations", "People", "Companies in Intercom"):
        expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    chart = page.locator("svg.chart[aria-label$='over time']")
    expect(chart.locator(".line")).to_be_visible()
    for lane in ("Signals", "Sentiment", "Conversations"):
        expect(chart.get_by_text(lane, exact=True)).to_be_visible()
    point = chart.locator(".point").first
    point.focus()
    expect(point.locator(".tip")).to_be_visible()
    walk.screenshot("customer")


def test_insights_can_be_narrowed_to_an_owner(page: Page) -> None:
    """Once the list names owners, their signals can be asked for; each card says whose account it is."""
    page.goto("/insights")
    page.locator("select[name=owner]").select_option(_OWNER)
    page.wait_for_url(re.compile("owner="))
    cards = page.locator("article.card")
    expect(cards.first).to_contain_text(f"owner {_OWNER}")
    page.reload()
    expect(page.locator("select[name=owner]")).to_have_value(_OWNER)
    for index in range(cards.count()):
        expect(cards.nth(index)).to_contain_text(f"owner {_OWNER}")


def test_feature_requests_say_who_asked(page: Page, walk: Walk) -> None:
    """The list counts customers and what they spend; a request quotes each of them."""
    page.goto("/requests")
    rows = page.locator("tbody tr")
    expect(rows.first).to_be_visible(timeout=CHAIN_MS)
    walk.screenshot("requests")
    customers = int(rows.first.locator("td").nth(2).inner_text())
    title = rows.first.locator("a").inner_text()
    rows.first.locator("a").click()
    page.wait_for_url("**/requests/*")
    expect(page.locator(".lead", has_text=title)).to_be_visible()
    expect(page.get_by_text("“").first).to_be_visible()
    asked = set(page.locator(".lines .customer").all_inner_texts())
    assert len(asked) == customers
    walk.screenshot("request")
    page.get_by_label("Change to").select_option(label="Planned")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".panel .state", has_text="Planned")).to_be_visible()


def test_people_and_who_talks_to_whom(page: Page) -> None:
    """A person is found by name, and the picture of a customer ties people to teammates."""
    page.goto("/people?q=winifred")
    page.get_by_role("link", name="Winifred Aldous").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Winifred Aldous")
    expect(page.get_by_role("heading", name="Conversations")).to_be_visible()
    page.goto("/people/graph")
    picture = page.locator("svg.ties-wide")
    expect(picture.get_by_text("Teammates", exact=True)).to_be_visible()
    somebody = picture.locator("a[href*='person']").first
    name = (somebody.get_attribute("aria-label") or "").split(",")[0]
    somebody.focus()
    expect(somebody.locator(".tip")).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url("**/people/graph?around=person*")
    expect(page.locator("svg.ties-wide .hub-name")).to_contain_text(name[:10])
