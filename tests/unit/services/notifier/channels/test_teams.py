"""A card for Teams: customers' words stay plain and small enough, and failures say what to do."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from services.notifier.channels.outgoing import OutgoingHttp
from services.notifier.channels.teams import LARGEST_MESSAGE, TeamsChannel, stored_size, teams_payload
from services.notifier.channels.wording import words_of
from services.notifier.domain.notification import Notification, notification_id
from services.notifier.domain.teams_hosts import TeamsHosts
from services.notifier.errors import DeliveryPostponed, DeliveryRefused
from services.notifier.ports import Message
from shared.contracts.signals import CustomerRef, SignalDetected
from tests.unit.services.notifier.channels.answering import answering
from tests.unit.services.notifier.fakes import NOW, a_fact, a_rule, a_signal

_URL = "https://teams.example/workflows/0123456789abcdef/triggers/manual?sp=%2Frun&sig=k3y-k3y-k3y"
_LINK = "https://earshot.example.com/insights/s-1"
_JOINER = "\u2060"


def _message(signal: SignalDetected, *, url: str | None = _URL, link: str = _LINK) -> Message:
    recipient = a_rule().recipients_for(signal)[0]
    notification = Notification(
        id=notification_id("acme", signal.signal_id, "teams", recipient.key),
        organization_id="acme",
        connection_id="c-1",
        signal=signal,
        rule_id="r-1",
        channel="teams",
        recipient=recipient,
        state="pending",
        created_at=NOW,
        next_attempt_at=NOW,
    )
    return Message(notification, rule_name="All", link=link, at=NOW, url=SecretStr(url) if url else None)


def _saying(quote: str, author: str = "Dana", **changes: Any) -> SignalDetected:
    said = a_signal().evidence[0].model_copy(update={"quote": quote, "author_name": author})
    return a_signal(evidence=(said,), **changes)


def _card(signal: SignalDetected) -> dict[str, Any]:
    card: dict[str, Any] = teams_payload(words_of(_message(signal)))["attachments"][0]["content"]
    return card


def _elements(card: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for element in card["body"] for each in element.get("items", [element])]


def _runs(card: dict[str, Any]) -> list[str]:
    return [run["text"] for each in _elements(card) for run in each.get("inlines", [])]


def test_a_card_says_what_every_channel_says() -> None:
    """Kind, customer, words, who said them, what else there is, and the way to the signal's page."""
    card = _card(_saying("we leave", facts=(a_fact(),), tags=("vip",)))
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    heading = card["body"][0]
    assert (heading["text"], heading["style"]) == ("Churn risk (explicit)", "heading")
    assert _runs(card)[:3] == ["Northwind", "“we leave”", "Dana"]
    assert "Tags vip" in _runs(card)[-1]
    assert card["actions"] == [{"type": "Action.OpenUrl", "title": "Open in Earshot", "url": _LINK}]


def test_words_of_customers_are_never_markdown() -> None:
    """They stand in text runs, which have none, whole and as they were written."""
    words = "*so* [click](https://evil.example) _now_ # 1. `x` \\"
    card = _card(_saying(words, author=words, customer=CustomerRef(id="x", name=words), tags=(words,)))
    (heading,) = [each for each in _elements(card) if each["type"] == "TextBlock"]
    assert heading["text"] == "Churn risk (explicit)"
    assert _runs(card)[:3] == [words, f"“{words}”", words]
    assert not [each for each in _elements(card) if "selectAction" in json.dumps(each)]


@pytest.mark.parametrize(
    ("words", "sent"),
    [
        ("<at>Tom</at> look", f"“<{_JOINER}at>Tom<{_JOINER}/at> look”"),
        (
            "at {{{DATE(2026-01-01T00:00:00Z)}}",
            f"“at {{{_JOINER}{{{_JOINER}{{DATE(2026-01-01T00:00:00Z)}}}}”",
        ),
        ("a < b, {one} <attic>", "“a < b, {one} <attic>”"),
    ],
)
def test_what_teams_reads_in_any_text_is_broken_up(words: str, sent: str) -> None:
    """No mention and no date comes of a customer's words, and they look as they did."""
    card = _card(_saying(words))
    assert sent in _runs(card)
    assert "entities" not in json.dumps(card)


