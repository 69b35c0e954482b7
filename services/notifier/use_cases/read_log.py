"""The delivery log and the dead letters, for people who want to know whether anything is stuck."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.notifier.errors import NotThere
from services.notifier.ports import Place

if TYPE_CHECKING:
    from services.notifier.domain.notification import Notification
    from services.notifier.ports import DeadLetterPage, DeadLetterReader, LogFilter, Notifications

NEWEST_DEAD_LETTERS = 20

MOST_COUNTED = 10_000
"""Beyond this a count says that there are more: as many rows as the CSV file has, and counting costs."""


class LogReading:
    def __init__(self, *, notifications: Notifications, dead_letters: DeadLetterReader) -> None:
        self._notifications = notifications
        self._dead_letters = dead_letters

    async def page(
        self,
        organization_id: str,
        wanted: LogFilter,
        *,
        after: Place | None,
        limit: int,
        oldest_first: bool = False,
    ) -> tuple[list[Notification], Place | None]:
        """Return notifications in order of time, and the place to go on from, or None at the end."""
        notifications = await self._notifications.page(
            organization_id, wanted, after=after, limit=limit + 1, oldest_first=oldest_first
        )
        page = notifications[:limit]
        more = len(notifications) > limit
        return page, Place(page[-1].created_at, page[-1].id) if more else None

    async def count(self, organization_id: str, wanted: LogFilter) -> int | None:
        """Return how many notifications there are of that kind; None for more than MOST_COUNTED."""
        count = await self._notifications.count(organization_id, wanted, at_most=MOST_COUNTED + 1)
        return count if count <= MOST_COUNTED else None

    async def get(self, organization_id: str, notification_id: str) -> Notification:
        """Return a notification. Raises NotThere."""
        notification = await self._notifications.get(organization_id, notification_id)
        if notification is None:
            raise NotThere("There is no such delivery. Its data may have been removed.")
        return notification

    async def dead_letters(self, organization_id: str) -> dict[str, DeadLetterPage]:
        """Return an organization's newest dead letters by service, with those that name nobody.

        Raises TransientError.
        """
        return await self._dead_letters.newest(NEWEST_DEAD_LETTERS, organization_id)
