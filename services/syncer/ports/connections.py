"""The connections that are synced, and those that were removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from services.syncer.domain.connection import Barrier, Connection, ConnectionKey


class Connections(Protocol):
    """The syncer's copy of the connections."""

    async def keep(self, connection: Connection) -> bool:
        """Store it unless a newer revision is known, or it was removed; return whether it was stored."""
        ...

    async def get(self, key: ConnectionKey) -> Connection | None: ...

    async def verified(self, key: ConnectionKey, revision: int) -> None:
        """Record that /me showed the right workspace for this revision."""
        ...

    async def bar(self, key: ConnectionKey, workspace_id: str | None = None) -> None:
        """Admit nothing of a removed connection any more; its id is never used again."""
        ...

    async def barred(self, key: ConnectionKey) -> Barrier | None:
        """Return the barrier of a removed connection; None if it was not removed."""
        ...

    async def forget(self, key: ConnectionKey) -> int: ...
