"""Slack refuses a block that is too long, and the message with it: what customers wrote is cut to fit."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.notifier.channels.slack import escaped, slack_payload
from services.notifier.channels.wording import words_of
from services.notifier.domain.notification import Notification, notification_id
from services.notifier.ports import Message
from shared.contracts.signals import CustomerRef, SignalDetected
from tests.unit.services.notifier.fakes import NOW, a_rule, a_signal

_MOST_IN_A_BLOCK = 3_000
"""Characters of a text object in a section or context block, as Slack's reference of blocks says."""


def _sent(signal: SignalDetected) -> dict[str, Any]:
    recipient = a_rule().recipients_for(signal)[0]
    notification = Notification(
        id=notification_id("acme", signal.signal_id, "slack", recipient.key),
        organization_id="acme",
        connection_id="c-1",
        signal=signal,
        rule_id="r-1",
        channel="slack",
        recipient=recipient,
        state="pending",
        created_at=NOW,
        next_attempt_at=NOW,
    )
    link = "https://earshot.example.com/insights/s-1"
    return slack_payload(words_of(Message(notification, rule_name="All", link=link, at=NOW)))


def _texts(payload: dict[str, Any]) -> list[str]:
    return [
        part["text"] for block in payload["blocks"][1:] for part in block.get("elements", [block.get("text")])
    ]


_NAMES = st.builds(
    lambda text, times: (text * times)[:2_000],
    st.text("&<>x ", min_size=1, max_size=8).filter(str.strip),
    st.sampled_from([1, 100, 2_000]),
)


@settings(max_examples=30, deadline=None)
@given(quote=_NAMES, author=_NAMES, customer=_NAMES, tags=st.lists(_NAMES, max_size=12))
def test_every_block_fits(quote: str, author: str, customer: str, tags: list[str]) -> None:
    """However long names, tags and words are, and however much escaping adds."""
    said = a_signal().evidence[0].model_copy(update={"quote": quote, "author_name": author})
    signal = a_signal(
        evidence=(said,), tags=tuple(tags), customer=CustomerRef(id="cu-1", name=customer, owner=author)
    )
    texts = _texts(_sent(signal))
    assert all(0 < len(text) <= _MOST_IN_A_BLOCK for text in texts)
    # No entity is cut in two: what is left of each ampersand begins one of three.
    for text in texts:
        rest = text.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")
        assert "&" not in rest


def test_what_fits_is_whole() -> None:
    """Words of everyday length are told as they were written."""
    said = a_signal().evidence[0].model_copy(update={"quote": "a <b> & c", "author_name": "Dana"})
    texts = _texts(_sent(a_signal(evidence=(said,), tags=("vip",))))
    assert texts[0] == f">“{escaped('a <b> & c')}”\n>Dana"
