"""Leases in memory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(minutes=10)
"""Clocks that differ by more are not believed."""


class MemoryLeases:
    def __init__(self) -> None:
        self._until: dict[str, datetime] = {}
        self._taken_at: dict[str, datetime] = {}
        self._owners: dict[str, str] = {}
        self._places: dict[str, str] = {}

    async def take(self, name: str, owner: str, now: datetime, lease_seconds: float) -> bool:
        is_ahead = self._taken_at.get(name, _EPOCH) > now + _AHEAD
        if self._until.get(name, _EPOCH) > now and not is_ahead:
            return False
        self._taken_at[name] = now
        self._until[name] = now + timedelta(seconds=lease_seconds)
        self._owners[name] = owner
        return True

    async def hold(
        self, name: str, owner: str, now: datetime, lease_seconds: float, *, place: str | None = None
    ) -> bool:
        if self._owners.get(name) == owner:
            self._until.pop(name, None)
        held = await self.take(name, owner, now, lease_seconds)
        if held and place is not None:
            self._places[name] = place
        return held

    async def place(self, name: str) -> str:
        return self._places.get(name, "")
