"""A customer as the organization knows it, with facts combined from its list and its companies."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from services.detector.domain.attributes import BEYOND_ALL, AttributeMap
from services.detector.domain.conversation import AccountFacts
from services.detector.domain.mail_domains import listed_domains
from shared.contracts.signals import CustomerRef

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from shared.contracts.resources import CompanyChanged


@dataclass(frozen=True)
class Customer:
    """A customer. `provisional` customers are stand-ins for a company that matches no known customer.

    `renewal_date`, `plan`, `monthly_spend` and `seats` come from the organization's own list; where it says
    nothing, the companies' attributes count. `merged_into` is set on a stand-in whose company found its
    customer. `changes` is how often the customer had been written when it was read; a later write is refused
    if it was written again meanwhile.
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
    changes: int = field(default=0, compare=False)

    @property
    def domains(self) -> tuple[str, ...]:
        """The e-mail domains that the organization's own list names for it."""
        return listed_domains(self.attributes)

    @property
    def ref(self) -> CustomerRef:
        return CustomerRef(
            id=self.customer_id, name=self.name, owner=self.owner, monthly_spend=self.facts.monthly_spend
        )


def with_facts(
    customer: Customer,
    companies: Sequence[CompanyChanged],
    maps: Mapping[str, AttributeMap] | None = None,
    *,
    today: date,
) -> Customer:
    """Return the customer with its facts recomputed. `maps` say by connection what attributes mean.

    Spend and people of several companies are added up. Of dates, the earliest start and the newest sign of
    life count, and the next renewal from `today` on that any company names; if all are past, the latest.
    """
    read = [(company, (maps or {}).get(company.connection_id, AttributeMap())) for company in companies]
    spend = [value for company, told in read if (value := told.monthly_spend(company)) is not None]
    users = [
        company.user_count
        for company in companies
        if company.user_count is not None and company.user_count < BEYOND_ALL
    ]
    seats = [value for company, told in read if (value := told.seats(company)) is not None]
    renewals = [day for company, told in read if (day := told.renewal_date(company)) is not None]
    starts = [start for company, told in read if (start := told.signed_up_at(company)) is not None]
    seen = [company.last_request_at for company in companies if company.last_request_at is not None]
    plans = [plan for company, told in read if (plan := told.plan(company))]
    facts = AccountFacts(
        customer_id=customer.customer_id,
        name=customer.name,
        plan=customer.plan or (plans[0] if plans else None),
        monthly_spend=customer.monthly_spend if customer.monthly_spend is not None else _sum(spend),
        seats=customer.seats if customer.seats is not None else (sum(seats) if seats else None),
        user_count=sum(users) if users else None,
        signed_up_at=min(starts) if starts else None,
        renewal_date=customer.renewal_date or _next(renewals, today),
        last_seen_at=max(seen) if seen else None,
    )
    return replace(customer, facts=facts)


def _next(renewals: Sequence[date], today: date) -> date | None:
    ahead = [day for day in renewals if day >= today]
    return min(ahead) if ahead else max(renewals, default=None)


def _sum(values: Sequence[float]) -> float | None:
    return sum(values) if values else None
