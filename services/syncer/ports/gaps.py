"""What is known to be missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from services.syncer.domain.connection import ConnectionKey
    from shared.contracts.sync import Gap, GapAspect, ResourceType


class Gaps(Protocol):
    """Known gaps, each by resource, id, reason and aspect."""

    async def open(self, key: ConnectionKey, gap: Gap) -> None:
        """Record a gap; one that is known keeps its time and takes the new number."""
        ...

    async def close(
        self,
        key: ConnectionKey,
        resource: ResourceType,
        id_: str | None,
        reasons: Sequence[str],
        *,
        aspect: GapAspect | None = None,
    ) -> None: ...

    async def close_all(
        self, key: ConnectionKey, resource: ResourceType, reason: str, *, known_before: datetime
    ) -> None:
        """Close the gaps of one resource and reason that were known before a time."""
        ...

    async def listed(
        self,
        key: ConnectionKey,
        *,
        limit: int,
        resource: ResourceType | None = None,
        reason: str | None = None,
        after: str = "",
    ) -> list[Gap]:
        """Return gaps; those of one resource and reason are in order of ids, from after the given one."""
        ...

    async def whole(self, key: ConnectionKey) -> list[Gap]:
        """Return the gaps that concern whole resources, however many others there are."""
        ...

    async def count(self, key: ConnectionKey) -> int: ...

    async def forget(self, key: ConnectionKey) -> int: ...
