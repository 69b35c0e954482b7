"""A person's inbox and preferences."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from services.notifier.domain.preferences import Preferences
from services.notifier.errors import NotThere
from services.notifier.ports import InboxEntry, InboxReader, Place

if TYPE_CHECKING:
    from datetime import datetime

    from services.notifier.ports import Inbox, People
    from shared.auth.identity import Identity

MOST_COUNTED = 999
"""Beyond this a count says that there are more: nobody needs the number, and counting costs."""


class InboxReading:
    def __init__(self, *, inbox: Inbox, people: People) -> None:
        self._inbox = inbox
        self._people = people

    async def preferences(self, identity: Identity) -> Preferences:
        """Return a person's preferences; who never saved any wants all, always.

        Mail is looked up by address: preferences follow a person whose address changed.
        """
        preferences = await self._people.get(identity.organization_id, identity.user_id)
        if preferences is None:
            return Preferences(identity.organization_id, identity.user_id, identity.email)
        if identity.email and identity.email.casefold() != preferences.email.casefold():
            preferences = replace(preferences, email=identity.email)
            await self._people.save(preferences)
        return preferences

    async def shares_address(self, identity: Identity) -> bool:
        """Return whether somebody else who signs in with this person's address saved preferences for it."""
        if not identity.email:
            return False
        people = await self._people.of_email(identity.organization_id, identity.email)
        return any(preferences.user_id != identity.user_id for preferences in people)

    async def save_preferences(self, preferences: Preferences) -> None:
        await self._people.save(preferences)

    async def page(
        self,
        identity: Identity,
        *,
        unread_only: bool,
        after: Place | None,
        limit: int,
        oldest_first: bool = False,
    ) -> tuple[list[InboxEntry], Place | None]:
        """Return entries in order of time, and the place to go on from, or None at the end."""
        reader = await self._reader(identity)
        entries = await self._inbox.page(
            reader, unread_only=unread_only, after=after, limit=limit + 1, oldest_first=oldest_first
        )
        more = len(entries) > limit
        page = entries[:limit]
        return page, Place(page[-1].added_at, page[-1].id) if more else None

    async def count(self, identity: Identity, *, unread_only: bool) -> int | None:
        """Return how many entries there are to page through; None for more than MOST_COUNTED."""
        if unread_only:
            count = await self.unread(identity)
        else:
            count = await self._inbox.count(await self._reader(identity), at_most=MOST_COUNTED + 1)
        return count if count <= MOST_COUNTED else None

    async def arrived(self, identity: Identity, *, since: datetime, at_most: int) -> int:
        """Return how many entries came then or later, counting no further than `at_most`."""
        return await self._inbox.count(await self._reader(identity), at_most=at_most, since=since)

    async def unread(self, identity: Identity) -> int:
        """Return how many are unread, counting no further than one beyond MOST_COUNTED."""
        return await self._inbox.unread(await self._reader(identity), at_most=MOST_COUNTED + 1)

    async def open(self, identity: Identity, entry_id: str) -> InboxEntry:
        """Mark an entry as read and return it. Raises NotThere."""
        reader = await self._reader(identity)
        entry = await self._inbox.get(reader, entry_id)
        if entry is None:
            raise NotThere("There is no such entry in your inbox. Its data may have been removed.")
        await self._inbox.mark_read(reader, entry_id)
        return entry

    async def mark_all_read(self, identity: Identity, *, until: datetime | None = None) -> int:
        """Mark all as read that came by then; return how many were unread."""
        return await self._inbox.mark_read(await self._reader(identity), None, until=until)

    async def _reader(self, identity: Identity) -> InboxReader:
        wishes = await self.preferences(identity)
        return InboxReader(
            organization_id=identity.organization_id,
            user_id=identity.user_id,
            email=identity.email.casefold(),
            kinds=wishes.kinds,
            minimum_confidence=wishes.minimum_confidence,
        )
