"""What is known of each resource, to tell what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.syncer.domain.connection import ConnectionKey
    from services.syncer.domain.fingerprint import Fingerprint
    from shared.contracts.sync import ResourceType


class Fingerprints(Protocol):
    """What is known of each resource."""

    async def of(
        self, key: ConnectionKey, resource: ResourceType, ids: Sequence[str]
    ) -> dict[str, Fingerprint]:
        """Return what is known of these, by id; those that were never published have no entry."""
        ...

    async def store(
        self, key: ConnectionKey, records: Sequence[Fingerprint], *, writer: str
    ) -> list[Fingerprint]:
        """Write records whose stored revision is still the one they name; return those that were refused.

        Each record's `revision` is that of the version it was compared with; it is stored one higher.
        """
        ...

    async def mark(
        self, key: ConnectionKey, resource: ResourceType, ids: Sequence[str], *, walk: str
    ) -> None:
        """Record that a walk over the whole list met these."""
        ...

    async def unseen(
        self,
        key: ConnectionKey,
        resource: ResourceType,
        *,
        walk: str,
        after: str,
        limit: int,
        changed_since: int | None = None,
    ) -> list[Fingerprint]:
        """Return known resources that the walk did not meet, by id, from after the given one.

        With a time, only those that are open or have changed since. Deleted resources are neither returned
        nor counted. Each call looks at everything after `after`, met or not.
        """
        ...

    async def lively(
        self, key: ConnectionKey, *, after: str, changed_since: int, limit: int
    ) -> list[Fingerprint]:
        """Return conversations that are open or changed since a time, by id, from after the given one."""
        ...

    async def forget(self, key: ConnectionKey, resource: ResourceType, ids: Sequence[str]) -> int: ...

    async def release(self, key: ConnectionKey, records: Sequence[Fingerprint]) -> list[Fingerprint]:
        """Delete records whose stored revision is still the one they name; return those that were refused.

        A record of revision 0 stands for something that was not stored; it is refused if it is by now.
        """
        ...

    async def count(self, key: ConnectionKey, resource: ResourceType) -> int: ...

    async def some(self, key: ConnectionKey, *, limit: int) -> list[Fingerprint]:
        """Return some known resources of any type; empty once none are left."""
        ...

    async def everything(
        self, key: ConnectionKey, *, after: Fingerprint | None, limit: int
    ) -> list[Fingerprint]:
        """Return everything remembered, deletions included, by type and id, from after the given one."""
        ...
