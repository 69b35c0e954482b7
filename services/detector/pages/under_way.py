"""Background work under way, which lists mention because they may be incomplete meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from services.detector.domain.mirror import Progress
    from services.detector.ports import Followed, Mirror, Rereads, Unmatched
    from shared.clock import Clock

_COUNTED = 50
"""Companies, or people, whose conversations are counted; of more, their own number says enough."""


@dataclass(frozen=True, slots=True)
class Left:
    """Companies, or people, whose conversations must still be updated.

    `conversations` is how many these are; None if that was not counted.
    """

    count: int = 0
    conversations: int | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """The background work under way for one organization.

    Attributes:
        unmatched: customers of its list that wait to be matched with companies.
        companies: those that moved to another customer, or were deleted.
        people: those whose companies or tags changed, or who were deleted.
    """

    rereads: Sequence[Progress]
    rematches: Sequence[Progress]
    unmatched: int
    companies: Left
    people: Left

    @property
    def any(self) -> bool:
        waiting = self.unmatched or self.companies.count or self.people.count
        return bool(self.rereads or self.rematches or waiting)


@dataclass(frozen=True)
class UnderWay:
    """Finds out what the background work has still to do."""

    rereads: Rereads
    rematches: Rereads
    unmatched: Unmatched
    followed: Followed
    followed_contacts: Followed
    mirror: Mirror
    clock: Clock

    async def of(self, organization_id: str) -> Work:
        """Return what is under way; finished work, and work with nothing to do, is left out."""
        rereads = await self.rereads.latest(organization_id)
        return Work(
            rereads=[reread for reread in rereads if reread.is_worth_showing],
            rematches=[
                progress
                for progress in await self.rematches.latest(organization_id)
                if progress.is_worth_showing
            ],
            unmatched=await self.unmatched.count(organization_id),
            companies=await self._companies(organization_id, self.clock.now()),
            people=await self._people(organization_id, self.clock.now()),
        )

    async def _companies(self, organization_id: str, now: datetime) -> Left:
        count = await self.followed.count(organization_id, now)
        if not 0 < count <= _COUNTED:
            return Left(count)
        keys = await self.followed.waiting(organization_id, now, _COUNTED)
        companies = await self.mirror.companies(organization_id, keys)
        lost = await self.mirror.lost_companies(organization_id, keys)
        read_to = {key: company.read_to for key, company in companies.items()}
        read_to |= {key: mark.read_to for key, mark in lost.items()}
        return Left(count, await self.mirror.count_by_companies(organization_id, read_to))

    async def _people(self, organization_id: str, now: datetime) -> Left:
        count = await self.followed_contacts.count(organization_id, now)
        if not 0 < count <= _COUNTED:
            return Left(count)
        keys = await self.followed_contacts.waiting(organization_id, now, _COUNTED)
        marked = await self.mirror.marked_contacts(organization_id, keys)
        read_to = {key: mark.read_to for key, mark in marked.items()}
        return Left(count, await self.mirror.count_by_contacts(organization_id, read_to))
