"""Which customers companies are, by the matching rules and people's decisions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from services.detector.domain.identity import provisional_customer_id
from services.detector.domain.matching import match_company, normalise_name, with_hints
from services.detector.use_cases.domain_hints import DomainHints

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from services.detector.domain.matching import Decision, Match
    from services.detector.domain.mirror import MirroredCompany
    from services.detector.ports import Connections, Customers, Mirror


class FindMatches:
    """Looks up what the matching rules need, in few queries for a whole batch."""

    def __init__(self, *, mirror: Mirror, customers: Customers, connections: Connections) -> None:
        self._customers = customers
        self._connections = connections
        self.hints = DomainHints(mirror=mirror, customers=customers)

    async def of(
        self,
        organization_id: str,
        companies: Mapping[str, MirroredCompany],
        decided: Mapping[str, Sequence[Decision]],
    ) -> dict[str, Match]:
        """Return by key which customer each company is, or may be, given people's decisions on it."""
        views = {view.connection_id: view for view in await self._connections.all_of(organization_id)}
        external_ids = {
            company.record.company_id for company in companies.values() if company.record.company_id
        }
        names = {normalise_name(company.record.name) for company in companies.values()} - {""}
        known = await self._customers.known_like(organization_id, external_ids, names)
        decisions = await self._decided(organization_id, decided)
        matches = {}
        for key, company in companies.items():
            view = views.get(company.record.connection_id)
            matches[key] = match_company(
                external_id=company.record.company_id,
                name=company.record.name,
                known=known,
                decisions=decisions.get(key, ()),
                by_name=view.match_companies_by_name if view else "exact",
            )
        alone = [key for key, match in matches.items() if match.customer_id is None]
        hints = await self.hints.of(organization_id, alone)
        for key in alone:
            suggestions = with_hints(matches[key].suggestions, hints.get(key, ()), decisions.get(key, ()))
            matches[key] = replace(matches[key], suggestions=suggestions)
        return matches

    async def _decided(
        self, organization_id: str, decisions: Mapping[str, Sequence[Decision]]
    ) -> dict[str, Sequence[Decision]]:
        """Return people's decisions as they hold now.

        A decision for another company's stand-in follows that company to its present customer. If the
        stand-in no longer exists, the decision does not count.
        """
        confirmed = {
            decision.customer_id for said in decisions.values() for decision in said if decision.confirmed
        }
        customers = await self._customers.by_ids(organization_id, confirmed)
        counting: dict[str, Sequence[Decision]] = {}
        for key, said in decisions.items():
            own = provisional_customer_id(organization_id, key)
            now = []
            for decision in said:
                customer = customers.get(decision.customer_id)
                if not decision.confirmed:
                    now.append(decision)
                elif customer is not None and own not in {customer.customer_id, customer.merged_into}:
                    now.append(replace(decision, customer_id=customer.merged_into or customer.customer_id))
            counting[key] = now
        return counting
