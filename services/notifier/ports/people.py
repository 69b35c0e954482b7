"""What people prefer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from services.notifier.domain.preferences import Preferences


class People(Protocol):
    """Preferences of people."""

    async def get(self, organization_id: str, user_id: str) -> Preferences | None: ...

    async def of_email(self, organization_id: str, email: str) -> list[Preferences]:
        """Return the preferences of all who saved any and sign in with this address, by their ids."""
        ...

    async def save(self, preferences: Preferences) -> None: ...
