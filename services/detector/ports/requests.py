"""Feature requests, and the wordings they are recognised by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from services.detector.domain.standing import NOBODY

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from services.detector.domain.standing import Demand
    from services.detector.domain.wishes import Request, RequestState


class Requests(Protocol):
    """Feature requests: distinct wishes with the wordings they are recognised by."""

    async def candidates(self, organization_id: str, tokens: Collection[str]) -> list[Request]: ...

    async def by_ids(self, organization_id: str, request_ids: Collection[str]) -> dict[str, Request]: ...

    async def add(self, organization_id: str, request: Request, demand: Demand = NOBODY) -> Request:
        """Store a new request and its demand, or return the one that somebody else stored first."""
        ...

    async def add_wording(self, organization_id: str, request_id: str, tokens: tuple[str, ...]) -> None: ...

    async def reword(self, organization_id: str, before: Request, after: Request) -> bool:
        """Replace a request's title and wordings; False if they are no longer those of `before`."""
        ...

    async def join(self, organization_id: str, request_id: str, into: str, at: datetime) -> None:
        """Merge a request, and every request merged into it, into another one."""
        ...

    async def merged_into(self, organization_id: str, request_id: str) -> list[Request]: ...

    async def forget_wordings(
        self, organization_id: str, request_ids: Collection[str], wordings: Collection[tuple[str, ...]]
    ) -> None:
        """Remove these wordings from these requests, which no longer recognise them."""
        ...

    async def save_demand(self, organization_id: str, counted: Mapping[str, Demand]) -> None: ...

    async def set_state(
        self, organization_id: str, request_id: str, state: RequestState, by: str, at: datetime
    ) -> Request | None: ...

    async def delete(self, organization_id: str, request_ids: Collection[str]) -> int: ...
