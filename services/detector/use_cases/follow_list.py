"""What follows from a kept row of the organization's list: its companies, signals, and hints by domains.

A short list is followed at once, by whoever keeps it. Of a long one the customers are left marked, and
followed in slices by whichever replica is free; so is what a death cut off.
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
    from services.detector.ports import Customers, Leases, Mirror, Signals, ToMatch, Unmatched
    from services.detector.use_cases.companies import MatchCompanies
    from services.detector.use_cases.culprits import Culprits
    from shared.clock import Clock

AT_ONCE = 50
"""Customers followed in one go: a second or two of work."""

_COMPANIES_AT_ONCE = 200
_LEASE, _LEASE_SECONDS = "customers to match", 60.0
"""A slice takes a second or two; a replica that died holds the others up for this long."""

_BEGUN = timedelta(minutes=1)
"""How long whoever keeps a short list has for it; what is marked then was cut off, and is anybody's."""

_PUT_OFF = timedelta(minutes=10)
"""How long a customer stands aside with whom it failed."""


class FollowList:
    """Follows customers whose rows changed. Repeating it changes nothing."""

    def __init__(
        self,
        *,
        unmatched: Unmatched,
        customers: Customers,
        mirror: Mirror,
        signals: Signals,
        companies: MatchCompanies,
        leases: Leases,
        culprits: Culprits,
        clock: Clock,
        owner: str,
    ) -> None:
        self._unmatched = unmatched
        self._customers = customers
        self._mirror = mirror
        self._signals = signals
        self._companies = companies
        self._leases = leases
        self._culprits = culprits
        self._clock = clock
        self._owner = owner

    def match_from(self, rows: int) -> datetime:
        """Return from when on the customers of a list of this length are anybody's to follow."""
        return self._clock.now() + (_BEGUN if rows <= AT_ONCE else timedelta())

    async def at_once(self, organization_id: str, customer_ids: Collection[str]) -> None:
        """Follow those of these few customers that are marked, also since an earlier try."""
        await self._follow(organization_id, await self._unmatched.by_ids(organization_id, customer_ids))

    async def work(self) -> bool:
        """Follow a slice of one organization's customers, organizations in turn; return whether any waited.

        With whom it fails by a defect is logged, and waits some minutes: the others come to their turn.
        """
        now = self._clock.now()
        organizations = await self._unmatched.organizations(now)
        if not organizations or not await self._leases.hold(_LEASE, self._owner, now, _LEASE_SECONDS):
            return False
        last = await self._leases.place(_LEASE)
        turn = next((one for one in organizations if one > last), organizations[0])
        await self._leases.hold(_LEASE, self._owner, now, _LEASE_SECONDS, place=turn)
        culprits = await self._culprits.left_out(
            "list",
            turn,
            await self._unmatched.waiting(turn, now, AT_ONCE),
            partial(self._follow, turn),
            lambda one: one.customer.customer_id,
        )
        if culprits:
            ids = [one.customer.customer_id for one in culprits]
            await self._unmatched.put_off(turn, ids, self._clock.now() + _PUT_OFF)
        return True

    async def _follow(self, organization_id: str, waiting: Sequence[ToMatch]) -> None:
        if not waiting:
            return
        customers = [one.customer for one in waiting]
        await self._show(organization_id, customers)
        await self._match(organization_id, customers)
        domains = {domain for one in waiting for domain in one.domains}
        await self._companies.hints.renew(organization_id, domains=domains)
        await self._unmatched.done(organization_id, waiting)

    async def _show(self, organization_id: str, customers: Sequence[Customer]) -> None:
        """Show these customers on their signals as they are now, whoever else does so at the same moment."""
        shown = {one.customer_id: one for one in customers}
        while shown:
            for one in shown.values():
                await self._signals.refresh_customer(one)
            # Looked at afterwards: a newer state may have been shown just before the one that was read here.
            held = await self._customers.by_ids(organization_id, shown)
            shown = {key: one for key, one in held.items() if one.ref != shown[key].ref}

    async def _match(self, organization_id: str, customers: Sequence[Customer]) -> None:
        """Match the companies of these customers, and those that are like any of them."""
        external_ids = {one.external_id for one in customers if one.external_id}
        names = {normalise_name(one.name) for one in customers} - {""}
        alike = await self._mirror.companies_like(organization_id, external_ids, names)
        owned = await self._mirror.companies_of(organization_id, {one.customer_id for one in customers})
        keys = sorted(
            {one.key for one in alike}
            | {f"{one.workspace_id}:{one.id}" for companies in owned.values() for one in companies}
        )
        allowance = Allowance(SLICE)
        for start in range(0, len(keys), _COMPANIES_AT_ONCE):
            portion = keys[start : start + _COMPANIES_AT_ONCE]
            await self._companies.match(organization_id, portion, allowance)
