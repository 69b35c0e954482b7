"""How account facts are told in words."""

from __future__ import annotations

import pytest

from shared.web.cards import fact_in_words, fact_value


@pytest.mark.parametrize(
    ("name", "value", "reason", "words"),
    [
        ("renewal_date", "2026-12-10", "renews on 10 Dec 2026", "Renews on 10 Dec 2026"),
        ("seats", "40", "38 of 40 seats are in use", "38 of 40 seats are in use"),
        (
            "user_count",
            "4",
            "fell from 40 within 90 days",
            "Fell from 40 within 90 days (user count: 4)",
        ),
        ("ratings", "1, 2", "2 of 3 marks are bad", "2 of 3 marks are bad (ratings: 1, 2)"),
        ("last_day", "2026-12-10", "ends soon", "Ends soon (last day: 10 Dec 2026)"),
        ("code", "2026-13-40", "is odd", "Is odd (code: 2026-13-40)"),
        ("code", "20261210", "is odd", "Is odd (code: 20261210)"),
        ("plan", "", "is none", "Is none"),
    ],
)
def test_a_fact_is_a_sentence_with_what_its_value_adds(
    name: str, value: str, reason: str, words: str
) -> None:
    """A day is written as days are; a number that is only part of another one is not said yet."""
    assert fact_in_words(name, value, reason) == words


def test_a_value_that_the_reason_says_adds_nothing() -> None:
    """A page shows the value beside the reason, once."""
    assert fact_value("health", "40", "health fell from 80 to 40: churn risk −20") is None  # noqa: RUF001 - a minus sign, as pages write numbers
