"""Which wishes are the same wish."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.detector.domain.conversation import AuthorType, Message
from services.detector.domain.finding import Evidence, FactEvidence, Finding, Kind
from services.detector.domain.wishes import Request, closest, similarity, wish_tokens, wish_words

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def request(title: str) -> Request:
    return Request(title, title, "new", (wish_tokens(title),), NOW, NOW)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("dark mode for the dashboard", "Please add dark mode to dashboards"),
        ("scheduled email reports", "schedule reports by email"),
        ("integration with Salesforce", "a Salesforce integration would be great"),
        ("export invoices as PDF", "exporting an invoice as PDF"),
        ("an offline mode", "the app should work where there is no signal"),
        ("change many jobs at once", "select several visits and move them together"),
        ("repeating jobs that skip bank holidays", "recurring visits without public holidays"),
    ],
)
def test_the_same_wish_in_other_words(one: str, other: str) -> None:
    """Other forms, order and politeness do not make another wish."""
    known = request(one)
    assert closest(wish_tokens(other), [request("single sign-on with Okta"), known]) is known


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("dark mode for the dashboard", "dashboard for mobile"),
        ("export invoices as PDF", "export contacts as CSV"),
        ("integration with Salesforce", "integration with HubSpot"),
        ("add", "please"),
        ("an audit log", "export the audit log as CSV"),
        ("export invoices to Excel", "export the contacts to Excel"),
        ("dark mode", "two-factor login"),
        ("recurring invoices", "recurring tasks"),
        ("dark mode", "a bigger screen for the kitchen"),
    ],
)
def test_another_wish_stays_apart(one: str, other: str) -> None:
    """A shared word or two is not a shared wish."""
    assert closest(wish_tokens(other), [request(one)]) is None


def test_a_vague_third_does_not_join_two_wishes() -> None:
    """A request that says something else as well is not joined, however alike one of its wordings is."""
    jobs, vague = wish_tokens("change many jobs at once"), wish_tokens("a mass update")
    contacts = wish_tokens("change many contacts at once")
    assert similarity(jobs, vague) >= 0.5
    assert similarity(contacts, vague) >= 0.5
    known = Request("r", "mass update", "new", (vague, jobs), NOW, NOW)
    assert closest(contacts, [known]) is None


def test_a_wish_is_compared_by_its_quotes() -> None:
    """The title may leave out what the sentence beside it says."""
    message = Message("1", AuthorType.CUSTOMER, NOW, "No signal down there. It should work.")
    quoted = Finding(
        Kind.FEATURE_REQUEST,
        0.9,
        "feature_request",
        "1",
        (Evidence.of(message, 22, 37), Evidence.of(message, 0, 21)),
        subject="work",
    )
    assert wish_words(quoted) == "It should work. No signal down there."
    bare = Finding(
        Kind.FEATURE_REQUEST, 0.9, "d", "1", facts=(FactEvidence("a", "b", "c"),), subject="dark mode"
    )
    assert wish_words(bare) == "dark mode"


@given(st.text(max_size=200), st.text(max_size=200))
def test_likeness_is_a_measure(one: str, other: str) -> None:
    """It is symmetrical, between 0 and 1, and 1 for a wish with itself if it says anything."""
    left, right = wish_tokens(one), wish_tokens(other)
    assert 0.0 <= similarity(left, right) <= 1.0
    assert similarity(left, right) == similarity(right, left)
    assert similarity(left, left) == (1.0 if left else 0.0)
