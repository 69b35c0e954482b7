"""Whose conversations are to be counted, in memory, beside the mirror in memory."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from services.detector.domain.spoken import contact_keys
from services.detector.ports import DuePerson

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from tests.unit.services.detector.fakes.mirror import MemoryMirror


class MemoryPeopleCounts:
    def __init__(self, mirror: MemoryMirror) -> None:
        self._mirror = mirror
        self._marks: Counter[tuple[str, str]] = Counter()
        self.kept: dict[tuple[str, str], int] = {}

    async def participants(
        self, organization_id: str, conversation_keys: Collection[str]
    ) -> dict[str, frozenset[str]]:
        found = await self._mirror.conversations(organization_id, conversation_keys)
        return {key: frozenset(contact_keys(one.record)) for key, one in found.items()}

    async def mark(self, organization_id: str, keys: Collection[str], at: datetime) -> None:
        for key in await self._mirror.contacts(organization_id, keys):
            place = (organization_id, key)
            self._mirror.to_count[place] = min(at, self._mirror.to_count.get(place, at))
            self._marks[place] += 1

    async def due(self, now: datetime, limit: int, *, after: str = "") -> list[DuePerson]:
        found = sorted((at, place) for place, at in self._mirror.to_count.items() if at <= now)
        turns = sorted({owner for _, (owner, _) in found}, key=lambda one: (one <= after, one))
        mine = [place for _, place in found if place[0] == turns[0]][:limit]
        return [DuePerson(*place, self._marks[place]) for place in mine]

    async def count(self, organization_id: str, keys: Collection[str]) -> dict[str, int]:
        return {key: await self._mirror.count_by_contacts(organization_id, {key: ""}) for key in keys}

    async def save(self, organization_id: str, counted: Sequence[tuple[DuePerson, int]]) -> None:
        for one, count in counted:
            place = (organization_id, one.key)
            if self._marks[place] == one.marks:
                self.kept[place] = count
                self._mirror.to_count.pop(place, None)

    async def put_off(self, organization_id: str, people: Sequence[DuePerson], until: datetime) -> None:
        for one in people:
            place = (organization_id, one.key)
            if self._marks[place] == one.marks:
                self._mirror.to_count[place] = until
