"""Questions to the language model in memory, and what it costs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from services.detector.adapters.claiming import AHEAD
from services.detector.ports import Spent

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from services.detector.domain.question import Question

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


class MemoryQuestions:
    def __init__(self) -> None:
        self.held: dict[tuple[str, str], Question] = {}
        self._claimed: dict[tuple[str, str], datetime] = {}

    async def of(
        self, organization_id: str, conversation_keys: Collection[str]
    ) -> dict[str, dict[str, Question]]:
        found: dict[str, dict[str, Question]] = {}
        for (owner, name), one in self.held.items():
            if owner == organization_id and one.conversation_key in conversation_keys:
                found.setdefault(one.conversation_key, {})[name] = one
        return found

    async def ask(self, questions: Collection[Question]) -> None:
        for one in questions:
            self.held.setdefault((one.organization_id, one.question_id), one)

    async def claim(self, owner: str, now: datetime, lease_seconds: float) -> Question | None:
        beyond = now + timedelta(seconds=lease_seconds) + AHEAD
        free = [
            (one.asked_at, place)
            for place, one in self.held.items()
            if not one.settled and not now < self._claimed.get(place, _EPOCH) <= beyond
        ]
        if not free:
            return None
        _, place = min(free)
        self._claimed[place] = now + timedelta(seconds=lease_seconds)
        return self.held[place]

    async def keep(self, question: Question) -> None:
        place = (question.organization_id, question.question_id)
        if place in self.held:
            self.held[place] = question

    async def forget(self, organization_id: str, question_ids: Collection[str]) -> int:
        return self._drop(organization_id, lambda one: one.question_id in question_ids)

    async def forget_words(
        self, organization_id: str, conversation_key: str, part_ids: Collection[str] | None
    ) -> int:
        return self._drop(
            organization_id,
            lambda one: (
                one.conversation_key == conversation_key and (part_ids is None or one.part_id in part_ids)
            ),
        )

    async def remove(self, organization_id: str, connection_id: str) -> int:
        return self._drop(organization_id, lambda one: one.connection_id == connection_id)

    def _drop(self, organization_id: str, goes: Callable[[Question], bool]) -> int:
        gone = [place for place, one in self.held.items() if place[0] == organization_id and goes(one)]
        for place in gone:
            del self.held[place]
        return len(gone)


class MemoryModelUse:
    def __init__(self) -> None:
        self._chosen: dict[str, frozenset[str]] = {}
        self._spent: dict[tuple[str, str], Spent] = {}

    async def chosen(self, organization_id: str) -> frozenset[str]:
        return self._chosen.get(organization_id, frozenset())

    async def choose(self, organization_id: str, detectors: Collection[str], by: str, at: datetime) -> None:
        self._chosen[organization_id] = frozenset(detectors)

    async def spend(self, organization_id: str, day: str, tokens: int, most: Spent) -> bool:
        held = await self.spent(organization_id, day)
        if held.requests >= most.requests or held.tokens + tokens > most.tokens:
            return False
        self._spent[organization_id, day] = Spent(held.requests + 1, held.tokens + tokens)
        return True

    async def correct(self, organization_id: str, day: str, tokens: int) -> None:
        held = await self.spent(organization_id, day)
        self._spent[organization_id, day] = Spent(held.requests, held.tokens + tokens)

    async def spent(self, organization_id: str, day: str) -> Spent:
        return self._spent.get((organization_id, day), Spent())
