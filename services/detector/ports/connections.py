"""What the detector stores about connections, including those that were removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection

    from services.detector.domain.admission import Barrier, KnownConnections
    from services.detector.domain.mirror import ConnectionView
    from shared.contracts.connections import DataRemoved


class Connections(Protocol):
    """What is known of each connection, and which connections were removed."""

    async def get(self, organization_id: str, connection_id: str) -> ConnectionView | None: ...

    async def all_of(self, organization_id: str) -> list[ConnectionView]: ...

    async def known_among(self, organization_id: str, connection_ids: Collection[str]) -> KnownConnections:
        """Return the present state of these connections."""
        ...

    async def save(self, view: ConnectionView) -> bool:
        """Store a newer revision; return False if the stored one is as new, or the connection was removed."""
        ...

    async def bar(self, organization_id: str, connection_id: str, workspace_id: str | None) -> Barrier:
        """Delete the connection and admit nothing of it from here on; return the barrier that stays."""
        ...

    async def barrier(self, organization_id: str, connection_id: str) -> Barrier | None:
        """Return the barrier of a removed connection; None if it was not removed."""
        ...

    async def note_removed(self, barrier: Barrier, documents: int) -> None:
        """Add to the number of deleted documents that the barrier counts."""
        ...

    async def confirm(self, removed: DataRemoved) -> None:
        """Publish that the data is removed, once per removal however often this is called.

        The count is that of documents deleted since the last confirmation. A connection is removed twice if
        its own database was restored to a backup from before the first order.
        """
        ...
