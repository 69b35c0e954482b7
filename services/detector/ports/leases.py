"""Which replica does a round's work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime


class Leases(Protocol):
    """Who does a round's work, where one replica is enough."""

    async def take(self, name: str, owner: str, now: datetime, lease_seconds: float) -> bool:
        """Return whether `owner` has the lease now; it ends by itself, and where a clock is put back far."""
        ...

    async def hold(
        self, name: str, owner: str, now: datetime, lease_seconds: float, *, place: str | None = None
    ) -> bool:
        """As `take`, and whoever has the lease already prolongs it; `place` is kept: how far the work is."""
        ...

    async def place(self, name: str) -> str:
        """Return how far the work was kept to be, by whoever had the lease; empty for its beginning."""
        ...
