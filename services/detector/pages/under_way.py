"""What goes on in the background, as every list says it that shows less or other things meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.detector.domain.mirror import Progress
    from services.detector.ports import Followed, Mirror, Rereads, Unmatched
    from shared.clock import Clock

_COUNTED = 50
"""Companies whose conversations are counted; of more, how many companies there are says enough."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is under way for one organization.

    `unmatched` are customers of its list that wait for their companies, `companies` those whose conversations
    are still to follow them, and `conversations` how many these are; None where that was not counted.
    """

    rereads: Sequence[Progress]
    rematches: Sequence[Progress]
    unmatched: int
    companies: int
    conversations: int | None

    @property
    def any(self) -> bool:
        return bool(self.rereads or self.rematches or self.unmatched or self.companies)


@dataclass(frozen=True)
class UnderWay:
    """Looks at what the background has still to do."""

    rereads: Rereads
    rematches: Rereads
    unmatched: Unmatched
    followed: Followed
    mirror: Mirror
    clock: Clock

    async def of(self, organization_id: str) -> Work:
        """Return what is under way; what is done, and what had nothing to do, is left out."""
        rereads = await self.rereads.latest(organization_id)
        companies = await self.followed.count(organization_id, self.clock.now())
        return Work(
            rereads=[one for one in rereads if one.is_worth_showing],
            rematches=[one for one in await self.rematches.latest(organization_id) if one.is_worth_showing],
            unmatched=await self.unmatched.count(organization_id),
            companies=companies,
            conversations=await self._conversations(organization_id) if 0 < companies <= _COUNTED else None,
        )

    async def _conversations(self, organization_id: str) -> int:
        keys = await self.followed.waiting(organization_id, self.clock.now(), _COUNTED)
        held = await self.mirror.companies(organization_id, keys)
        read_to = {key: one.read_to for key, one in held.items()}
        return await self.mirror.count_by_companies(organization_id, read_to)
