"""What health was: falls worth telling, what moved it, and which states are remembered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.detector.domain.health import State
from services.detector.domain.health_history import FallRules, HealthHistory, find_fall, moved

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


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


def test_the_first_day_is_nothing_to_compare_with() -> None:
    """While a workspace comes in, nobody rises or falls; later the oldest settled state counts."""
    noise, settled = state(1.9, 22), state(0.5, 50)
    young = HealthHistory(NOW - 2 * DAY, None, (noise,))
    assert young.about(30, NOW) is None
    assert HealthHistory(NOW - 2 * DAY, None, (noise, settled)).about(30, NOW) == settled
    assert HealthHistory().about(30, NOW) is None
