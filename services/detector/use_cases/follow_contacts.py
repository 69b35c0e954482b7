"""Updates the conversations of contacts that changed companies or tags, or were deleted.

A batch of records reads a limited number of these contacts' conversations again. A contact with more of them
stays marked, and whichever replica is free continues, in slices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.detector.use_cases.follow_on import SLICE, Allowance

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from services.detector.domain.mirror import ToFollow
    from services.detector.ports import Mirror
    from services.detector.use_cases.connections import RemoveData
    from services.detector.use_cases.follow_in_turns import FollowInTurns
    from services.detector.use_cases.follow_on import FollowOn


class FollowContacts:
    """Follows marked contacts. Repeating it changes nothing."""

    def __init__(
        self, *, turns: FollowInTurns, mirror: Mirror, follow_on: FollowOn, remove: RemoveData
    ) -> None:
        self._turns = turns
        self._mirror = mirror
        self._follow_on = follow_on
        self._remove = remove

    async def follow(self, organization_id: str, contact_keys: Collection[str], allowance: Allowance) -> None:
        """Read the conversations of those of these contacts that are marked, including by an earlier attempt.

        As many conversations are read as are allowed; a contact with more stays marked, and each further call
        continues.
        """
        await self._read(
            organization_id, await self._mirror.marked_contacts(organization_id, contact_keys), allowance
        )

    async def work(self) -> bool:
        """Process a slice of one organization's contacts, organizations in turn; return whether any waited.

        A contact that cannot be processed because of a defect is logged, and waits some minutes.
        """
        return await self._turns.work(self._slice)

    async def _slice(self, organization_id: str, keys: Sequence[str]) -> None:
        marked = await self._mirror.marked_contacts(organization_id, keys)
        await self._read(organization_id, marked, Allowance(SLICE))
        for connection_id in sorted({mark.connection_id for mark in marked.values()}):
            await self._remove.again(organization_id, connection_id)

    async def _read(self, organization_id: str, marked: dict[str, ToFollow], allowance: Allowance) -> None:
        unread = await self._follow_on.read(organization_id, marked.values(), allowance)
        done = [mark for key, mark in marked.items() if key not in unread]
        await self._mirror.unmark_contacts(organization_id, done)
