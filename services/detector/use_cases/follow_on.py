"""Reads conversations again after their contact or company changed, a limited number at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from services.detector.domain.mirror import ToFollow
    from services.detector.ports import Followed
    from services.detector.use_cases.read_conversations import ReadConversations
    from shared.clock import Clock

SLICE = 200
"""Conversations read again for a person's click, or in one background slice: some seconds of work."""


@dataclass
class Allowance:
    """How many conversations one run may still read again, for whatever reason and whoever's they are.

    It is passed from step to step: whatever one step uses is no longer available to the next.
    """

    left: int


class ConversationKeys(Protocol):
    """Queries the mirror for keys of conversations, in key order; see `Mirror.keys_by_contacts`."""

    async def __call__(
        self, organization_id: str, keys: Collection[str], /, *, after: str, limit: int
    ) -> list[str]: ...


class FollowOn:
    """Reads the conversations of marked contacts or companies again. Repeating it changes nothing."""

    def __init__(
        self, *, followed: Followed, conversations: ConversationKeys, reader: ReadConversations, clock: Clock
    ) -> None:
        self._followed = followed
        self._conversations = conversations
        self._reader = reader
        self._clock = clock

    async def read(self, organization_id: str, marks: Iterable[ToFollow], allowance: Allowance) -> set[str]:
        """Read conversations again, as many as are allowed; return the owners that have more of them.

        For these, the position reached is stored, and any replica may continue from there.
        """
        marked = {mark.key: mark for mark in marks}
        if not marked:
            return set()
        if not any(mark.read_to for mark in marked.values()):
            keys = await self._conversations(organization_id, marked, after="", limit=allowance.left + 1)
            if not keys:
                return set()
            if len(keys) <= allowance.left:
                await self._reader.read(organization_id, keys)
                allowance.left -= len(keys)
                return set()
        unread = set()
        for key, one in marked.items():
            limit = allowance.left + 1
            ahead = await self._conversations(organization_id, [key], after=one.read_to, limit=limit)
            portion = ahead[: allowance.left]
            if portion:
                await self._reader.read(organization_id, portion)
            allowance.left -= len(portion)
            if len(portion) < len(ahead):
                unread.add(key)
                read_to = portion[-1] if portion else one.read_to
                await self._followed.leave(organization_id, one, read_to, self._clock.now())
        return unread
