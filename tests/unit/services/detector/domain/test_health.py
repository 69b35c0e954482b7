"""Health: a number only where enough is known, whose ingredients add up to it, and falls worth telling."""

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
    State,
    measure,
)
from services.detector.domain.health_history import FallRules, HealthHistory, find_fall, moved

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def conversation(**fields: object) -> ConversationSummary:
    given_fields: dict[str, object] = {
        "opened_at": NOW - 9 * DAY,
        "last_customer_at": NOW - 9 * DAY,
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
        (conversation(last_customer_at=NOW - DAY, last_agent_at=None), False),
    ],
)
def test_who_waits_for_an_answer(one: ConversationSummary, waits: bool) -> None:
    """An open conversation waits when the customer spoke last, more than two days ago."""
    assert shares(health(conversations=(one,)))["answers"] == (0.0 if waits else 1.0)


@pytest.mark.parametrize(("days", "share"), [(-1, 1.0), (7, 1.0), (33.5, 0.5), (60, 0.0), (400, 0.0)])
def test_activity_fades(days: float, share: float) -> None:
    """Seen within a week is active, two months without a sign is not, and in between it fades evenly."""
    found = shares(health(AccountFacts(last_seen_at=NOW - days * DAY)))
    assert found["activity"] == pytest.approx(share)


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


def state(days_ago: float, score: int | None, **points: float) -> State:
    return State(NOW - days_ago * DAY, score, points)


class TestFalls:
    """A fall is told once it is deep, on settled ground, and lasts until the score is back."""

    def _fall(
        self, *before: State, score: int = 50, known_days: float = 60, is_open: bool = False
    ) -> int | None:
        history = HealthHistory(NOW - known_days * DAY, None, before)
        fall = find_fall(history, state(0, score), FallRules(), is_open=is_open)
        return fall.points if fall else None

    def test_from_the_best_of_a_month(self) -> None:
        """It counts from the highest state of thirty days, not from one before that."""
        assert self._fall(state(40, 100), state(20, 75), state(5, 60)) == 25

    def test_a_small_one_is_no_news(self) -> None:
        """Nineteen points are not told; they keep an open one open."""
        assert self._fall(state(5, 69)) is None
        assert self._fall(state(5, 69), is_open=True) == 19
        assert self._fall(state(5, 59), is_open=True) is None

    def test_the_first_day_counts_for_nothing(self) -> None:
        """While conversations are still coming in, the number moves without meaning."""
        assert self._fall(state(0.9, 90), known_days=1.2) is None
        assert self._fall(state(0.1, 90), known_days=1.2) == 40

    def test_no_number_is_no_fall(self) -> None:
        """Where too little is known there is nothing to fall from or to."""
        assert self._fall(state(5, None)) is None
        history = HealthHistory(NOW - 60 * DAY, None, (state(5, 90),))
        assert find_fall(history, state(0, None), FallRules(), is_open=False) is None


def test_what_moved_comes_largest_first() -> None:
    """Movements of a point or more are named, the largest first, also of what was unknown before."""
    before = state(30, 70, mood=20.0, seats=10.0, answers=10.0)
    after = state(0, 50, mood=8.0, seats=10.4, answers=12.0, ratings=3.0)
    assert [(one.name, one.points) for one in moved(before, after)] == [
        ("mood", -12.0),
        ("ratings", 3.0),
        ("answers", 2.0),
    ]


def test_which_states_are_worth_keeping() -> None:
    """A state is kept when it differs by a point, or a day has passed."""
    history = HealthHistory(NOW - DAY, None, (state(0.5, 70, mood=20.0),))
    assert not history.worth_keeping(state(0, 70, mood=20.3))
    assert history.worth_keeping(state(0, 71, mood=20.3))
    assert history.worth_keeping(state(-1, 70, mood=20.0))
    assert HealthHistory().worth_keeping(state(0, None))
