"""Suggests customers for unmatched companies, by the e-mail domains that their people write from."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from services.detector.domain.identity import workspace_of
from services.detector.domain.mail_domains import company_domain, hints_of, people_by_domain
from services.detector.domain.matching import with_hints

if TYPE_CHECKING:
    from collections.abc import Collection

    from services.detector.domain.mail_domains import Hint
    from services.detector.ports import Customers, Mirror


class DomainHints:
    """Finds hints, and keeps them up to date when people or customers change."""

    def __init__(self, *, mirror: Mirror, customers: Customers) -> None:
        self._mirror = mirror
        self._customers = customers

    async def of(self, organization_id: str, company_keys: Collection[str]) -> dict[str, tuple[Hint, ...]]:
        """Return the hints for these companies; companies that share no customer's domain are left out."""
        mine = await self._mirror.writers(organization_id, company_keys=company_keys)
        domains = {group.domain for group in mine}
        if not domains:
            return {}
        domains -= await self._own(organization_id, company_keys)
        customers: dict[str, set[str]] = defaultdict(set)
        beside = await self._mirror.writers(organization_id, domains=domains)
        matched = await self._mirror.matched(
            organization_id, {key for group in beside for key in group.company_keys}
        )
        for group in beside:
            customers[group.domain] |= {matched[key] for key in group.company_keys if key in matched}
        listed = await self._customers.listing(organization_id, domains)
        seen = {domain: frozenset(ids) for domain, ids in customers.items()}
        by_company = {}
        for key in company_keys:
            writing = {
                domain: people for domain, people in people_by_domain(mine, key).items() if domain in domains
            }
            if hints := hints_of(writing, seen, listed):
                by_company[key] = hints
        return by_company

    async def renew(
        self,
        organization_id: str,
        *,
        company_keys: Collection[str] = (),
        domains: Collection[str] = (),
    ) -> None:
        """Find the hints again for every company that may share a domain with these, or uses these domains.

        Only companies without a customer are updated, and only their suggestions.
        """
        around = {
            writer.domain for writer in await self._mirror.writers(organization_id, company_keys=company_keys)
        }
        beside = await self._mirror.writers(organization_id, domains=around | set(domains))
        keys = {*company_keys, *(key for group in beside for key in group.company_keys)}
        companies = await self._mirror.companies(organization_id, keys)
        open_ones = {
            key: company
            for key, company in companies.items()
            if company.customer_id and company.basis == "none"
        }
        if not open_ones:
            return
        hints = await self.of(organization_id, open_ones)
        decisions = await self._customers.decisions(organization_id, open_ones)
        for key, one in open_ones.items():
            fresh = with_hints(one.suggestions, hints.get(key, ()), decisions.get(key, ()))
            if fresh != one.suggestions:
                await self._mirror.save_suggestions(organization_id, key, fresh)

    async def _own(self, organization_id: str, company_keys: Collection[str]) -> set[str]:
        """Return the organization's own domains.

        Its teammates appear as people of many companies, because they try things out.
        """
        workspaces = {workspace_of(key) for key in company_keys}
        teammates = await self._mirror.admins(organization_id, workspaces)
        return {domain for teammate in teammates if (domain := company_domain(teammate.email))}
