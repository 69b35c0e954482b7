"""Re-readings and redetections in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from services.detector.domain.mirror import (
        Progress,
    )
    from services.detector.domain.redetection import Redetection, State

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


class MemoryRereads:
    def __init__(self) -> None:
        self._progress: dict[tuple[str, str], tuple[Progress, str | None, datetime]] = {}

    async def ask(self, progress: Progress, *, again: bool) -> None:
        place = (progress.organization_id, progress.connection_id)
        held = self._progress.get(place)
        if again or held is None or held[0].fingerprint != progress.fingerprint:
            self._progress[place] = (progress, None, _EPOCH)

    async def claim(
        self, owner: str, now: datetime, lease_seconds: float, fingerprints: Collection[str]
    ) -> Progress | None:
        for place, (progress, _, until) in sorted(self._progress.items(), key=lambda held: held[1][2]):
            if progress.finished_at is None and until <= now and progress.fingerprint in fingerprints:
                self._progress[place] = (progress, owner, now + timedelta(seconds=lease_seconds))
                return progress
        return None

    async def advance(self, progress: Progress, owner: str, now: datetime) -> None:
        place = (progress.organization_id, progress.connection_id)
        held, holder, _ = self._progress[place]
        if holder == owner and held.fingerprint == progress.fingerprint:
            self._progress[place] = (progress, None, now)

    async def put_back(self, progress: Progress, owner: str, now: datetime) -> None:
        place = (progress.organization_id, progress.connection_id)
        held, holder, _ = self._progress[place]
        if holder == owner and held.fingerprint == progress.fingerprint:
            self._progress[place] = (held, None, now)

    async def latest(self, organization_id: str) -> list[Progress]:
        return [one for (owner, _), (one, _, _) in sorted(self._progress.items()) if owner == organization_id]

    async def remove(self, organization_id: str, connection_id: str) -> int:
        return int(self._progress.pop((organization_id, connection_id), None) is not None)


class MemoryRedetections:
    def __init__(self) -> None:
        self._held: dict[tuple[str, str], tuple[Redetection, str | None, datetime]] = {}

    async def ask(self, redetection: Redetection) -> None:
        place = (redetection.organization_id, redetection.connection_id)
        held = self._held.get(place)
        if held is None or held[0].redetection_id != redetection.redetection_id:
            self._held[place] = (redetection, None, _EPOCH)

    async def claim(
        self, owner: str, now: datetime, lease_seconds: float, fingerprints: Collection[str]
    ) -> Redetection | None:
        for place, (held, _, until) in sorted(self._held.items(), key=lambda item: item[1][2]):
            if held.state == "reading" and until <= now and held.fingerprint in fingerprints:
                self._held[place] = (held, owner, now + timedelta(seconds=lease_seconds))
                return held
        return None

    async def advance(self, redetection: Redetection, owner: str, *, cursor: str, now: datetime) -> bool:
        place = (redetection.organization_id, redetection.connection_id)
        if place not in self._held:
            return False
        held, holder, _ = self._held[place]
        told = (redetection.redetection_id, "reading", cursor, owner)
        if (held.redetection_id, held.state, held.cursor, holder) != told:
            return False
        self._held[place] = (redetection, None, now)
        return True

    async def of(self, organization_id: str) -> list[Redetection]:
        return [one for (owner, _), (one, _, _) in sorted(self._held.items()) if owner == organization_id]

    async def decide(self, redetection: Redetection, state: State, by: str, at: datetime) -> None:
        place = (redetection.organization_id, redetection.connection_id)
        held = self._held.get(place)
        if held is not None and held[0].redetection_id == redetection.redetection_id:
            self._held[place] = (replace(held[0], state=state, decided_by=by, decided_at=at), None, _EPOCH)

    async def remove(self, organization_id: str, connection_id: str) -> int:
        return int(self._held.pop((organization_id, connection_id), None) is not None)
