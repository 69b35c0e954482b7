"""How far each resource of a connection was read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from services.syncer.domain.connection import ConnectionKey
    from services.syncer.domain.cursor import Cursor
    from shared.contracts.sync import ResourceType


class Cursors(Protocol):
    async def all(self, key: ConnectionKey) -> dict[ResourceType, Cursor]: ...

    async def save(self, key: ConnectionKey, cursor: Cursor) -> None: ...

    async def forget(self, key: ConnectionKey) -> int: ...
