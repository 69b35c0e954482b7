"""Which attributes of a workspace's companies mean plan, spend, seats, sign-up date and renewal date.

Workspaces name these as they like. A person's choice decides; without one, common names are recognised, and
what Intercom itself knows of a company fills in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shared.contracts.resources import CompanyChanged, Scalar

Meaning = Literal["plan", "monthly_spend", "seats", "signed_up_at", "renewal_date"]
MEANINGS: tuple[Meaning, ...] = get_args(Meaning)

_USUAL_NAMES: Mapping[Meaning, frozenset[str]] = {
    "plan": frozenset(
        {"plan", "planname", "subscription", "subscriptionplan", "tier", "package", "pricingplan"}
    ),
    "monthly_spend": frozenset({"mrr", "monthlyspend", "monthlyrevenue", "monthlyrecurringrevenue"}),
    "seats": frozenset({"seats", "seatcount", "licenses", "licences", "paidseats", "licensecount"}),
    "signed_up_at": frozenset(
        {"signedupat", "signupdate", "customersince", "contractstart", "contractstartdate", "startdate"}
    ),
    "renewal_date": frozenset(
        {"renewaldate", "renewson", "renewal", "renewsat", "contractend", "contractenddate", "contractends"}
    ),
}
NONE = ""
"""Chosen instead of a name: no attribute has this meaning, whatever its name."""

_MOST_PLAN = 500
"""Characters of a plan's name, as in the organization's own list."""

BEYOND_ALL = 1e12
"""No amount or count is this large: a value that claims to be is not a number. Sums of smaller ones fit
the database, which refuses integers of more than 64 bits."""

_MILLISECONDS_FROM = 100_000_000_000
"""Epoch numbers above this are milliseconds: as seconds they would lie past the year 5000."""

_THOUSANDS_APART = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]*)?")


def guess(names: Iterable[str]) -> dict[Meaning, str]:
    """Return the attribute that each meaning's usual names point to; of several, the first by name."""
    guessed: dict[Meaning, str] = {}
    for name in sorted(names):
        for meaning, usual in _USUAL_NAMES.items():
            if _plain(name) in usual:
                guessed.setdefault(meaning, name)
    return guessed


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


@dataclass(frozen=True)
class AttributeMap:
    """A person's choices, by meaning; meanings without a choice are guessed."""

    chosen: Mapping[Meaning, str] = field(default_factory=dict)

    def value(self, meaning: Meaning, company: CompanyChanged) -> Scalar:
        """Return what the company's attributes say, or None where nothing does."""
        name = self.chosen.get(meaning)
        if name is None:
            name = guess(company.custom_attributes).get(meaning, NONE)
        return company.custom_attributes.get(name) if name != NONE else None

    def plan(self, company: CompanyChanged) -> str | None:
        value = self.value("plan", company)
        if value is None or isinstance(value, bool):
            return company.plan
        return str(value).strip()[:_MOST_PLAN] or company.plan

    def monthly_spend(self, company: CompanyChanged) -> float | None:
        amount = parse_number(self.value("monthly_spend", company))
        if amount is not None or company.monthly_spend is None:
            return amount
        return company.monthly_spend if abs(company.monthly_spend) < BEYOND_ALL else None

    def seats(self, company: CompanyChanged) -> int | None:
        amount = parse_number(self.value("seats", company))
        return int(amount) if amount is not None else None

    def signed_up_at(self, company: CompanyChanged) -> datetime | None:
        day = parse_date(self.value("signed_up_at", company))
        if day is not None:
            return datetime(day.year, day.month, day.day, tzinfo=UTC)
        return company.remote_created_at or company.created_at

    def renewal_date(self, company: CompanyChanged) -> date | None:
        return parse_date(self.value("renewal_date", company))


def parse_number(value: Scalar) -> float | None:
    """Read an amount or a count as people write it: 900, "900", "1,200.50"; None for anything else.

    A decimal comma is not accepted, and neither is an impossible amount.
    """
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(without_thousands(value.strip()) if isinstance(value, str) else value)
    except (ValueError, OverflowError):
        return None
    return number if 0 <= number < BEYOND_ALL else None


def without_thousands(text: str) -> str:
    """Return a number's text without thousands separators; a text with other commas is returned unchanged.

    Whatever still has a comma is not a number: "900,50" must not become 90,050.
    """
    return text.replace(",", "") if _THOUSANDS_APART.fullmatch(text) else text


def parse_date(value: Scalar) -> date | None:
    """Read a date as workspaces store it: ISO 8601, or seconds or milliseconds since 1970; else None."""
    try:
        if isinstance(value, bool) or value is None:
            return None
        if isinstance(value, (int, float)):
            seconds = value / 1000 if value > _MILLISECONDS_FROM else value
            return datetime.fromtimestamp(seconds, UTC).date()
        return datetime.fromisoformat(value.strip()).date()
    except (ValueError, OverflowError, OSError):
        return None
