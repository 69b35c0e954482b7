"""Reading again what follows a contact or company: so many conversations in one go, later ones from there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from services.detector.domain.mirror import ToFollow
    from services.detector.ports import Followed
    from services.detector.use_cases.read_conversations import ReadConversations
    from shared.clock import Clock

SLICE = 200
"""Conversations that are read again for a person's click, and in a slice in the background: some seconds."""


class ConversationKeys(Protocol):
    """Asks the mirror for keys of conversations, in key order; see `Mirror.keys_by_contacts`."""

    async def __call__(
        self, organization_id: str, keys: Collection[str], /, *, after: str, limit: int
    ) -> list[str]: ...


class FollowOn:
    """Reads conversations again that what is marked decides. Repeating it changes nothing."""

    def __init__(
        self, *, followed: Followed, conversations: ConversationKeys, reader: ReadConversations, clock: Clock
    ) -> None:
        self._followed = followed
        self._conversations = conversations
        self._reader = reader
        self._clock = clock

    async def read(self, organization_id: str, marks: Iterable[ToFollow], most: int) -> set[str]:
        """Read at most so many conversations again; return whose are not all read.

        Of these the place is kept, and the rest is anybody's from now on.
        """
        marked = {one.key: one for one in marks}
        if not marked:
            return set()
        if not any(one.read_to for one in marked.values()):
            keys = await self._conversations(organization_id, marked, after="", limit=most + 1)
            if not keys:
                return set()
            if len(keys) <= most:
                await self._reader.read(organization_id, keys)
                return set()
        unread = set()
        for key, one in marked.items():
            ahead = await self._conversations(organization_id, [key], after=one.read_to, limit=most + 1)
            portion = ahead[:most]
            if portion:
                await self._reader.read(organization_id, portion)
            most -= len(portion)
            if len(portion) < len(ahead):
                unread.add(key)
                read_to = portion[-1] if portion else one.read_to
                await self._followed.leave(organization_id, one, read_to, self._clock.now())
        return unread
