"""Feature requests in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from services.detector.domain.standing import NOBODY

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from services.detector.domain.standing import Demand
    from services.detector.domain.wishes import Request, RequestState


class MemoryRequests:
    def __init__(self) -> None:
        self._requests: dict[tuple[str, str], Request] = {}
        self.demand: dict[str, Demand] = {}

    async def candidates(self, organization_id: str, tokens: Collection[str]) -> list[Request]:
        return [
            one
            for (owner, _), one in sorted(self._requests.items())
            if owner == organization_id and any(set(wording) & set(tokens) for wording in one.wordings)
        ]

    async def by_ids(self, organization_id: str, request_ids: Collection[str]) -> dict[str, Request]:
        return {
            one: self._requests[organization_id, one]
            for one in request_ids
            if (organization_id, one) in self._requests
        }

    async def add(self, organization_id: str, request: Request, demand: Demand = NOBODY) -> Request:
        if (organization_id, request.request_id) not in self._requests:
            self.demand[request.request_id] = demand
        return self._requests.setdefault((organization_id, request.request_id), request)

    async def add_wording(self, organization_id: str, request_id: str, tokens: tuple[str, ...]) -> None:
        held = self._requests[organization_id, request_id]
        if tokens not in held.wordings:
            self._requests[organization_id, request_id] = replace(held, wordings=(*held.wordings, tokens))

    async def reword(self, organization_id: str, before: Request, after: Request) -> bool:
        place = (organization_id, before.request_id)
        held = self._requests.get(place)
        if held is None or (held.title, held.wordings) != (before.title, before.wordings):
            return False
        self._requests[place] = replace(held, title=after.title, wordings=after.wordings)
        return True

    async def join(self, organization_id: str, request_id: str, into: str, at: datetime) -> None:
        for place, held in list(self._requests.items()):
            if place[0] == organization_id and request_id in {held.request_id, held.merged_into}:
                self._requests[place] = replace(held, merged_into=into, changed_at=at)

    async def merged_into(self, organization_id: str, request_id: str) -> list[Request]:
        return [
            one
            for (owner, _), one in sorted(self._requests.items())
            if owner == organization_id and one.merged_into == request_id
        ]

    async def forget_wordings(
        self, organization_id: str, request_ids: Collection[str], wordings: Collection[tuple[str, ...]]
    ) -> None:
        for request_id, held in (await self.by_ids(organization_id, request_ids)).items():
            kept = tuple(one for one in held.wordings if one not in wordings)
            self._requests[organization_id, request_id] = replace(held, wordings=kept)

    async def save_demand(self, organization_id: str, counted: Mapping[str, Demand]) -> None:
        held = await self.by_ids(organization_id, counted)
        self.demand.update({one: found for one, found in counted.items() if one in held})

    async def set_state(
        self, organization_id: str, request_id: str, state: RequestState, by: str, at: datetime
    ) -> Request | None:
        held = self._requests.get((organization_id, request_id))
        if held is None:
            return None
        after = replace(held, state=state, state_by=by, state_at=at, changed_at=at)
        self._requests[organization_id, request_id] = after
        return after

    async def delete(self, organization_id: str, request_ids: Collection[str]) -> int:
        gone = [one for one in request_ids if self._requests.pop((organization_id, one), None)]
        return len(gone)
