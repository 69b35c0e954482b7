"""Subjects that are to be reviewed, in memory."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from services.detector.ports import DueSubject

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from services.detector.domain.identity import Subject
    from services.detector.domain.mirror import (
        ConnectionView,
    )


class MemoryDueSubjects:
    def __init__(self) -> None:
        self._marks: dict[tuple[str, str], tuple[DueSubject, datetime, datetime]] = {}

    async def mark(
        self,
        organization_id: str,
        subjects: Mapping[Subject, ConnectionView],
        *,
        at: datetime,
        known_before: datetime | None,
    ) -> None:
        for subject, view in subjects.items():
            held, first_at, _ = self._marks.get((organization_id, subject.key), (None, at, at))
            moments = [one for one in (known_before, held and held.known_before) if one]
            marked = DueSubject(
                organization_id,
                subject,
                view.connection_id,
                max(moments, default=None),
                held.marks + 1 if held else 1,
            )
            self._marks[organization_id, subject.key] = (marked, first_at, at)

    async def due(self, quiet_since: datetime, first_before: datetime, limit: int) -> list[DueSubject]:
        found = [
            one
            for one, first_at, last_at in self._marks.values()
            if first_at <= first_before
            or last_at <= quiet_since
            or last_at > quiet_since + timedelta(minutes=20)
        ]
        return found[:limit]

    async def done(self, organization_id: str, reviewed: Sequence[DueSubject], at: datetime) -> None:
        for one in reviewed:
            place = (organization_id, one.subject.key)
            if place in self._marks:
                held, _, last_at = self._marks.pop(place)
                if held.marks != one.marks:
                    self._marks[place] = (held, at, last_at)

    async def put_off(self, organization_id: str, subjects: Collection[Subject], until: datetime) -> None:
        for subject in subjects:
            place = (organization_id, subject.key)
            if place in self._marks:
                self._marks[place] = (self._marks[place][0], until, until)

    async def remove(self, organization_id: str, connection_id: str) -> int:
        gone = [
            place
            for place, (one, *_) in self._marks.items()
            if place[0] == organization_id and one.connection_id == connection_id
        ]
        for place in gone:
            del self._marks[place]
        return len(gone)
