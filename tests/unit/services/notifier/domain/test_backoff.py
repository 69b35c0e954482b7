"""When deliveries are tried again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain.backoff import Backoff


def test_delays_grow_and_end() -> None:
    """Each wait is four times the one before, up to an hour; after the last attempt there is none."""
    backoff = Backoff()
    waits = [backoff.delay_seconds(attempt, jitter=0.999_999) for attempt in range(1, 9)]
    assert [round(wait) for wait in waits if wait is not None] == [2, 8, 32, 128, 512, 2048, 3600]
    assert waits[-1] is None


@given(st.integers(1, 500), st.floats(0, 1, exclude_max=True), st.none() | st.floats(0, 1e9))
def test_delays_are_bounded(attempt: int, jitter: float, asked: float | None) -> None:
    """No wait is longer than an hour or shorter than a second, whatever a receiver asks for."""
    wait = Backoff(attempts=1_000).delay_seconds(attempt, jitter=jitter, asked_seconds=asked)
    assert wait is not None
    assert 1.0 <= wait <= 3_600.0


def test_a_receiver_may_ask_for_time() -> None:
    """Retry-After counts where it is longer than the schedule's own wait."""
    assert Backoff().delay_seconds(1, jitter=0, asked_seconds=60) == 60
    assert Backoff().delay_seconds(4, jitter=0, asked_seconds=1) == 64
