"""Connections in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from services.detector.domain.admission import Barrier, KnownConnections

if TYPE_CHECKING:
    from collections.abc import Collection

    from services.detector.domain.mirror import (
        ConnectionView,
    )
    from shared.contracts.connections import DataRemoved
    from shared.messaging.recording import RecordingPublisher


class MemoryConnections:
    def __init__(self, publisher: RecordingPublisher) -> None:
        self._views: dict[tuple[str, str], ConnectionView] = {}
        self._barriers: dict[tuple[str, str], Barrier] = {}
        self._said_for: set[tuple[str, str, str]] = set()
        self._publisher = publisher

    async def get(self, organization_id: str, connection_id: str) -> ConnectionView | None:
        return self._views.get((organization_id, connection_id))

    async def all_of(self, organization_id: str) -> list[ConnectionView]:
        return [one for (owner, _), one in sorted(self._views.items()) if owner == organization_id]

    async def known_among(self, organization_id: str, connection_ids: Collection[str]) -> KnownConnections:
        places = {one: (organization_id, one) for one in connection_ids}
        return KnownConnections(
            {one: self._views[place] for one, place in places.items() if place in self._views},
            frozenset(one for one, place in places.items() if place in self._barriers),
        )

    async def save(self, view: ConnectionView) -> bool:
        place = (view.organization_id, view.connection_id)
        held = self._views.get(place)
        if place in self._barriers or (held is not None and held.revision >= view.revision):
            return False
        self._views[place] = view
        return True

    async def barrier(self, organization_id: str, connection_id: str) -> Barrier | None:
        return self._barriers.get((organization_id, connection_id))

    async def bar(self, organization_id: str, connection_id: str, workspace_id: str | None) -> Barrier:
        place = (organization_id, connection_id)
        self._views.pop(place, None)
        barrier = self._barriers.get(place, Barrier(*place))
        self._barriers[place] = replace(barrier, workspace_id=workspace_id or barrier.workspace_id)
        return self._barriers[place]

    async def note_removed(self, barrier: Barrier, documents: int) -> None:
        place = (barrier.organization_id, barrier.connection_id)
        held = self._barriers[place]
        self._barriers[place] = replace(held, documents=held.documents + documents)

    async def confirm(self, removed: DataRemoved) -> None:
        place = (removed.organization_id, removed.connection_id)
        held = self._barriers[place]
        if (*place, removed.removal_id) not in self._said_for:
            self._said_for.add((*place, removed.removal_id))
            self._barriers[place] = replace(held, confirmed=True, documents=0)
            await self._publisher.publish(removed.model_copy(update={"documents": held.documents}))
