"""Subjects whose moods and facts must be reviewed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from services.detector.domain.identity import Subject
    from services.detector.domain.mirror import ConnectionView


@dataclass(frozen=True, slots=True)
class DueSubject:
    """A subject to be reviewed; `marks` counts how often it was touched so far."""

    organization_id: str
    subject: Subject
    connection_id: str
    known_before: datetime | None
    marks: int


class DueSubjects(Protocol):
    """Subjects whose moods and facts must be reviewed, because something of theirs was read."""

    async def mark(
        self,
        organization_id: str,
        subjects: Mapping[Subject, ConnectionView],
        *,
        at: datetime,
        known_before: datetime | None,
    ) -> None:
        """Make subjects due. If marked with several values of `known_before`, the latest holds."""
        ...

    async def due(self, quiet_since: datetime, first_before: datetime, limit: int) -> list[DueSubject]:
        """Return subjects of any organization: due since `first_before`, or quiet since `quiet_since`.

        Subjects marked or put off by a clock that was far ahead, and was corrected, are due as well.
        """
        ...

    async def done(self, organization_id: str, reviewed: Sequence[DueSubject], at: datetime) -> None:
        """Remove the marks; a subject marked again meanwhile stays due, as if first marked at `at`."""
        ...

    async def put_off(self, organization_id: str, subjects: Collection[Subject], until: datetime) -> None:
        """Leave these due, as if first marked at `until`; an earlier mark counts as before."""
        ...

    async def remove(self, organization_id: str, connection_id: str) -> int: ...
