"""Account facts that speak for themselves."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

from services.detector.detectors import discover
from services.detector.domain.conversation import (
    AccountFacts,
    AccountHistory,
    Context,
    ConversationSummary,
    FactsAt,
)
from shared.web.cards import fact_in_words

if TYPE_CHECKING:
    from services.detector.domain.finding import Finding

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BY_NAME = {one.name: one for one in discover().account}


def days_ago(days: int) -> datetime:
    return NOW - timedelta(days=days)


def watch(
    name: str, facts: AccountFacts | None = None, history: AccountHistory | None = None
) -> tuple[Finding, ...]:
    return BY_NAME[name].detect_account(facts or AccountFacts(), history or AccountHistory(), Context(NOW))


def talks(*each: ConversationSummary) -> AccountHistory:
    return AccountHistory(conversations=each)


def talk(**known: object) -> ConversationSummary:
    return ConversationSummary(conversation_id="c", opened_at=days_ago(100), **known)  # type: ignore[arg-type]  # a short form for tests


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        (date(2026, 3, 1), "renews on 1 Mar 2026"),
        (date(2026, 4, 1), "renews on 1 Apr 2026"),
        (date(2026, 9, 1), None),
        (date(2026, 2, 1), None),
    ],
)
def test_a_near_renewal_date_is_found(day: date, reason: str | None) -> None:
    """Neither past nor far dates are news."""
    found = watch("renewal_date", AccountFacts(renewal_date=day))
    assert [one.facts[0].reason for one in found] == ([reason] if reason else [])


@pytest.mark.parametrize(("days", "found"), [(5, 1), (31, 0), (-3, 0)])
def test_first_weeks_are_found(days: int, found: int) -> None:
    """A sign-up counts for a month and not before it happened."""
    assert len(watch("new_account", AccountFacts(signed_up_at=days_ago(days)))) == found


@pytest.mark.parametrize(
    ("quiet", "seen", "count", "found"), [(40, None, 3, 1), (40, 2, 3, 0), (10, None, 3, 0), (40, None, 2, 0)]
)
def test_silence_counts_after_activity_only(quiet: int, seen: int | None, count: int, found: int) -> None:
    """A sign of life, or never having written, explains the silence."""
    facts = AccountFacts(last_seen_at=days_ago(seen) if seen is not None else None)
    history = talks(*[talk(last_customer_at=days_ago(quiet + at)) for at in range(count)])
    assert len(watch("silence", facts, history)) == found


@pytest.mark.parametrize(
    ("ratings", "age", "found"),
    [((1, 2), 5, 1), ((1,), 5, 0), ((1, 2, 5, 5), 5, 0), ((1, 1), 90, 0), ((4, 5), 5, 0)],
)
def test_bad_marks_must_repeat_and_prevail(ratings: tuple[int, ...], age: int, found: int) -> None:
    """Two bad marks among many good ones are no mood."""
    history = talks(*[talk(rating=mark, rated_at=days_ago(age)) for mark in ratings], talk())
    assert len(watch("low_ratings", None, history)) == found


@pytest.mark.parametrize(
    ("before", "now", "proofs"),
    [((20, 20), (10, 10), 2), ((20, 20), (10, 20), 1), ((20, 20), (19, 20), 0), ((4, 4), (1, 1), 0)],
)
def test_shrinking_is_measured_against_the_highest(
    before: tuple[int, int], now: tuple[int, int], proofs: int
) -> None:
    """A large share of a large enough customer must be gone."""
    past = FactsAt(days_ago(30), AccountFacts(user_count=before[0], seats=before[1]))
    old = FactsAt(days_ago(300), AccountFacts(user_count=900, seats=900))
    unknown = FactsAt(days_ago(10), AccountFacts())
    found = watch(
        "shrinking",
        AccountFacts(user_count=now[0], seats=now[1]),
        AccountHistory(snapshots=(old, past, unknown)),
    )
    assert sum(len(one.facts) for one in found) == proofs


def test_what_shrank_is_named_with_both_numbers() -> None:
    """The sentence stands alone in alerts: of what, from how many, to how many."""
    past = FactsAt(days_ago(30), AccountFacts(user_count=40, seats=50))
    (found,) = watch("shrinking", AccountFacts(user_count=4, seats=25), AccountHistory(snapshots=(past,)))
    assert {one.name: (one.value, one.reason) for one in found.facts} == {
        "user_count": ("4", "people fell from 40 to 4 within 90 days"),
        "seats": ("25", "seats fell from 50 to 25 within 90 days"),
    }
    assert [fact_in_words(one.name, one.value, one.reason) for one in found.facts] == [
        "People fell from 40 to 4 within 90 days",
        "Seats fell from 50 to 25 within 90 days",
    ]


@pytest.mark.parametrize(
    ("state", "asked", "answered", "found"),
    [
        ("open", 5, None, 1),
        ("open", 5, 4, 0),
        ("closed", 5, None, 0),
        ("open", 1, None, 0),
        ("open", None, None, 0),
    ],
)
def test_only_open_questions_wait(state: str, asked: int | None, answered: int | None, found: int) -> None:
    """Answered, closed and fresh ones do not, nor those where the customer only said thanks."""
    one = talk(
        state=state,
        last_customer_at=days_ago(1),
        last_asked_at=None if asked is None else days_ago(asked),
        last_agent_at=None if answered is None else days_ago(answered),
    )
    assert len(watch("unanswered", None, talks(one, one))) == found


@pytest.mark.parametrize(
    ("seats", "people", "found"),
    [(20, 20, 1), (20, 10, 0), (2, 2, 0), (None, 2, 0), (20, None, 0), (0, 0, 0)],
)
def test_full_seats_are_room_to_grow(seats: int | None, people: int | None, found: int) -> None:
    """Small contracts are full by nature."""
    assert len(watch("seats_full", AccountFacts(seats=seats, user_count=people))) == found


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_a_high_threshold_silences(name: str) -> None:
    """Whoever wants only certainty gets silence."""
    module = import_module(f"services.detector.detectors.{name}")
    strict = module.create(BY_NAME[name].parameters.updated({"threshold": 0.999}))
    facts = AccountFacts(
        seats=10,
        user_count=10,
        signed_up_at=days_ago(3),
        renewal_date=date(2026, 3, 9),
        last_seen_at=days_ago(90),
    )
    history = AccountHistory(
        snapshots=(FactsAt(days_ago(9), AccountFacts(seats=99, user_count=99)),),
        conversations=tuple(
            talk(last_customer_at=days_ago(90), last_asked_at=days_ago(90), rating=1, rated_at=days_ago(9))
            for _ in range(4)
        ),
    )
    assert len(watch(name, facts, history)) == 1
    assert strict.detect_account(facts, history, Context(NOW)) == ()
