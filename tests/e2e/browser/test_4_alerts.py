"""Alerts: rules, what receivers really got, the inbox, and the log of every attempt."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from deploy.local.ports import free_ports
from tests.e2e.browser.walk import CHAIN_MS, RULES
from tests.e2e.chain.installation import eventually

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.e2e.browser.walk import Walk
    from tests.e2e.chain.workspace import Workspace

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240), pytest.mark.usefixtures("connected")]

_SLACK, _WEBHOOK, _MAIL = "customer-success", "crm", "priya@crewlark.example"
_NOTICE = "We have decided to cancel our subscription and will not renew when the contract ends next month."
_CUSTOMER = "Riverbend Plumbing"
_CONTACT = "riverbend"


def _add(page: Page, channel: str, name: str, **fields: str) -> None:
    page.goto(RULES)
    page.get_by_role("link", name=f"{channel} rule").click()
    page.get_by_label("Name").fill(name)
    for label, value in fields.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_label("Churn risk").check()
    page.get_by_role("button", name="Save").click()


def _got(workspace: Workspace, kind: str, name: str) -> list[dict[str, Any]]:
    return [each for each in workspace.received(kind, name) if _NOTICE[:40] in each["text"]]


@pytest.mark.usefixtures("watch_422")
def test_a_rule_without_a_usable_address_is_refused_beside_the_field(page: Page) -> None:
    """What is wrong is said where it is wrong, and what was typed stays."""
    _add(page, "Slack", "Nowhere", Address="ftp://files.example/hook")
    expect(page.get_by_role("alert")).to_contain_text("not saved")
    expect(page.locator("#f-url-error")).to_be_visible()
    expect(page.get_by_label("Name")).to_have_value("Nowhere")
    expect(page.get_by_label("Churn risk")).to_be_checked()


def test_rules_for_all_receivers_are_made_and_tried(page: Page, walk: Walk, workspace: Workspace) -> None:
    """Each rule can be tried at once; its address is not shown again."""
    slack = f"{workspace.address}/sink/slack/{_SLACK}"
    _add(page, "Slack", "Success channel", Address=slack)
    teams = workspace.teams_url(_SLACK)
    _add(page, "Teams", "Teams channel", Address=teams)
    _add(
        page,
        "Webhook",
        "CRM",
        Address=workspace.webhook_url(_WEBHOOK),
        **{"Signing secret": workspace.secret},
    )
    _add(page, "E-mail", "Mail to Priya", To=_MAIL)
    for name in ("Success channel", "Teams channel", "CRM", "Mail to Priya"):
        page.goto(RULES)
        page.locator("section.panel", has_text=name).get_by_role("button", name="Send a test").click()
        expect(page.get_by_role("status").filter(has_text="The sample arrived.")).to_be_visible()
    assert slack not in page.content()
    assert teams not in page.content()
    assert workspace.secret not in page.content()
    walk.screenshot("rules")
    assert [each["verified"] for each in workspace.received("webhook", _WEBHOOK)] == [True]
    assert len(workspace.received("slack", _SLACK)) == 1
    assert len(workspace.received("teams", _SLACK)) == 1
    assert len(workspace.received("mail", _MAIL)) == 1


def test_a_secret_is_made_where_none_is_given_and_shown_once(page: Page) -> None:
    """A webhook rule without a secret gets one, and no page shows it a second time."""
    (dead,) = free_ports(1)
    _add(page, "Webhook", "Nobody there", Address=f"http://127.0.0.1:{dead}/hook")
    expect(page.get_by_role("heading", name="Signing secret of “Nobody there”")).to_be_visible()
    secret = page.locator("pre").inner_text()
    assert secret.startswith("whsec_")
    page.get_by_role("link", name="I have kept it").click()
    expect(page.get_by_role("heading", name="Notifications")).to_be_visible()
    assert secret not in page.content()


def test_one_notice_reaches_everybody_exactly_once(page: Page, walk: Walk, workspace: Workspace) -> None:
    """A notice is announced live and counted on another page; three receivers are told once each."""
    inbox = page.context.new_page()
    inbox.goto("/customers")
    inbox.wait_for_load_state("networkidle")
    before = int(inbox.locator("[data-unread-source]").inner_text().strip() or 0)
    page.goto("/insights")
    expect(page.locator("[data-live]")).to_have_attribute("data-state", "open")
    contact = next(each["id"] for each in workspace.truth("contacts") if _CONTACT in (each["email"] or ""))
    workspace.write(contact, _NOTICE)

    announcement = page.locator("[data-announcement]")
    expect(announcement).to_have_text("1 new signal", timeout=CHAIN_MS)
    announcement.click()
    card = page.locator("article.card").first
    expect(card).to_contain_text("Churn risk · explicit")
    expect(card).to_contain_text(_CUSTOMER)
    expect(card.locator(".quote")).to_contain_text("cancel our subscription")

    expect(inbox.locator("[data-unread-source]")).to_have_text(str(before + 1), timeout=CHAIN_MS)
    expect(inbox.locator(".side [data-unread]")).to_have_text(str(before + 1))
    inbox.close()

    receivers = {"slack": _SLACK, "teams": _SLACK, "webhook": _WEBHOOK, "mail": _MAIL}
    eventually(
        "each receiver got the notice",
        lambda: all(_got(workspace, kind, name) for kind, name in receivers.items()),
        seconds=CHAIN_MS / 1000,
    )
    page.goto(f"{workspace.address}/sinks")
    expect(page.get_by_text("signature verified").first).to_be_visible()
    page.wait_for_timeout(2_000)
    for kind, name in receivers.items():
        assert len(_got(workspace, kind, name)) == 1, kind
    (hook,) = _got(workspace, "webhook", _WEBHOOK)
    assert hook["verified"] is True
    assert hook["body"]["data"]["customer"]["name"] == _CUSTOMER


def test_the_log_shows_every_attempt(page: Page, walk: Walk) -> None:
    """What arrived says so; a dead receiver is tried again, and its rule says that it needs attention."""
    page.goto("/operations/deliveries")
    delivered = page.locator("tbody tr", has_text=_CUSTOMER).filter(has_text="Delivered")
    for receiver in ("Slack", "Teams", "Webhook", "E-mail", "Inbox"):
        expect(delivered.filter(has_text=receiver).first).to_be_visible()
    failing = page.locator("tbody tr", has_text=_CUSTOMER).filter(
        has_text=re.compile("Waiting|Pending|tried")
    )
    eventually(
        "the dead receiver was tried twice",
        lambda: page.reload() and int(failing.first.locator("td").nth(3).inner_text()) >= 2,
        seconds=30,
    )
    walk.screenshot("deliveries")
    failing.first.locator("a").click()
    attempts = page.get_by_role("region", name="Attempts").locator("tbody tr")
    expect(attempts.nth(1)).to_be_visible()
    expect(attempts.first).to_contain_text("To be tried again")
    walk.screenshot("delivery")
    page.goto(RULES)
    rule = page.locator("section.panel", has_text="Nobody there")
    expect(rule.locator(".state")).to_have_text("Needs attention")
    expect(rule).to_contain_text("did not succeed")


def test_a_rule_is_removed_by_name(page: Page) -> None:
    """The question names the rule; afterwards nothing more is sent by it."""
    page.goto(RULES)
    page.locator("section.panel", has_text="Nobody there").get_by_role("button", name="Remove").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Remove the rule “Nobody there”?")
    dialog.get_by_role("button", name="Remove rule").click()
    expect(page.locator("section.panel", has_text="Nobody there")).to_have_count(0)
    page.goto("/operations/deliveries")
    expect(page.locator("tbody tr", has_text="Cancelled").first).to_be_visible()


def test_reading_the_inbox_takes_the_count_down(page: Page, walk: Walk) -> None:
    """The newest card is unread; marking all as read empties the count on the next page too."""
    page.goto("/inbox")
    first = page.locator("article.card").first
    expect(first).to_have_class(re.compile("unread"))
    expect(first).to_contain_text(_CUSTOMER)
    walk.screenshot("inbox")
    page.get_by_role("button", name="Mark all as read").click()
    expect(page.get_by_text("0 unread")).to_be_visible()
    page.goto("/requests")
    page.wait_for_load_state("networkidle")
    expect(page.locator("[data-unread-source]")).to_be_empty()


def test_own_preferences_are_kept(page: Page) -> None:
    """A reader narrows what reaches them; the inbox says that it is narrowed."""
    page.goto("/settings/me")
    expect(page.get_by_label("Time zone")).to_have_value("Europe/Berlin")
    page.get_by_label("Health change").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    page.goto("/settings/me")
    expect(page.get_by_label("Health change")).not_to_be_checked()
    page.get_by_label("Health change").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
