"""What the detector keeps of connections, and of those that are over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection

    from services.detector.domain.admission import Barrier, KnownConnections
    from services.detector.domain.mirror import ConnectionView
    from shared.contracts.connections import DataRemoved


class Connections(Protocol):
    """What is known of each connection, and which are over."""

    async def get(self, organization_id: str, connection_id: str) -> ConnectionView | None: ...

    async def all_of(self, organization_id: str) -> list[ConnectionView]: ...

    async def known_among(self, organization_id: str, connection_ids: Collection[str]) -> KnownConnections:
        """Return how these connections stand now."""
        ...

    async def save(self, view: ConnectionView) -> bool:
        """Keep a newer revision; return False when the held one is as new, or the connection is over."""
        ...

    async def bar(self, organization_id: str, connection_id: str, workspace_id: str | None) -> Barrier:
        """Forget the connection and let nothing of it in from here on; return what was noted of that."""
        ...

    async def barrier(self, organization_id: str, connection_id: str) -> Barrier | None:
        """Return what was noted when a connection was barred; None for one that was not."""
        ...

    async def note_removed(self, barrier: Barrier, documents: int) -> None:
        """Count documents of a barred connection that went."""
        ...

    async def confirm(self, removed: DataRemoved) -> None:
        """Give our word, with the documents noted since the last one; once a removal, however often called.

        A connection is removed twice where its own database was set back to before the first order.
        """
        ...
