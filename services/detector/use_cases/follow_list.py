"""Carries out what follows from a stored row of the organization's list: companies, signals and domain hints.

A short list is followed at once by whoever stored it. The customers of a long list stay marked and are
followed in slices by whichever replica is free; so is whatever a crash cut off.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from services.detector.domain.matching import normalise_name
from services.detector.use_cases.follow_on import SLICE, Allowance

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from services.detector.domain.customer import Customer
    from services.detector.ports import Customers, Leases, Mirror, ToMatch, Unmatched
    from services.detector.use_cases.companies import MatchCompanies
    from services.detector.use_cases.culprits import Culprits
    from services.detector.use_cases.settle import Settler
    from shared.clock import Clock

AT_ONCE = 50
"""Customers followed in one go: a second or two of work."""

_COMPANIES_AT_ONCE = 200
_LEASE, _LEASE_SECONDS = "customers to match", 60.0
"""A slice takes a second or two; a replica that died holds the others up for this long."""

_BEGUN = timedelta(minutes=1)
"""How long whoever stored a short list may take. A mark older than that means that the process was cut
off, and any replica may take over."""

_PUT_OFF = timedelta(minutes=10)
"""How long a customer that could not be followed is skipped."""


class FollowList:
    """Follows customers whose rows changed. Repeating it changes nothing."""

    def __init__(
        self,
        *,
        unmatched: Unmatched,
        customers: Customers,
        mirror: Mirror,
        settler: Settler,
        companies: MatchCompanies,
        leases: Leases,
        culprits: Culprits,
        clock: Clock,
        owner: str,
    ) -> None:
        self._unmatched = unmatched
        self._customers = customers
        self._mirror = mirror
        self._settler = settler
        self._companies = companies
        self._leases = leases
        self._culprits = culprits
        self._clock = clock
        self._owner = owner

    def match_from(self, rows: int) -> datetime:
        """Return the moment from which any replica may follow the customers of a list of this length."""
        return self._clock.now() + (_BEGUN if rows <= AT_ONCE else timedelta())

    async def at_once(self, organization_id: str, customer_ids: Collection[str]) -> None:
        """Follow those of these few customers that are marked, including by an earlier attempt."""
        await self._follow(organization_id, await self._unmatched.by_ids(organization_id, customer_ids))

    async def work(self) -> bool:
        """Follow a slice of one organization's customers, organizations in turn; return whether any waited.

        A customer that cannot be followed because of a defect is logged, and waits some minutes.
        """
        now = self._clock.now()
        organizations = await self._unmatched.organizations(now)
        if not organizations or not await self._leases.hold(_LEASE, self._owner, now, _LEASE_SECONDS):
            return False
        last = await self._leases.place(_LEASE)
        turn = next((organization for organization in organizations if organization > last), organizations[0])
        await self._leases.hold(_LEASE, self._owner, now, _LEASE_SECONDS, place=turn)
        culprits = await self._culprits.left_out(
            "list",
            turn,
            await self._unmatched.waiting(turn, now, AT_ONCE),
            partial(self._follow, turn),
            lambda to_match: to_match.customer.customer_id,
        )
        if culprits:
            ids = [culprit.customer.customer_id for culprit in culprits]
            await self._unmatched.put_off(turn, ids, self._clock.now() + _PUT_OFF)
        return True

    async def _follow(self, organization_id: str, waiting: Sequence[ToMatch]) -> None:
        if not waiting:
            return
        customers = [to_match.customer for to_match in waiting]
        await self._show(organization_id, customers)
        await self._match(organization_id, customers)
        domains = {domain for to_match in waiting for domain in to_match.domains}
        await self._companies.hints.renew(organization_id, domains=domains)
        await self._unmatched.done(organization_id, waiting)

    async def _show(self, organization_id: str, customers: Sequence[Customer]) -> None:
        """Show these customers' present name, owner and spend on their signals.

        Others may be doing the same at this moment; the newest state wins.
        """
        fresh = {customer.customer_id: customer for customer in customers}
        while fresh:
            await self._settler.show_customers(organization_id, fresh.values())
            # Checked afterwards: another process may have written a newer state just before this older one.
            stored = await self._customers.by_ids(organization_id, fresh)
            fresh = {key: customer for key, customer in stored.items() if customer.ref != fresh[key].ref}

    async def _match(self, organization_id: str, customers: Sequence[Customer]) -> None:
        """Match the companies of these customers, and companies that resemble any of them."""
        external_ids = {customer.external_id for customer in customers if customer.external_id}
        names = {normalise_name(customer.name) for customer in customers} - {""}
        alike = await self._mirror.companies_like(organization_id, external_ids, names)
        owned = await self._mirror.companies_of(
            organization_id, {customer.customer_id for customer in customers}
        )
        keys = sorted(
            {company.key for company in alike}
            | {
                f"{company.workspace_id}:{company.id}"
                for companies in owned.values()
                for company in companies
            }
        )
        allowance = Allowance(SLICE)
        for start in range(0, len(keys), _COMPANIES_AT_ONCE):
            portion = keys[start : start + _COMPANIES_AT_ONCE]
            await self._companies.match(organization_id, portion, allowance)
