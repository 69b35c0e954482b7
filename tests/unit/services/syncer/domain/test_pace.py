"""The pace of reading: a mean that can be believed, with its waits, of one resource at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.syncer.domain.pace import Pace, paced

START = datetime(2026, 1, 1, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(1, 60)), min_size=1, max_size=30))
def test_a_pace_stays_among_what_was_seen(seen: list[tuple[int, int]]) -> None:
    """It is never above the fastest nor below the slowest stretch."""
    pace: Pace | None = None
    at = 0
    for amount, seconds in seen:
        pace = paced(pace, amount, since=after(at), now=after(at + seconds))
        at += seconds
    rates = [amount / seconds for amount, seconds in seen]
    assert pace is not None
    assert min(rates) - 1e-6 <= pace.items_per_second <= max(rates) + 1e-6
    assert pace.watched_seconds == pytest.approx(at)


def test_it_settles_after_some_slices() -> None:
    """What is reckoned from the first moments, while calls in flight still grow, is told to nobody."""
    first = paced(None, 8, since=START, now=after(10))
    assert first is not None
    assert not first.settled
    second = paced(first, 92, since=after(10), now=after(20))
    assert second is not None
    assert second.settled
    assert second.items_per_second == pytest.approx(5.0)


def test_waits_belong_to_reading_and_outages_do_not() -> None:
    """Half a minute for the rate limit slows the pace; an hour without Intercom says nothing of it."""
    first = paced(None, 100, since=START, now=after(10))
    waited = paced(first, 100, since=after(40), now=after(50))
    assert waited is not None
    assert waited.items_per_second < 5
    outage = paced(first, 100, since=after(3_600), now=after(3_610))
    assert outage is not None
    assert outage.items_per_second == pytest.approx(10.0)


def test_a_clock_that_was_put_back_is_not_counted() -> None:
    """No time, no pace; what is known stays."""
    known = paced(None, 5, since=START, now=after(5))
    assert paced(known, 5, since=after(-9), now=after(-10)) == known
    assert paced(None, 5, since=START, now=START) is None
