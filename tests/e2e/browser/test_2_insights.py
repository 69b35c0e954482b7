"""Insights: finding them, understanding why, and deciding what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.e2e.browser.walk import CHAIN_MS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

    from tests.e2e.browser.walk import Walk
    from tests.e2e.chain.installation import Installation

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240), pytest.mark.usefixtures("connected")]

_SPOKEN = "/insights?kind=churn_risk"
"""Churn risk in the demo workspace rests on words, of which its stories hold many."""


def _open_first(page: Page, address: str = _SPOKEN) -> None:
    page.goto(address)
    page.locator("a[data-row-link]:has(.quote)").first.click()
    page.wait_for_url("**/insights/*")


def test_each_signal_says_what_whose_how_sure_and_since_when(page: Page, walk: Walk) -> None:
    """A card has kind with its shape, customer, confidence, age and the words that were said."""
    page.goto(_SPOKEN)
    cards = page.locator("article.card")
    expect(cards.first).to_be_visible(timeout=CHAIN_MS)
    for index in range(min(5, cards.count())):
        card = cards.nth(index)
        expect(card.locator(".kind")).to_contain_text("Churn risk")
        expect(card.locator(".kind svg")).to_be_visible()
        expect(card.locator(".customer")).not_to_be_empty()
        expect(card.locator(".confidence")).to_have_text(re.compile(r"[01]\.\d\d"))
        expect(card.locator("time")).to_have_attribute("data-exact", re.compile(r"\d{4}"))
    expect(page.locator(".quote").first).to_have_text(re.compile("“.+”"))
    walk.screenshot("insights-of-one-kind")


_LOOKS = 40


@pytest.mark.parametrize("name", ["kind", "customer", "tag", "period", "state"])
def test_a_filter_stays_in_the_address_and_can_be_shared(
    page: Page, browser: Browser, installation: Installation, name: str
) -> None:
    """Choosing narrows the list in place; whoever opens the address sees the same list."""
    page.goto("/insights")
    choice = page.locator(f"select[name={name}]")
    value = choice.evaluate("(list) => [...list.options].map((option) => option.value).filter(Boolean)[0]")
    choice.select_option(value)
    page.wait_for_url(re.compile(rf"/insights\?{name}="))
    expect(page.locator(".clear")).to_be_visible()
    address = page.url
    guest = browser.new_context(base_url=installation.address).new_page()
    # Detection may still be adding to the list; both look until they looked at the same moment.
    for _ in range(_LOOKS):
        page.goto(address)
        guest.goto(address)
        if _rows(guest) == _rows(page):
            break
        page.wait_for_timeout(500)
    expect(guest.locator(f"select[name={name}]")).to_have_value(value)
    assert _rows(guest) == _rows(page)
    guest.context.close()
    page.locator(".clear").click()
    expect(page).to_have_url(re.compile("/insights$"))


def _rows(page: Page) -> list[str]:
    found: list[str] = page.locator("#list a[data-row-link]").evaluate_all(
        "(all) => all.map((each) => each.href)"
    )
    return found


def test_the_back_button_takes_a_filter_away(page: Page) -> None:
    """History holds what was chosen, so going back shows the list as it was."""
    page.goto("/insights")
    page.locator("select[name=kind]").select_option("feature_request")
    page.wait_for_url("**/insights?kind=feature_request")
    page.go_back()
    expect(page).to_have_url(re.compile("/insights$"))
    expect(page.locator("select[name=kind]")).to_have_value("")


def test_the_keyboard_walks_the_list(page: Page) -> None:
    """The keys j and k move, enter opens, / goes to the search; while typing they are letters."""
    page.goto("/insights")
    links = page.locator("#list a[data-row-link]")
    for key, index in (("j", 0), ("j", 1), ("j", 2), ("k", 1)):
        page.keyboard.press(key)
        expect(links.nth(index)).to_be_focused()
    page.keyboard.press("/")
    search = page.get_by_role("searchbox", name="Search customers")
    expect(search).to_be_focused()
    page.keyboard.type("jk/")
    expect(search).to_have_value("jk/")
    search.fill("")
    search.blur()
    page.keyboard.press("j")
    target = links.first.get_attribute("href")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"{target}$"))


def test_pages_follow_each_other_without_repeats(page: Page) -> None:
    """Next page shows other signals, and the count tells how many there are in all."""
    page.goto("/insights?state=any")
    links = "#list a[data-row-link]"
    first = set(page.locator(links).evaluate_all("(all) => all.map((each) => each.href)"))
    expect(page.locator(".pager").first).to_contain_text(re.compile(r"30 of \d+ signals"))
    page.get_by_role("link", name="Next page").first.click()
    page.wait_for_url("**cursor=**")
    second = set(page.locator(links).evaluate_all("(all) => all.map((each) => each.href)"))
    assert second
    assert not first & second


def test_a_list_can_be_taken_away_as_csv(page: Page, context: BrowserContext) -> None:
    """The file holds the same rows as the filtered list."""
    page.goto(_SPOKEN)
    shown = page.locator("#list a[data-row-link]").count()
    address = page.get_by_role("link", name="CSV").get_attribute("href")
    assert address is not None
    answer = context.request.get(address)
    assert answer.headers["content-type"].startswith("text/csv")
    lines = answer.text().strip().splitlines()
    assert len(lines) > shown
    assert all("churn_risk" in line for line in lines[1:] if line.count(",") > 5)


def test_a_signal_shows_the_words_it_rests_on(page: Page, walk: Walk) -> None:
    """The telling words are marked; so they are in the whole conversation, which leads to Intercom."""
    _open_first(page)
    marked = page.locator(".message mark").first
    expect(marked).to_be_visible()
    words = marked.inner_text()
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    expect(page.locator(".facts").first).to_contain_text("churn risk, version")
    walk.screenshot("signal")
    page.get_by_role("link", name="Whole conversation").first.click()
    page.wait_for_url("**/conversations/*")
    expect(page.locator("mark").filter(has_text=words).first).to_be_visible()
    expect(page.get_by_role("heading", name="Signals from here")).to_be_visible()
    walk.screenshot("conversation")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Open in Intercom").click()
    opened.value.wait_for_load_state()
    assert walk.workspace.address in opened.value.url
    expect(opened.value.get_by_text(words[:40]).first).to_be_visible()
    opened.value.close()


def test_confirming_is_remembered(page: Page) -> None:
    """The focus is on what it did; facts and history say who did it; it cannot be pressed twice."""
    _open_first(page)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("status").filter(has_text="Confirmed. It is kept")).to_be_focused()
    expect(page.locator(".chip", has_text="confirmed")).to_be_visible()
    expect(page.get_by_text("Confirmed by you@localhost")).to_be_visible()
    expect(page.get_by_role("button", name="Confirm")).to_have_count(0)


def test_assigning_and_copying_the_link(page: Page) -> None:
    """A signal can be given to somebody, and its address is put on the clipboard."""
    _open_first(page)
    page.get_by_role("button", name="Assign").click()
    page.get_by_label("E-mail address").fill("priya@crewlark.example")
    page.get_by_role("dialog").get_by_role("button", name="Assign").click()
    expect(page.get_by_text("Assigned to priya@crewlark.example by you@localhost")).to_be_visible()
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("() => navigator.clipboard.readText()") == page.url.partition("?")[0]


def test_dismissing_asks_why_and_closes(page: Page, walk: Walk) -> None:
    """Without a reason nothing is sent; with one the signal leaves the open list and says why."""
    page.goto(_SPOKEN)
    link = page.locator("a[data-row-link]").last
    address = str(link.get_attribute("href"))
    link.click()
    page.wait_for_url("**/insights/*")
    page.get_by_role("button", name="Dismiss").click()
    dialog = page.get_by_role("dialog")
    box, size = dialog.bounding_box(), page.viewport_size
    assert box is not None
    assert size is not None
    assert abs(box["y"] + box["height"] / 2 - size["height"] / 2) <= 1, (
        "It stands in the middle of the window."
    )
    dialog.get_by_role("button", name="Dismiss").click()
    assert dialog.get_by_label("Reason").evaluate("(field) => field.validity.valueMissing") is True
    walk.screenshot("dismiss")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Dismiss").click()
    dialog.get_by_label("Reason").fill("They meant the meeting")
    dialog.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_text("Dismissed: They meant the meeting.")).to_be_visible()
    page.goto(_SPOKEN)
    expect(page.locator(f"a[href='{address}']")).to_have_count(0)
    page.goto(f"{_SPOKEN}&state=cleared")
    expect(page.locator(f"a[href='{address}']")).to_have_count(1)


def test_pages_work_without_script(browser: Browser, installation: Installation) -> None:
    """Filters have a button, and a confirmation opens as the target of its link."""
    plain = browser.new_context(base_url=installation.address, java_script_enabled=False)
    page = plain.new_page()
    page.goto("/insights")
    page.locator("select[name=kind]").select_option("churn_risk")
    page.get_by_role("button", name="Apply").click()
    expect(page).to_have_url(re.compile("kind=churn_risk"))
    expect(page.locator("article.card").first).to_contain_text("Churn risk")
    page.locator("a[data-row-link]").first.click()
    page.get_by_role("button", name="Dismiss").click()
    expect(page.locator("dialog#dismiss")).to_be_visible()
    expect(page.locator("dialog#assign")).to_be_hidden()
    plain.close()
