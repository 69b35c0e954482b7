"""Messages that no person wrote, and messages of people that sound a little like them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.detector.domain.conversation import AuthorType, Conversation, Message

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def said(text: str) -> Message:
    return Message("1", AuthorType.CUSTOMER, NOON, text)


@pytest.mark.parametrize(
    "text",
    [
        "This is an automatically generated message. Your subscription has been cancelled by the recipient.",
        "Please do not reply to this email. Your renewal is due in 30 days.",
        "Automatic reply: Budget review\nI am on parental leave.",
        "Delivery to the following recipients failed permanently: upgrade@partner.example",
        "Your message could not be delivered.",
        "I am out of the office until 4 May with limited access to email.",
        "Hello, I'm on annual leave. In urgent cases please contact my colleague Jo.",
        "Thank you for contacting us. One of our agents will get back to you.",
        "We have received your request. Your ticket number is 4471.",
        "You are receiving this newsletter because you signed up for it. Upgrade today and save 20 percent.",
    ],
)
def test_a_machine_is_told_by_its_words(text: str) -> None:
    """Automatic replies, bounces, absence notes and acknowledgements are no customer's words."""
    assert said(text).machine_written


@pytest.mark.parametrize(
    "text",
    [
        "I'm out of office until Monday, can we talk about the renewal then?",
        "I will be away next week. Please cancel our subscription anyway.",
        "Thank you for your message, we will not be renewing.",
        "My request was received last week and nobody answered.",
        "The automatic reply that you send to our customers has a typo.",
        "Can we turn off the automatically generated report?",
        "Auto-reply still says I'm at lunch.",
        "Please send the invoice.\nAccounts\nThis mailbox is not monitored at weekends.",
        "You can reach me by email.",
        "On Mon, 2 Mar 2026 at 10:11, Bo <b@x.example> wrote:\n> This is an automatically generated mail.",
        "",
    ],
)
def test_people_stay_people(text: str) -> None:
    """One sign of absence or thanks, talk about machines, and quoting one are human."""
    assert not said(text).machine_written


def test_detectors_do_not_read_machines() -> None:
    """What a machine wrote is left out; the language count does not count it."""
    notice = said("This is an automatically generated message. The subscription is cancelled.")
    told = Conversation("o", "w", "c", (notice, said("Where is my invoice?")))
    assert [one.text for one in told.readable_messages] == ["Where is my invoice?"]
    assert told.other_language_count == 0


@given(st.text(max_size=300))
def test_any_text_gets_an_answer(text: str) -> None:
    """No text breaks it."""
    assert said(text).machine_written in {True, False}
