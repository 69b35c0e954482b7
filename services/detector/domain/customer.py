"""A customer as the organization knows it, and its facts put together from its list and its companies."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from services.detector.domain.conversation import AccountFacts
from shared.contracts.signals import CustomerRef

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.contracts.resources import CompanyChanged, Scalar

_RENEWAL_NAMES = frozenset(
    {"renewaldate", "renewson", "renewal", "contractend", "contractenddate", "contractends"}
)
_SEAT_NAMES = frozenset({"seats", "seatcount", "licenses", "licences", "paidseats"})
_MILLISECONDS_FROM = 100_000_000_000
"""Epoch numbers above this are milliseconds: as seconds they would lie past the year 5000."""


@dataclass(frozen=True)
class Customer:
    """A customer. `provisional` ones stand for a company that matches no known customer.

    `renewal_date`, `plan`, `monthly_spend` and `seats` are what the organization's own list says; where
    it is silent, the companies speak. `merged_into` is set on a stand-in whose company found its customer.
    """

    customer_id: str
    organization_id: str
    name: str
    external_id: str | None = None
    owner: str | None = None
    plan: str | None = None
    monthly_spend: float | None = None
    seats: int | None = None
    renewal_date: date | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    provisional: bool = False
    merged_into: str | None = None
    facts: AccountFacts = field(default_factory=AccountFacts)
    mood: float | None = None
    mood_messages: int = 0

    @property
    def ref(self) -> CustomerRef:
        return CustomerRef(
            id=self.customer_id, name=self.name, owner=self.owner, monthly_spend=self.facts.monthly_spend
        )


def with_facts(customer: Customer, companies: Sequence[CompanyChanged]) -> Customer:
    """Return the customer with its facts put together anew.

    Spend and people of several companies add up; dates take the earliest start and the newest sign of
    life, and the next renewal that any of them names.
    """
    spend = [one.monthly_spend for one in companies if one.monthly_spend is not None]
    users = [one.user_count for one in companies if one.user_count is not None]
    seats = [count for one in companies if (count := _seats(one.custom_attributes)) is not None]
    renewals = [day for one in companies if (day := _renewal(one.custom_attributes)) is not None]
    starts = [start for one in companies if (start := one.remote_created_at or one.created_at) is not None]
    seen = [one.last_request_at for one in companies if one.last_request_at is not None]
    plans = [one.plan for one in companies if one.plan]
    facts = AccountFacts(
        customer_id=customer.customer_id,
        name=customer.name,
        plan=customer.plan or (plans[0] if plans else None),
        monthly_spend=customer.monthly_spend if customer.monthly_spend is not None else _sum(spend),
        seats=customer.seats if customer.seats is not None else (sum(seats) if seats else None),
        user_count=sum(users) if users else None,
        signed_up_at=min(starts) if starts else None,
        renewal_date=customer.renewal_date or (min(renewals) if renewals else None),
        last_seen_at=max(seen) if seen else None,
    )
    return replace(customer, facts=facts)


def _sum(values: Sequence[float]) -> float | None:
    return sum(values) if values else None


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _renewal(attributes: Mapping[str, Scalar]) -> date | None:
    for name, value in sorted(attributes.items()):
        if _plain(name) in _RENEWAL_NAMES:
            return parse_date(value)
    return None


def _seats(attributes: Mapping[str, Scalar]) -> int | None:
    for name, value in sorted(attributes.items()):
        if _plain(name) in _SEAT_NAMES and not isinstance(value, bool):
            try:
                return int(float(value)) if value is not None else None
            except (ValueError, OverflowError):
                return None
    return None


def parse_date(value: Scalar) -> date | None:
    """Read a date as workspaces keep it: ISO 8601, or seconds or milliseconds since 1970; None if neither."""
    try:
        if isinstance(value, bool) or value is None:
            return None
        if isinstance(value, (int, float)):
            seconds = value / 1000 if value > _MILLISECONDS_FROM else value
            return datetime.fromtimestamp(seconds, UTC).date()
        return datetime.fromisoformat(value.strip()).date()
    except (ValueError, OverflowError, OSError):
        return None
