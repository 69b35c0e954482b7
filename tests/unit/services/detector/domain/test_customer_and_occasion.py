"""Account facts put together, occasions measured, standings counted, ids stable."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.detector.domain.attributes import parse_date
from services.detector.domain.customer import Customer, with_facts
from services.detector.domain.identity import Subject, resource_key, stable_id, workspace_of
from services.detector.domain.occasion import OccasionRules, Slot
from shared.contracts.resources import CompanyChanged

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def company(identifier: str, **fields: Any) -> CompanyChanged:
    return CompanyChanged(
        organization_id="acme",
        connection_id="con1",
        workspace_id="ws1",
        id=identifier,
        version="v",
        observed_at=NOW,
        **fields,
    )


def test_facts_of_several_companies_add_up() -> None:
    """Spend, people and seats add up; the earliest start, the next renewal and the last visit count."""
    facts = with_facts(
        Customer("c1", "acme", "Northwind"),
        [
            company(
                "a",
                plan="Pro",
                monthly_spend=100.0,
                user_count=3,
                remote_created_at=NOW - timedelta(days=400),
                custom_attributes={"Renewal date": "2026-12-31", "seats": "10"},
            ),
            company(
                "b",
                monthly_spend=50.0,
                user_count=4,
                created_at=NOW,
                last_request_at=NOW,
                custom_attributes={"contract_end": 1_782_000_000, "Seat count": 5},
            ),
        ],
        today=NOW.date(),
    ).facts
    assert (facts.plan, facts.monthly_spend, facts.user_count, facts.seats) == ("Pro", 150.0, 7, 15)
    assert facts.renewal_date == date(2026, 6, 21)
    assert facts.signed_up_at == NOW - timedelta(days=400)
    assert facts.last_seen_at == NOW


@pytest.mark.parametrize(
    ("named", "renewal"),
    [
        (("2025-06-21", "2026-07-01", "2026-12-31"), date(2026, 7, 1)),
        (("2025-06-21", "2026-06-01"), date(2026, 6, 1)),
        (("2024-06-21", "2025-06-21"), date(2025, 6, 21)),
        (("soon",), None),
    ],
)
def test_the_next_renewal_is_one_that_comes(named: tuple[str, ...], renewal: date | None) -> None:
    """A date that nobody moved on hides no later one; today still comes; of past ones the latest counts."""
    told = [company(day, custom_attributes={"renewal date": day}) for day in named]
    assert with_facts(Customer("c1", "acme", "N"), told, today=NOW.date()).facts.renewal_date == renewal


def test_the_list_wins_over_the_companies() -> None:
    """What the organization's own list says is taken; where it is silent the companies speak."""
    listed = Customer(
        "c1", "acme", "N", plan="Gold", monthly_spend=1.0, seats=2, renewal_date=date(2027, 1, 1)
    )
    told = [company("a", plan="Pro", monthly_spend=9.0, user_count=3)]
    facts = with_facts(listed, told, today=NOW.date()).facts
    assert (facts.plan, facts.monthly_spend, facts.seats, facts.renewal_date) == (
        "Gold",
        1.0,
        2,
        date(2027, 1, 1),
    )
    assert facts.user_count == 3


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("2026-12-31", date(2026, 12, 31)),
        ("2026-12-31T10:00:00Z", date(2026, 12, 31)),
        (1_767_225_600, date(2026, 1, 1)),
        (1_767_225_600_000, date(2026, 1, 1)),
        ("soon", None),
        (None, None),
        (True, None),
        (1e30, None),
        (float("nan"), None),
    ],
)
def test_dates_as_workspaces_keep_them(value: Any, found: date | None) -> None:
    """ISO text and epoch numbers are dates; everything else is nothing, never an error."""
    assert parse_date(value) == found


def test_windows_by_kind() -> None:
    """Explicit notice outlasts a grumble; a wish never runs out; settings replace lengths."""
    rules = OccasionRules()
    explicit, implied = Slot("churn_risk", "explicit"), Slot("churn_risk", "implied")
    assert rules.window(explicit) == timedelta(days=120)
    assert rules.window(implied) == timedelta(days=60)
    assert rules.window(Slot("feature_request", "r1")) is None
    assert rules.expires_at(Slot("feature_request", "r1"), NOW) is None
    shorter = rules.with_days({"churn_risk/implied": 5}, 1)
    assert shorter.expires_at(implied, NOW) == NOW + timedelta(days=5)
    assert shorter.is_past(NOW - timedelta(days=2), NOW)
    assert not rules.is_past(NOW - timedelta(days=2), NOW)


@given(st.text(max_size=30).filter(lambda text: ":" not in text), st.text(max_size=30))
def test_keys_come_apart_again(workspace: str, identifier: str) -> None:
    """A resource key gives its workspace back, whatever is in the id."""
    assert workspace_of(resource_key(workspace, identifier)) == workspace


def test_subjects_and_ids() -> None:
    """A subject is read back from its key; ids depend on all of their parts."""
    for subject in (Subject("customer", "c/1"), Subject("person", "w:1"), Subject("conversation", "w:2")):
        assert Subject.from_key(subject.key) == subject
    with pytest.raises(ValueError, match="names no subject"):
        Subject.from_key("nothing")
    assert stable_id("s", "a", "bc") != stable_id("s", "ab", "c")
