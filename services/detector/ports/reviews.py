"""Whose moods and facts are to be looked at."""

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
    """A subject to be reviewed; `marks` counts how often it was touched up to now."""

    organization_id: str
    subject: Subject
    connection_id: str
    known_before: datetime | None
    marks: int


class DueSubjects(Protocol):
    """Whose moods and facts are to be looked at, because something of theirs was read."""

    async def mark(
        self,
        organization_id: str,
        subjects: Mapping[Subject, ConnectionView],
        *,
        at: datetime,
        known_before: datetime | None,
    ) -> None:
        """Make subjects due. Of several moments before which all counts as known, the latest holds."""
        ...

    async def due(self, quiet_since: datetime, first_before: datetime, limit: int) -> list[DueSubject]:
        """Return subjects of any organization: due since `first_before`, or quiet since `quiet_since`.

        Whom a clock marked or put off that was ahead by far and was put back is due as well.
        """
        ...

    async def done(self, organization_id: str, reviewed: Sequence[DueSubject], at: datetime) -> None:
        """Take the marks away; one that was marked again meanwhile stays due, as if first marked at `at`."""
        ...

    async def put_off(self, organization_id: str, subjects: Collection[Subject], until: datetime) -> None:
        """Leave these due, but as if first marked at `until`; a mark that comes before counts as ever."""
        ...

    async def remove(self, organization_id: str, connection_id: str) -> int: ...
