"""The connections that are synced, and those that are barred."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from services.syncer.domain.connection import Barrier, Connection, ConnectionKey


class Connections(Protocol):
    """The syncer's copy of the connections."""

    async def keep(self, connection: Connection) -> bool:
        """Store it unless a newer revision is known, or it is barred; tell whether it was stored."""
        ...

    async def get(self, key: ConnectionKey) -> Connection | None: ...

    async def verified(self, key: ConnectionKey, revision: int) -> None:
        """Note that /me showed the right workspace for this revision."""
        ...

    async def bar(self, key: ConnectionKey, workspace_id: str | None = None) -> None:
        """Let nothing of a removed connection in any more; its id is never used again."""
        ...

    async def barred(self, key: ConnectionKey) -> Barrier | None:
        """Return what was noted when a connection was barred; None for one that was not."""
        ...

    async def forget(self, key: ConnectionKey) -> int: ...
