"""What people decide about companies: this company is that customer, or it is not. The rules obey it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from services.detector.domain.identity import provisional_customer_id, to_milliseconds
from services.detector.domain.matching import Decision
from services.detector.errors import ChangedMeanwhileError, InvalidRequestError, NotFoundError
from services.detector.use_cases.follow_on import SLICE, Allowance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.detector.domain.customer import Customer
    from services.detector.domain.mirror import MirroredCompany
    from services.detector.ports import Customers, Mirror
    from services.detector.use_cases.companies import MatchCompanies
    from shared.clock import Clock


class DecideMatches:
    """Stores people's decisions on companies, and matches those companies again at once.

    Where a company has very many conversations, the rest of them follows in the background.
    """

    def __init__(
        self, *, customers: Customers, mirror: Mirror, companies: MatchCompanies, clock: Clock
    ) -> None:
        self._customers = customers
        self._mirror = mirror
        self._companies = companies
        self._clock = clock

    async def decide(
        self, organization_id: str, company_key: str, customer_id: str, *, confirmed: bool, by: str
    ) -> None:
        """Store a person's decision on whether a company is a certain customer.

        The customer may be on the organization's list, or be another company's stand-in.

        Raises:
            NotFoundError: there is no such company, or no such customer.
            InvalidRequestError: the customer is this company's own stand-in.
        """
        await self._company(organization_id, company_key)
        customer = await self._customer(organization_id, customer_id)
        if confirmed and customer.customer_id == provisional_customer_id(organization_id, company_key):
            raise InvalidRequestError(
                "This customer only stands for the company itself. Undo the company's match instead."
            )
        await self._keep(organization_id, company_key, [Decision(customer.customer_id, confirmed)], by)

    async def undo(self, organization_id: str, company_key: str, customer_id: str, *, by: str) -> None:
        """Separate a company from the customer that it is matched to, whatever the match rests on.

        The company goes to the customer that the rules match it to otherwise, or gets a stand-in. No rule
        matches it to this customer again.

        Raises:
            NotFoundError: there is no such company.
            ChangedMeanwhileError: the company is not, or no longer, matched to that customer.
        """
        company = await self._company(organization_id, company_key)
        if company.basis == "none" or company.customer_id != customer_id:
            raise ChangedMeanwhileError(
                "This company is not matched to that customer any more. Reload to see where it is."
            )
        decided = (await self._customers.decisions(organization_id, [company_key])).get(company_key, [])
        # A decision on a stand-in that was merged into this customer would match the company to it again.
        parted = dict.fromkeys(
            [*(decision.customer_id for decision in decided if decision.confirmed), customer_id]
        )
        decisions = [Decision(one, confirmed=False) for one in parted]
        await self._keep(organization_id, company_key, decisions, by)

    async def _keep(
        self, organization_id: str, company_key: str, decisions: Sequence[Decision], by: str
    ) -> None:
        await self._companies.expect(organization_id, [company_key])
        now = to_milliseconds(self._clock.now())
        for decision in decisions:
            await self._customers.decide(organization_id, company_key, replace(decision, by=by, at=now))
        await self._companies.match(organization_id, [company_key], Allowance(SLICE))

    async def _company(self, organization_id: str, company_key: str) -> MirroredCompany:
        company = (await self._mirror.companies(organization_id, [company_key])).get(company_key)
        if company is None:
            raise NotFoundError("This company is not here any more. Reload the page.")
        return company

    async def _customer(self, organization_id: str, customer_id: str) -> Customer:
        """Return a customer; for a stand-in that was merged into a customer, return that customer."""
        customer = (await self._customers.by_ids(organization_id, [customer_id])).get(customer_id)
        if customer is not None and customer.merged_into:
            customer = (await self._customers.by_ids(organization_id, [customer.merged_into])).get(
                customer.merged_into
            )
        if customer is None:
            raise NotFoundError("This customer is not here any more. Reload the page.")
        return customer
