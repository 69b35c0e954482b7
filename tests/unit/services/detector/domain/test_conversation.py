"""Which messages of a conversation count as a customer's words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.detector.domain.conversation import AuthorType, Conversation, ConversationSummary, Message

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_only_customers_public_messages_in_known_languages_are_read() -> None:
    """Teammates, notes and other languages are left out; the last are counted."""
    messages = (
        Message("1", AuthorType.CUSTOMER, NOON, "Where do I find the invoice for March?"),
        Message("2", AuthorType.AGENT, NOON, "On the billing page."),
        Message("3", AuthorType.CUSTOMER, NOON, "secret", internal=True),
        Message("4", AuthorType.CUSTOMER, NOON, "Ich kann die Rechnung nicht finden, bitte helfen Sie mir."),
    )
    conversation = Conversation("o", "w", "c", messages)
    assert [message.part_id for message in conversation.customer_messages] == ["1", "4"]
    assert [message.part_id for message in conversation.readable_messages] == ["1"]
    assert conversation.other_language_count == 1


def test_clauses_are_computed_once() -> None:
    """Detectors share one reading of a message."""
    message = Message("1", AuthorType.CUSTOMER, NOON, "One. Two.")
    assert message.clauses is message.clauses


_LATER = NOON + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("state", "asked", "answered", "since"),
    [
        ("open", NOON, None, NOON),
        ("open", _LATER, NOON, _LATER),
        ("open", NOON, NOON, None),
        ("open", NOON, _LATER, None),
        ("open", None, None, None),
        ("snoozed", NOON, None, None),
        ("closed", NOON, None, None),
    ],
)
def test_somebody_waits_until_they_are_answered(
    state: str, asked: datetime | None, answered: datetime | None, since: datetime | None
) -> None:
    """Since they last asked, in an open conversation; an answer of the same moment is one."""
    summary = ConversationSummary("k1", NOON, state, last_asked_at=asked, last_agent_at=answered)
    assert summary.waits_since == since
