"""When things happen."""

from __future__ import annotations

import random
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from deploy.simulator.demo import office_hours

MOMENTS = st.integers(1_700_000_000, 1_900_000_000)


def hour(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)


@given(MOMENTS, st.integers())
def test_colleagues_answer_when_the_office_is_open(at: int, seed: int) -> None:
    """Later, never earlier, and within four days."""
    moved = office_hours.staffed(at, random.Random(seed))
    assert at <= moved <= at + 4 * office_hours.DAY
    assert hour(moved).weekday() < office_hours.SATURDAY
    assert office_hours.OPENS <= hour(moved).hour < office_hours.CLOSES


@given(MOMENTS, st.integers())
def test_customers_sleep_at_night(at: int, seed: int) -> None:
    """What would be written at night is written in the morning."""
    moved = office_hours.awake(at, random.Random(seed))
    first, last = office_hours.CUSTOMER_DAY
    assert at <= moved <= at + office_hours.DAY
    assert first <= hour(moved).hour < last


@given(st.integers(0, 600), MOMENTS, st.integers())
def test_stories_begin_on_working_days(days_ago: int, now: int, seed: int) -> None:
    """A weekend becomes the Friday before."""
    begun = hour(office_hours.working_moment(days_ago, now, random.Random(seed)))
    assert begun.weekday() < office_hours.SATURDAY
    assert 0 <= (hour(now).date() - begun.date()).days - days_ago <= 2


@given(st.integers(0, 600), MOMENTS, st.integers())
def test_everyday_talk_is_spread_over_the_week_before(days_ago: int, now: int, seed: int) -> None:
    """No more than a week earlier than asked for."""
    begun = hour(office_hours.working_moment(days_ago, now, random.Random(seed), spread=True))
    assert 0 <= (hour(now).date() - begun.date()).days - days_ago <= 6
