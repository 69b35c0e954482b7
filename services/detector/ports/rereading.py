"""Reading the mirror again, and what newer detectors would change by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from services.detector.domain.mirror import Progress
    from services.detector.domain.redetection import Redetection, State


class Rereads(Protocol):
    """Re-readings of the mirror that are under way, so that any replica can go on with them.

    Matching all companies anew goes the same way, in a store of its own.
    """

    async def ask(self, progress: Progress, *, again: bool) -> None:
        """Begin a re-reading of a connection, in place of any older one.

        Without `again`, one with the same fingerprint stays as it is, finished or under way.
        """
        ...

    async def claim(
        self, owner: str, now: datetime, lease_seconds: float, fingerprints: Collection[str]
    ) -> Progress | None:
        """Take the unfinished one with one of these fingerprints that was free longest, for so many seconds.

        None when there is none. What other versions asked for is left to them.
        """
        ...

    async def advance(self, progress: Progress, owner: str, now: datetime) -> None:
        """Keep where a re-reading stands, and give it back, behind all others that are free."""
        ...

    async def put_back(self, progress: Progress, owner: str, now: datetime) -> None:
        """Give one back as it was, behind all others that are free."""
        ...

    async def latest(self, organization_id: str) -> list[Progress]: ...

    async def remove(self, organization_id: str, connection_id: str) -> int: ...


class Redetections(Protocol):
    """What newer detectors would change, by connection, and what was decided about it."""

    async def ask(self, redetection: Redetection) -> None:
        """Begin one in place of the connection's older one; one of the same id stays as it is."""
        ...

    async def claim(
        self, owner: str, now: datetime, lease_seconds: float, fingerprints: Collection[str]
    ) -> Redetection | None:
        """Take the one being read with one of these fingerprints that was free longest, for so many seconds.

        None when there is none. What other versions asked for is left to them.
        """
        ...

    async def advance(self, redetection: Redetection, owner: str, *, cursor: str, now: datetime) -> bool:
        """Keep what a slice that began at `cursor` came to, and give it back, behind all others.

        Place and counts are kept in one write, once: False, with nothing kept, when somebody else got past
        `cursor`, took the lease over, or the redetection is gone.
        """
        ...

    async def of(self, organization_id: str) -> list[Redetection]: ...

    async def decide(self, redetection: Redetection, state: State, by: str, at: datetime) -> None: ...

    async def remove(self, organization_id: str, connection_id: str) -> int: ...
