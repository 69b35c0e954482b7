"""Which wishes are the same wish."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.detector.domain.wishes import Request, closest, similarity, wish_tokens

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
    ],
)
def test_another_wish_stays_apart(one: str, other: str) -> None:
    """A shared word or two is not a shared wish."""
    assert closest(wish_tokens(other), [request(one)]) is None


@given(st.text(max_size=200), st.text(max_size=200))
def test_likeness_is_a_measure(one: str, other: str) -> None:
    """It is symmetrical, between 0 and 1, and 1 for a wish with itself if it says anything."""
    left, right = wish_tokens(one), wish_tokens(other)
    assert 0.0 <= similarity(left, right) <= 1.0
    assert similarity(left, right) == similarity(right, left)
    assert similarity(left, left) == (1.0 if left else 0.0)
