"""Wishes: one finding each, titled in the customer's words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.detector.detectors import feature_request
from services.detector.detectors.feature_request import WISH_LIMIT, create
from services.detector.domain.conversation import AuthorType, Context, Conversation, Message
from services.detector.domain.text.wishes import share_enough

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DETECTOR = create()


def subjects(*texts: str) -> list[str]:
    messages = tuple(Message(str(at), AuthorType.CUSTOMER, NOON, text) for at, text in enumerate(texts))
    return [found.subject for found in DETECTOR.detect(Conversation("o", "w", "c", messages), Context(NOON))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It would be great if I could export conversations to CSV.", ["export conversations to CSV"]),
        ("Please add dark mode.", ["dark mode"]),
        ("I wish the app had an offline mode.", ["app had an offline mode"]),
        ("Is dark mode coming?", ["dark mode coming"]),
        ("Is it planned to sign with a bank identity?", ["planned to sign with a bank identity"]),
        ("Will there be other languages at some point?", ["other languages at some point"]),
        ("How do I export conversations to CSV?", []),
        ("Please add my colleague to the account.", []),
        ("Thanks for adding dark mode!", []),
        ("It would be great if someone could get back to me soon.", []),
        ("The calendar view is broken since yesterday.", []),
        ("Hello there.", []),
    ],
)
def test_wishes_are_told_from_questions_and_favours(text: str, expected: list[str]) -> None:
    """The thing wished for is the title; everything else is silent."""
    assert subjects(text) == expected


def test_each_wish_is_one_finding() -> None:
    """Different things are different wishes, the same thing again is more evidence."""
    assert len(subjects("Please add dark mode.", "Please add a way to export tags.")) == 2
    assert len(subjects("Please add dark mode.", "A dark mode would be great to have.")) == 1


def test_a_wish_taken_back_is_none() -> None:
    """Two messages later it was found in the menu."""
    assert subjects("Could you please add an option to snooze?", "Hm.", "Never mind, found it.") == []


def test_a_list_of_wishes_is_cut() -> None:
    """A few wishes are signals, twenty are a list."""
    things = ["arabic", "dark mode", "calendar", "webhooks", "passkeys", "maps", "folders", "themes"]
    assert len(subjects(*(f"Please add support for {thing}." for thing in things))) == WISH_LIMIT


def test_a_wish_is_compared_with_those_alone_that_share_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who wishes for hundreds of things costs no more for each of them."""
    compared = []

    def noted(left: frozenset[str], right: frozenset[str]) -> bool:
        compared.append((left, right))
        return share_enough(left, right)

    monkeypatch.setattr(feature_request, "share_enough", noted)
    found = subjects(*(f"It would be great if you could add a w{number}x." for number in range(300)))
    assert len(found) == WISH_LIMIT
    assert len(compared) < 300
