"""What attributes mean: usual names are recognised, odd values are no value."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.detector.domain.attributes import (
    MEANINGS,
    NONE,
    AttributeMap,
    guess,
    parse_date,
    parse_number,
)
from shared.contracts.resources import CompanyChanged

COMPANY = CompanyChanged(
    organization_id="acme",
    connection_id="con1",
    workspace_id="ws1",
    id="co1",
    version="v",
    observed_at=datetime(2026, 6, 1, tzinfo=UTC),
)


def test_usual_names_are_recognised_however_written() -> None:
    """Case, spaces and underscores do not matter; among several the first by name is taken."""
    names = ["Contract End Date", "paid_seats", "MRR", "renewal-date", "colour"]
    assert guess(names) == {
        "renewal_date": "Contract End Date",
        "seats": "paid_seats",
        "monthly_spend": "MRR",
    }


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2026-12-31", date(2026, 12, 31)),
        ("2026-12-31T10:00:00Z", date(2026, 12, 31)),
        (1_798_675_200, date(2026, 12, 31)),
        (1_798_675_200_000, date(2026, 12, 31)),
        ("soon", None),
        (True, None),
        (None, None),
        (1e300, None),
    ],
)
def test_dates_as_workspaces_keep_them(value: str | float | bool | None, day: date | None) -> None:
    """ISO 8601, seconds and milliseconds are dates; anything else is none."""
    assert parse_date(value) == day


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (900, 900.0),
        ("900", 900.0),
        ("1,200.50", 1200.5),
        (" 1,200,000 ", 1_200_000.0),
        ("900,50", None),
        ("1.234,50", None),
        ("0,125", None),
        ("1200,500", None),
        ("many", None),
        (-1, None),
        ("nan", None),
        (1e300, None),
        ("1e19", None),
        (True, None),
    ],
)
def test_numbers_as_people_write_them(value: str | float | bool, number: float | None) -> None:
    """Commas part thousands and nothing else; with others, and negative or strange ones, nothing is read."""
    assert parse_number(value) == number


def test_intercoms_own_fields_stand_in() -> None:
    """Without an attribute the plan, the spend and the creation date that Intercom knows count."""
    began = datetime(2025, 1, 1, tzinfo=UTC)
    company = COMPANY.model_copy(update={"plan": "Pro", "monthly_spend": 90.0, "created_at": began})
    told = AttributeMap()
    assert (told.plan(company), told.monthly_spend(company)) == ("Pro", 90.0)
    assert told.signed_up_at(company) == began
    assert (told.seats(company), told.renewal_date(company)) == (None, None)


_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40)


@given(
    st.dictionaries(st.sampled_from(["seats", "plan", "MRR", "renewal", "start date", "x"]), _SCALARS),
    st.dictionaries(st.sampled_from(MEANINGS), st.sampled_from(["x", "gone", NONE])),
)
def test_rubbish_is_never_an_error(attributes: dict[str, object], chosen: dict[str, str]) -> None:
    """Whatever attributes hold and whatever was chosen, facts are read or unknown."""
    company = COMPANY.model_copy(update={"custom_attributes": attributes})
    told = AttributeMap(chosen)  # type: ignore[arg-type] # keys are drawn from MEANINGS
    told.plan(company)
    told.signed_up_at(company)
    told.renewal_date(company)
    seats, spend = told.seats(company), told.monthly_spend(company)
    assert seats is None or seats >= 0
    assert spend is None or spend >= 0
