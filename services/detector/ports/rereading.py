"""Re-reads of the mirror, and what newer detectors would change by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from services.detector.domain.mirror import Progress
    from services.detector.domain.redetection import Redetection, State


class Rereads(Protocol):
    """Re-reads of the mirror and how far they are, so that any replica can continue them.

    Matching all companies of a connection again works the same way, in a store of its own.
    """

    async def ask(self, progress: Progress, *, again: bool) -> None:
        """Begin a re-read of a connection, replacing an older one.

        Unless `again`, one with the same fingerprint stays as it is, finished or under way.
        """
        ...

    async def claim(
        self, owner: str, now: datetime, lease_seconds: float, fingerprints: Collection[str]
    ) -> Progress | None:
        """Lease the unfinished re-read with one of these fingerprints that has been free longest.

        None if there is none. Those that other versions requested are left to them.
        """
        ...

    async def advance(self, progress: Progress, owner: str, now: datetime) -> None:
        """Store how far a re-read is and release it, behind all others that are free."""
        ...

    async def put_back(self, progress: Progress, owner: str, now: datetime) -> None:
        """Release one unchanged, behind all others that are free."""
        ...

    async def latest(self, organization_id: str) -> list[Progress]: ...

    async def remove(self, organization_id: str, connection_id: str) -> int: ...


class Redetections(Protocol):
    """What newer detectors would change, by connection, and what was decided about it."""

    async def ask(self, redetection: Redetection) -> None:
        """Begin one, replacing the connection's older one; one with the same id stays as it is."""
        ...

    async def claim(
        self, owner: str, now: datetime, lease_seconds: float, fingerprints: Collection[str]
    ) -> Redetection | None:
        """Lease the unfinished comparison with one of these fingerprints that has been free longest.

        None if there is none. Those that other versions requested are left to them.
        """
        ...

    async def advance(self, redetection: Redetection, owner: str, *, cursor: str, now: datetime) -> bool:
        """Store the result of the slice that began at `cursor` and release the comparison, behind all others.

        Position and counts are stored together, in one write. False, with nothing stored, if somebody else
        passed `cursor` or took over the lease, or if the redetection is gone.
        """
        ...

    async def of(self, organization_id: str) -> list[Redetection]: ...

    async def decide(self, redetection: Redetection, state: State, by: str, at: datetime) -> None: ...

    async def remove(self, organization_id: str, connection_id: str) -> int: ...
