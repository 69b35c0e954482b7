"""Customers as people maintain them: uploaded lists, rows through the API, and what attributes mean."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.detector.domain.attributes import AttributeMap
from services.detector.domain.customer import Customer, with_facts
from services.detector.domain.customer_list import CustomerList, CustomerRow, parse_customers
from services.detector.domain.identity import known_customer_id
from services.detector.use_cases.customer_writes import write_until_kept
from services.detector.use_cases.follow_list import AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from services.detector.domain.attributes import Meaning
    from services.detector.domain.mirror import ConnectionView
    from services.detector.ports import Customers, Mirror
    from services.detector.use_cases.follow_list import FollowList
    from services.detector.use_cases.rematch import Rematch
    from shared.clock import Clock

_MOST_NAME = 200
"""Characters of an attribute's name; Intercom allows 190."""

_AT_ONCE = 100
"""Customers put together and stored in one go, which holds the loop for some hundredths of a second."""


@dataclass(frozen=True, slots=True)
class Imported:
    """The result of an upload."""

    created: int
    updated: int
    unchanged: int
    listed: CustomerList


@dataclass(frozen=True, slots=True)
class _Became:
    """The customer that a row became, and how it differs from before."""

    customer: Customer
    was_new: bool
    changed: bool


class MaintainCustomers:
    """Keeps the organization's own list of customers."""

    def __init__(
        self,
        *,
        customers: Customers,
        mirror: Mirror,
        rematch: Rematch,
        follow: FollowList,
        clock: Clock,
        read: Callable[[bytes], CustomerList] = parse_customers,
    ) -> None:
        self._customers = customers
        self._mirror = mirror
        self._rematch = rematch
        self._follow = follow
        self._clock = clock
        self._read = read

    async def upload(self, organization_id: str, content: bytes) -> Imported:
        """Read a CSV file: good rows are stored, and each bad row is named.

        Raises:
            CustomerListError: the file cannot be read at all; nothing was stored.
        """
        # Reading the longest list takes seconds; in a thread, pages and records need not wait for it.
        listed = await asyncio.to_thread(self._read, content)
        created, updated = await self.keep(organization_id, listed.rows)
        return Imported(created, updated, len(listed.rows) - created - updated, listed)

    async def keep(self, organization_id: str, rows: Sequence[CustomerRow]) -> tuple[int, int]:
        """Store these rows; return how many customers are new, and how many differ from before.

        A row replaces what the list said of that customer before; facts from companies stay. Companies and
        signals follow at once for a short list, and in the background for a longer one.
        """
        created = updated = 0
        maps = await self._customers.attribute_maps(organization_id)
        match_from = self._follow.match_from(len(rows))
        for start in range(0, len(rows), _AT_ONCE):
            portion = {
                known_customer_id(organization_id, row.external_id): row
                for row in rows[start : start + _AT_ONCE]
            }
            became = await self._keep(organization_id, portion, maps, match_from)
            created += sum(one.was_new for one in became)
            updated += sum(one.changed and not one.was_new for one in became)
        if len(rows) <= AT_ONCE:
            ids = {known_customer_id(organization_id, row.external_id) for row in rows}
            await self._follow.at_once(organization_id, ids)
        return created, updated

    async def _keep(
        self,
        organization_id: str,
        portion: Mapping[str, CustomerRow],
        maps: Mapping[str, AttributeMap],
        match_from: datetime,
    ) -> Collection[_Became]:
        became: dict[str, _Became] = {}

        async def attempt(ids: Collection[str], _: int) -> list[str]:
            stored = await self._customers.by_ids(organization_id, ids)
            owned = await self._mirror.companies_of(organization_id, ids)
            for key in ids:
                before = stored.get(key)
                fresh = with_facts(
                    _from_row(organization_id, key, portion[key], before),
                    owned.get(key, []),
                    maps,
                    today=self._clock.now().date(),
                )
                became[key] = _Became(fresh, was_new=before is None, changed=fresh != before)
            changed = [became[key].customer for key in ids if became[key].changed]
            domains = {key: customer.domains for key, customer in stored.items()}
            return await self._customers.save(changed, match_from=match_from, domains=domains)

        await write_until_kept(portion.keys(), attempt)
        return became.values()

    async def map_attributes(
        self, organization_id: str, view: ConnectionView, chosen: Mapping[Meaning, str], *, by: str
    ) -> None:
        """Store a person's choice of what the attributes of a connection's companies mean.

        Facts are recomputed at once for the first companies, and in the background for the rest. Meanings
        that are not in `chosen` are guessed; `attributes.NONE` says that no attribute has that meaning.
        """
        chosen_names = {meaning: name for meaning, name in chosen.items() if len(name) <= _MOST_NAME}
        await self._customers.save_attribute_map(
            organization_id, view.connection_id, AttributeMap(chosen_names), by
        )
        await self._rematch.begin(view)


def _from_row(organization_id: str, key: str, row: CustomerRow, stored: Customer | None) -> Customer:
    return Customer(
        customer_id=key,
        organization_id=organization_id,
        name=row.name,
        external_id=row.external_id,
        owner=row.owner,
        plan=row.plan,
        monthly_spend=row.monthly_spend,
        seats=row.seats,
        renewal_date=row.renewal_date,
        attributes=dict(row.attributes),
        mood=stored.mood if stored else None,
        mood_messages=stored.mood_messages if stored else 0,
        changes=stored.changes if stored else 0,
    )
