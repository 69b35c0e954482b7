"""Health: a number only where enough is known, whose ingredients add up to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.detector.domain.conversation import AccountFacts, ConversationSummary
from services.detector.domain.errors import HealthWeightsError
from services.detector.domain.health import (
    DEFAULT_WEIGHTS,
    INGREDIENTS,
    Health,
    HealthWeights,
    measure,
)

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def conversation(**fields: object) -> ConversationSummary:
    given_fields: dict[str, object] = {
        "opened_at": NOW - 9 * DAY,
        "last_customer_at": NOW - 7 * DAY,
        "last_asked_at": NOW - 9 * DAY,
        "last_agent_at": NOW - 8 * DAY,
        **fields,
    }
    return ConversationSummary(conversation_id="k1", **given_fields)  # type: ignore[arg-type] # fields vary by test


def health(
    facts: AccountFacts | None = None,
    mood: tuple[float | None, int] = (0.2, 9),
    conversations: tuple[ConversationSummary, ...] = (),
    weights: HealthWeights | None = None,
    *,
    listening: bool = True,
) -> Health:
    return measure(
        facts or AccountFacts(),
        mood,
        (),
        conversations,
        weights=weights or HealthWeights(),
        listening=listening,
        now=NOW,
    )


def shares(found: Health) -> dict[str, float | None]:
    return {part.name: part.share for part in found.parts}


@given(
    mean=st.none() | st.floats(-1, 1),
    messages=st.integers(0, 1_000),
    seats=st.none() | st.integers(0, 10_000),
    users=st.none() | st.integers(0, 10_000),
    seen=st.none() | st.integers(-5, 400),
    ratings=st.lists(st.integers(1, 5), max_size=5),
    weights=st.fixed_dictionaries({name: st.integers(0, 100) for name in INGREDIENTS}).filter(
        lambda one: any(one.values())
    ),
    listening=st.booleans(),
)
def test_ingredients_add_up_to_the_score(
    mean: float | None,
    messages: int,
    seats: int | None,
    users: int | None,
    seen: int | None,
    ratings: list[int],
    weights: dict[str, int],
    listening: bool,
) -> None:
    """Whatever is known, the points add up to the score, and each stays within what it may add."""
    facts = AccountFacts(
        seats=seats, user_count=users, last_seen_at=NOW - seen * DAY if seen is not None else None
    )
    rated = tuple(conversation(rating=one, rated_at=NOW - DAY) for one in ratings)
    found = health(facts, (mean, messages), rated, HealthWeights(weights), listening=listening)
    assert all(0 <= part.points <= part.most + 0.01 for part in found.parts)
    assert all(part.points == 0 for part in found.parts if part.share is None)
    if found.score is not None:
        assert 0 <= found.score <= 100
        assert sum(part.most for part in found.parts) == pytest.approx(100, abs=0.1)
        assert found.score == pytest.approx(sum(part.points for part in found.parts), abs=0.6)


def test_unknown_is_neither_good_nor_bad() -> None:
    """What nobody said leaves the number to the other ingredients, and says why."""
    found = health(mood=(0.6, 9))
    assert (shares(found)["mood"], shares(found)["seats"]) == (1.0, None)
    assert found.score == 100
    assert {part.name: part.reason for part in found.parts}["seats"] == "seats or people are unknown"


def test_too_little_is_no_number() -> None:
    """With the switch off and two messages there is no health rather than a guess."""
    assert health(mood=(0.9, 2), listening=False).score is None


@pytest.mark.parametrize(
    ("one", "waits"),
    [
        (conversation(last_agent_at=None), True),
        (conversation(last_agent_at=NOW - 10 * DAY), True),
        (conversation(), False),
        (conversation(last_agent_at=None, state="closed"), False),
        (conversation(last_asked_at=NOW - DAY, last_agent_at=None), False),
        (conversation(last_asked_at=None, last_agent_at=None), False),
    ],
)
def test_who_waits_for_an_answer(one: ConversationSummary, waits: bool) -> None:
    """An open conversation waits when the customer asked last, more than two days ago; thanks ask nothing."""
    assert shares(health(conversations=(one,)))["answers"] == (0.0 if waits else 1.0)


@pytest.mark.parametrize(("days", "share"), [(-1, 1.0), (7, 1.0), (33.5, 0.5), (60, 0.0), (400, 0.0)])
def test_activity_fades(days: float, share: float) -> None:
    """Seen within a week is active, two months without a sign is not, and in between it fades evenly."""
    found = shares(health(AccountFacts(last_seen_at=NOW - days * DAY)))
    assert found["activity"] == pytest.approx(share)


@pytest.mark.parametrize(
    ("days", "words"), [(0.5, "today"), (1, "1 day ago"), (1.4, "1 day ago"), (1.6, "2 days ago")]
)
def test_one_day_is_no_days(days: float, words: str) -> None:
    """The page says it as it stands here."""
    found = health(AccountFacts(last_seen_at=NOW - days * DAY))
    assert {part.name: part.reason for part in found.parts}["activity"] == words


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ({"mood": 10}, "missing or unknown: activity, answers"),
        (dict.fromkeys(INGREDIENTS, 0), "At least one"),
        (dict(DEFAULT_WEIGHTS) | {"mood": 101}, "0 to 100: mood"),
        (dict(DEFAULT_WEIGHTS) | {"mood": -1}, "0 to 100: mood"),
        (dict(DEFAULT_WEIGHTS) | {"luck": 3}, "unknown: luck"),
    ],
)
def test_weights_that_cannot_be_used(weights: dict[str, int], words: str) -> None:
    """Each wrong set of weights is refused with what is wrong about it."""
    with pytest.raises(HealthWeightsError, match=words):
        HealthWeights(weights)


@pytest.mark.parametrize(
    ("ratings", "words"), [((4,), "4.0 of 5 from 1 rating"), ((4, 5), "4.5 of 5 from 2 ratings")]
)
def test_numbers_of_ratings_have_their_unit(ratings: tuple[int, ...], words: str) -> None:
    """The page says it as it stands here."""
    rated = tuple(conversation(rating=one, rated_at=NOW - DAY) for one in ratings)
    found = health(conversations=rated)
    assert {part.name: part.reason for part in found.parts}["ratings"] == words
