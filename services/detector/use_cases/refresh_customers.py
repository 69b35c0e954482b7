"""Recomputes customers' facts from their companies, and creates the stand-ins of companies without one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from services.detector.domain.customer import Customer, with_facts
from services.detector.use_cases.customer_writes import write_until_kept

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from services.detector.ports import Customers, Mirror
    from services.detector.use_cases.settle import Settler
    from shared.clock import Clock
    from shared.contracts.resources import CompanyChanged


class RefreshCustomers:
    """Stores customers' facts and names as their companies have them now. Repeating it changes nothing."""

    def __init__(self, *, mirror: Mirror, customers: Customers, settler: Settler, clock: Clock) -> None:
        self._mirror = mirror
        self._customers = customers
        self._settler = settler
        self._clock = clock

    async def refresh(
        self, organization_id: str, customer_ids: Collection[str], stand_ins: Mapping[str, CompanyChanged]
    ) -> None:
        """Recompute the facts of these customers.

        `stand_ins` are those among them that stand for one company, by their ids; missing ones are created.
        """

        async def put_together(ids: Collection[str], tried: int) -> list[str]:
            return await self._put_together(organization_id, ids, stand_ins, again=tried > 0)

        await write_until_kept(customer_ids, put_together)

    async def _put_together(
        self,
        organization_id: str,
        customer_ids: Collection[str],
        stand_ins: Mapping[str, CompanyChanged],
        *,
        again: bool,
    ) -> list[str]:
        stored = await self._customers.by_ids(organization_id, customer_ids)
        owned = await self._mirror.companies_of(organization_id, customer_ids)
        maps = await self._customers.attribute_maps(organization_id)
        drafts = dict(stored)
        for identifier in stand_ins.keys() & set(customer_ids):
            record = stand_ins[identifier]
            name = record.name or record.company_id or f"Company {record.id}"
            known = stored.get(identifier) or Customer(identifier, organization_id, name, provisional=True)
            drafts[identifier] = replace(known, name=name, merged_into=None)
        telling: list[Customer] = []
        others: list[Customer] = []
        shown: list[Customer] = []
        for identifier, draft in drafts.items():
            fresh = with_facts(draft, owned.get(identifier, []), maps, today=self._clock.now().date())
            before = stored.get(identifier)
            if before is not None and (again or before.ref != fresh.ref):
                shown.append(fresh)
            if before is None or _telling(before) != _telling(fresh):
                telling.append(fresh)
            elif fresh != before:
                others.append(fresh)
        if shown:
            # Before the customers are stored: a crash in between must leave a difference to be found again.
            await self._settler.show_customers(organization_id, shown)
        refused = await self._customers.save(telling, facts_at=self._clock.now())
        return refused + await self._customers.save(others)


def _telling(customer: Customer) -> object:
    """Return the facts whose changes are worth remembering; the last sign of life changes all day long."""
    return replace(customer.facts, last_seen_at=None)
