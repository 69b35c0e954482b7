"""Customers in memory, and those of them that are to be matched."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from services.detector.domain.matching import NAMESAKE_LETTERS, Decision, KnownName, normalise_name
from services.detector.ports import ToMatch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Mapping, Sequence
    from datetime import datetime

    from services.detector.domain.attributes import AttributeMap
    from services.detector.domain.conversation import AccountFacts
    from services.detector.domain.customer import Customer
    from services.detector.domain.standing import Attention


class MemoryCustomers:
    def __init__(self) -> None:
        self._customers: dict[tuple[str, str], Customer] = {}
        self._snapshots: dict[tuple[str, str], list[tuple[datetime, AccountFacts]]] = defaultdict(list)
        self._decisions: dict[tuple[str, str], dict[str, Decision]] = defaultdict(dict)
        self._said: dict[tuple[str, str], list[Decision]] = defaultdict(list)
        self.begun: dict[tuple[str, str], datetime] = {}
        self.attention: dict[str, Attention] = {}
        self.changes: dict[tuple[str, str], int] = defaultdict(int)
        self._maps: dict[tuple[str, str], AttributeMap] = {}
        self.to_match: dict[tuple[str, str], tuple[datetime, int, frozenset[str]]] = {}

    def everybody(self) -> list[Customer]:
        return [one for _, one in sorted(self._customers.items()) if one.merged_into is None]

    async def by_ids(self, organization_id: str, customer_ids: Collection[str]) -> dict[str, Customer]:
        places = {one: (organization_id, one) for one in customer_ids}
        return {
            one: replace(self._customers[place], changes=self.changes[place])
            for one, place in places.items()
            if place in self._customers
        }

    async def save(
        self,
        customers: Sequence[Customer],
        *,
        facts_at: datetime | None = None,
        match_from: datetime | None = None,
        domains: Mapping[str, Collection[str]] | None = None,
    ) -> list[str]:
        refused = []
        for one in customers:
            place = (one.organization_id, one.customer_id)
            if place in self._customers and self.changes[place] != one.changes:
                refused.append(one.customer_id)
                continue
            self._customers[place] = one
            self.changes[place] += 1
            if match_from is not None:
                _, times, named = self.to_match.get(place, (match_from, self.changes[place], frozenset()))
                named |= {*one.domains, *(domains or {}).get(one.customer_id, ())}
                self.to_match[place] = (match_from, times + 1, named)
            if facts_at is not None:
                self._snapshots[place] = [*self._snapshots[place], (facts_at, one.facts)][-50:]
        return refused

    async def save_moods(self, organization_id: str, moods: Mapping[str, tuple[float | None, int]]) -> None:
        for customer_id, (mood, messages) in moods.items():
            place = (organization_id, customer_id)
            if place in self._customers:
                self._customers[place] = replace(self._customers[place], mood=mood, mood_messages=messages)
                self.changes[place] += 1

    async def known_like(
        self, organization_id: str, external_ids: Collection[str], names: Collection[str]
    ) -> list[KnownName]:
        prefixes = {name[:NAMESAKE_LETTERS] for name in names if name}
        return [
            KnownName(one.customer_id, one.external_id or "", one.name)
            for (owner, _), one in sorted(self._customers.items())
            if owner == organization_id
            and not one.provisional
            and (one.external_id in external_ids or normalise_name(one.name)[:NAMESAKE_LETTERS] in prefixes)
        ]

    async def listing(self, organization_id: str, domains: Collection[str]) -> dict[str, frozenset[str]]:
        mine = [one for (owner, _), one in self._customers.items() if owner == organization_id]
        found = {
            domain: frozenset(one.customer_id for one in mine if domain in one.domains) for domain in domains
        }
        return {domain: ids for domain, ids in found.items() if ids}

    async def decisions(
        self, organization_id: str, company_keys: Collection[str]
    ) -> dict[str, list[Decision]]:
        return {
            key: list(self._decisions[organization_id, key].values())
            for key in company_keys
            if self._decisions.get((organization_id, key))
        }

    async def decide(self, organization_id: str, company_key: str, decision: Decision) -> None:
        held = self._decisions[organization_id, company_key]
        if decision.confirmed:
            for other in [one for one in held.values() if one.confirmed]:
                del held[other.customer_id]
        held.pop(decision.customer_id, None)
        held[decision.customer_id] = decision
        said = self._said[organization_id, company_key]
        said.insert(0, decision)
        of_customer = [one for one in said if one.customer_id == decision.customer_id]
        for one in of_customer[20:]:
            said.remove(one)

    async def decision_history(self, organization_id: str, company_key: str) -> list[Decision]:
        return list(self._said.get((organization_id, company_key), ()))

    async def said_to_be(self, organization_id: str, customer_ids: Collection[str]) -> set[str]:
        return {
            key
            for (owner, key), held in self._decisions.items()
            if owner == organization_id
            and any(one.confirmed and one.customer_id in customer_ids for one in held.values())
        }

    async def forget_decisions(self, organization_id: str, workspace_id: str) -> int:
        prefix = f"{workspace_id}:"
        gone = [one for one in self._said if one[0] == organization_id and one[1].startswith(prefix)]
        for one in gone:
            self._decisions.pop(one, None)
        return sum(len({said.customer_id for said in self._said.pop(one)}) for one in gone)

    async def delete(self, organization_id: str, customer_ids: Collection[str]) -> int:
        gone = [one for one in customer_ids if (organization_id, one) in self._customers]
        for one in gone:
            del self._customers[organization_id, one]
            self.to_match.pop((organization_id, one), None)
        return len(gone)

    async def forget_snapshots(self, organization_id: str, customer_ids: Collection[str]) -> None:
        for one in customer_ids:
            self._snapshots.pop((organization_id, one), None)

    async def begin_anew(self, organization_id: str, customer_ids: Collection[str], at: datetime) -> None:
        for one in customer_ids:
            self._snapshots.pop((organization_id, one), None)
            self.begun[organization_id, one] = at

    async def snapshots(
        self, organization_id: str, customer_ids: Collection[str]
    ) -> dict[str, list[tuple[datetime, AccountFacts]]]:
        return {one: self._snapshots[organization_id, one] for one in customer_ids}

    async def attribute_maps(self, organization_id: str) -> dict[str, AttributeMap]:
        return {
            connection: found for (owner, connection), found in self._maps.items() if owner == organization_id
        }

    async def save_attribute_map(
        self, organization_id: str, connection_id: str, chosen: AttributeMap, by: str
    ) -> None:
        self._maps[organization_id, connection_id] = chosen

    async def forget_attribute_map(self, organization_id: str, connection_id: str) -> int:
        return int(self._maps.pop((organization_id, connection_id), None) is not None)

    async def save_attention(self, organization_id: str, counted: Mapping[str, Attention]) -> None:
        self.attention.update(counted)
        for one in counted:
            self.changes[organization_id, one] += 1

    async def all_ids(self, after: tuple[str, str] = ("", "")) -> AsyncIterator[tuple[str, list[str]]]:
        left = sorted(place for place in self._customers if place > after)
        for organization_id in sorted({owner for owner, _ in left}):
            yield organization_id, [one for owner, one in left if owner == organization_id]


class MemoryUnmatched:
    def __init__(self, customers: MemoryCustomers) -> None:
        self._customers = customers

    async def _of(self, organization_id: str) -> list[tuple[datetime, ToMatch]]:
        marks = {
            one: mark for (owner, one), mark in self._customers.to_match.items() if owner == organization_id
        }
        held = await self._customers.by_ids(organization_id, marks)
        found = [
            (since, ToMatch(held[one], domains, times)) for one, (since, times, domains) in marks.items()
        ]
        return sorted(found, key=lambda one: one[0])

    async def by_ids(self, organization_id: str, customer_ids: Collection[str]) -> list[ToMatch]:
        found = await self._of(organization_id)
        return [one for _, one in found if one.customer.customer_id in customer_ids]

    async def organizations(self, now: datetime) -> list[str]:
        return sorted({owner for (owner, _), (since, *_) in self._customers.to_match.items() if since <= now})

    async def waiting(self, organization_id: str, now: datetime, limit: int) -> list[ToMatch]:
        return [one for since, one in await self._of(organization_id) if since <= now][:limit]

    async def count(self, organization_id: str) -> int:
        return len(await self._of(organization_id))

    async def done(self, organization_id: str, matched: Sequence[ToMatch]) -> None:
        for one in matched:
            place = (organization_id, one.customer.customer_id)
            if place in self._customers.to_match and self._customers.to_match[place][1] == one.times:
                del self._customers.to_match[place]

    async def put_off(self, organization_id: str, customer_ids: Collection[str], until: datetime) -> None:
        for one in customer_ids:
            place = (organization_id, one)
            if place in self._customers.to_match:
                _, times, domains = self._customers.to_match[place]
                self._customers.to_match[place] = (until, times, domains)
