"""Days and months in four languages."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.simulator.demo import dates

NEW_YEARS_EVE = datetime(2026, 12, 31, 9, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "day", "whole", "mail"),
    [
        ("", "31 December", "31 December 2026", "Thu, 31 December at 09:05"),
        ("de", "31. Dezember", "31. Dezember 2026", "Donnerstag, 31. Dezember um 09:05"),
        ("fr", "31 décembre", "31 décembre 2026", "jeudi 31 décembre à 09:05"),
        ("es", "31 de diciembre", "31 de diciembre de 2026", "jueves, 31 de diciembre a las 09:05"),
    ],
)
def test_each_language_writes_dates_its_own_way(language: str, day: str, whole: str, mail: str) -> None:
    """As people there would write them in a mail."""
    assert dates.day_and_month(NEW_YEARS_EVE, language) == day
    assert dates.whole_date(NEW_YEARS_EVE, language) == whole
    assert dates.mail_date(int(NEW_YEARS_EVE.timestamp()), language) == mail


def test_months_wrap_at_the_end_of_the_year() -> None:
    """The month after December is January, also from a 31st."""
    assert dates.reckoned("month", 2, NEW_YEARS_EVE) == "February"
    assert dates.reckoned("month", -12, NEW_YEARS_EVE, "de") == "Dezember"
    assert dates.reckoned("year", -1, NEW_YEARS_EVE) == "2025"


@given(st.integers(-400, 400))
def test_an_appointment_is_never_on_a_weekend(offset: int) -> None:
    """Whatever the offset."""
    assert dates.reckoned("weekday", offset, NEW_YEARS_EVE) not in {"Saturday", "Sunday"}


@pytest.mark.parametrize(
    ("hour", "said"), [(9, "Good morning"), (12, "Good afternoon"), (21, "Good evening")]
)
def test_a_greeting_fits_the_time_of_day(hour: int, said: str) -> None:
    """Nobody says good morning at night."""
    assert dates.reckoned("greeting", 0, NEW_YEARS_EVE.replace(hour=hour)) == said