_NAMES = st.builds(
    lambda text, times: (text * times)[:2_000],
    st.text('"\\{<x \u00fc\u6f22\U0001f600', min_size=1, max_size=8).filter(str.strip),
    st.sampled_from([1, 100, 2_000]),
)


@settings(max_examples=30, deadline=None)
@given(quote=_NAMES, author=_NAMES, customer=_NAMES, tags=st.lists(_NAMES, max_size=12), reason=_NAMES)
def test_every_card_fits(quote: str, author: str, customer: str, tags: list[str], reason: str) -> None:
    """In whatever alphabet, as Teams stores it: JSON in JSON, all of it ASCII."""
    signal = _saying(
        quote,
        author,
        tags=tuple(tags),
        customer=CustomerRef(id="cu-1", name=customer, owner=author),
        facts=tuple(a_fact(reason=reason[:500]) for _ in range(8)),
    )
    link = f"https://earshot.example.com/{'a' * 1_900}"
    payload = teams_payload(words_of(_message(signal, link=link)))
    assert len(json.dumps(json.dumps(payload))) <= LARGEST_MESSAGE
    assert all(_runs(payload["attachments"][0]["content"]))


@given(st.text(max_size=30), st.text(max_size=30))
def test_sizes_add_up(one: str, other: str) -> None:
    """Text is cut character by character."""
    assert stored_size(one + other) == stored_size(one) + stored_size(other)


async def _answered(status: int, text: str = "", headers: dict[str, str] | None = None) -> str:
    async with answering(status, text, headers) as http:
        return await TeamsChannel(http, TeamsHosts(("teams.example",))).deliver(_message(a_signal()))


async def test_a_workflow_takes_it_with_202() -> None:
    """It posts later, and who looks at the log is told where what came of that stands."""
    said = await _answered(202)
    assert said == "Teams answered 202. Whether the workflow posted it stands in its run history."


@pytest.mark.parametrize(
    ("status", "code", "advice"),
    [
        (400, "WorkflowTriggerIsNotEnabled", "Switch it on in Teams"),
        (400, "TriggerInputSchemaMismatch", "Make it from the template"),
        (401, "DirectApiAuthorizationRequired", "Let Anyone trigger it"),
        (401, "AuthorizationFailed", "Copy it again from the workflow"),
        (403, "", "Copy it again from the workflow"),
        (404, "WorkflowNotFound", "Make a new one"),
        (413, "", "The receiver answered 413"),
    ],
)
async def test_what_is_final_says_what_to_do(status: int, code: str, advice: str) -> None:
    """Before the workflow's own words, which may be long; neither has the address."""
    with pytest.raises(DeliveryRefused, match=advice) as caught:
        await _answered(status, json.dumps({"error": {"code": code, "message": "at ADDRESS " + "x" * 300}}))
    assert (caught.value.failure, caught.value.status) == ("rejected", status)
    assert f"The receiver answered {status}" in str(caught.value)
    assert code in str(caught.value)
    assert "k3y" not in str(caught.value)
    assert len(str(caught.value)) < 500


async def test_too_many_messages_are_sent_later() -> None:
    """As late as Teams asks."""
    with pytest.raises(DeliveryPostponed) as caught:
        await _answered(429, headers={"Retry-After": "17"})
    assert caught.value.retry_after_seconds == 17


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        (None, "not_configured"),
        ("https://..", "not_configured"),
        ("https://evil.example/?sig=k3y", "refused_address"),
    ],
)
async def test_nothing_goes_where_no_workflow_is(url: str | None, reason: str) -> None:
    """Also by a rule that was stored while more hosts were allowed."""

    def never(request: httpx.Request) -> httpx.Response:
        raise AssertionError("nothing may be sent")

    async with httpx.AsyncClient(transport=httpx.MockTransport(never)) as client:
        http = OutgoingHttp(client, timeout_seconds=1, allow_private=True)
        with pytest.raises(DeliveryRefused) as caught:
            await TeamsChannel(http, TeamsHosts()).deliver(_message(a_signal(), url=url))
    assert caught.value.failure == reason
    assert "k3y" not in str(caught.value)
