"""Quiet hours and wishes."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain.preferences import Preferences, QuietHours, mail_due, quiet_until
from tests.unit.services.notifier.fakes import a_signal

NIGHT = QuietHours(time(20), time(8), "Europe/Berlin")


@pytest.mark.parametrize(
    ("moment", "ends"),
    [
        (datetime(2026, 1, 10, 18, 59, tzinfo=UTC), None),
        (datetime(2026, 1, 10, 19, 0, tzinfo=UTC), datetime(2026, 1, 11, 7, 0, tzinfo=UTC)),
        (datetime(2026, 1, 11, 6, 59, tzinfo=UTC), datetime(2026, 1, 11, 7, 0, tzinfo=UTC)),
        (datetime(2026, 1, 11, 7, 0, tzinfo=UTC), None),
        # The clocks go forward in the night: eight o'clock comes an hour earlier.
        (datetime(2026, 3, 28, 22, 0, tzinfo=UTC), datetime(2026, 3, 29, 6, 0, tzinfo=UTC)),
    ],
)
def test_nights_go_over_midnight(moment: datetime, ends: datetime | None) -> None:
    """A span over midnight ends in the morning by the clock on the wall, whatever that is in UTC."""
    assert NIGHT.ends_at(moment) == ends


def test_a_span_within_a_day() -> None:
    """A nap at noon is quiet from its start and not at its end."""
    nap = QuietHours(time(12), time(13), "UTC")
    assert nap.ends_at(datetime(2026, 1, 1, 12, 0, tzinfo=UTC)) == datetime(2026, 1, 1, 13, 0, tzinfo=UTC)
    assert nap.ends_at(datetime(2026, 1, 1, 13, 0, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("end", "zone"), [(time(20), "Europe/Berlin"), (time(8), "Berlin"), (time(8), "../x"), (time(8), "")]
)
def test_nonsense_is_refused(end: time, zone: str) -> None:
    """An empty span and an unknown zone are named when they are given, not when mail is due."""
    with pytest.raises(ValueError, match=r"Quiet hours|time zone"):
        QuietHours(time(20), end, zone)


@given(
    st.datetimes(timezones=st.just(UTC), min_value=datetime(2020, 1, 1), max_value=datetime(2035, 1, 1)),  # noqa: DTZ001 - as hypothesis wants them
    st.times(),
    st.times(),
    st.sampled_from(["Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "UTC"]),
)
def test_quiet_always_ends_within_a_day(moment: datetime, start: time, end: time, zone: str) -> None:
    """The end lies ahead, at most a day and an hour of changed clocks away."""
    if start.replace(tzinfo=None) == end.replace(tzinfo=None):
        return
    ends = QuietHours(start, end, zone).ends_at(moment)
    if ends is not None:
        assert 0 < (ends - moment).total_seconds() <= 25 * 3_600


@pytest.mark.parametrize("start", [time(20, tzinfo=UTC), time(20)])
def test_a_time_of_day_has_no_offset(start: time) -> None:
    """It would be compared with the wall clock's, which has none, at each signal for this person."""
    with pytest.raises(ValueError, match="without an offset"):
        QuietHours(start, time(8, tzinfo=UTC), "Europe/Berlin")


@pytest.mark.parametrize(
    ("wishes", "wanted"),
    [
        (Preferences("acme", "u", "e"), True),
        (Preferences("acme", "u", "e", kinds=("renewal",)), False),
        (Preferences("acme", "u", "e", minimum_confidence=0.95), False),
        (Preferences("acme", "u", "e", kinds=("churn_risk",), minimum_confidence=0.9), True),
    ],
)
def test_wishes_narrow(wishes: Preferences, *, wanted: bool) -> None:
    """Kinds and confidence both have to fit; none chosen means all."""
    assert wishes.wants(a_signal()) is wanted


SHORTER = QuietHours(time(20), time(8), "UTC")
LONGER = QuietHours(time(18), time(10), "UTC")
LATE = datetime(2026, 3, 1, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wishes", "due"),
    [
        ((), LATE),
        ((Preferences("acme", "u", "e"),), LATE),
        ((Preferences("acme", "u", "e", kinds=("renewal",)),), None),
        ((Preferences("acme", "u", "e", quiet=SHORTER),), LATE.replace(day=2, hour=8)),
        (
            (Preferences("acme", "u", "e", quiet=LONGER), Preferences("acme", "v", "e", quiet=SHORTER)),
            LATE.replace(day=2, hour=8),
        ),
        ((Preferences("acme", "u", "e", quiet=SHORTER), Preferences("acme", "v", "e")), LATE),
        (
            (
                Preferences("acme", "u", "e", quiet=SHORTER),
                Preferences("acme", "v", "e", kinds=("renewal",)),
            ),
            LATE.replace(day=2, hour=8),
        ),
    ],
)
def test_mail_goes_out_as_soon_as_one_of_the_address_wants_it(
    wishes: tuple[Preferences, ...], due: datetime | None
) -> None:
    """Who does not want it neither keeps it from the others, nor asks for it earlier."""
    assert mail_due(wishes, a_signal(), LATE) == due


def test_quiet_hours_hold_also_for_what_nobody_wants_any_more() -> None:
    """Wishes changed after the mail was made; it is tried again, and not at night."""
    wishes = [Preferences("acme", "u", "e", kinds=("renewal",), quiet=SHORTER)]
    assert quiet_until(wishes, a_signal(), LATE) == LATE.replace(day=2, hour=8)
