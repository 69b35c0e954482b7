"""The bearer keys that were made for programs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - the repository validates stored keys by these annotations
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.contracts.connections import ApiKeyRevoked


@dataclass(frozen=True, slots=True)
class ApiKeyRecord:
    """A bearer key as a page lists it; the token itself is kept nowhere."""

    key_id: str
    organization_id: str
    name: str
    role: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None


class ApiKeys(Protocol):
    """The bearer keys that were made, for the page that lists them."""

    async def add(self, key: ApiKeyRecord) -> None: ...

    async def list_of(self, organization_id: str) -> Sequence[ApiKeyRecord]:
        """Return the keys, newest first; if there are very many, keys in force come first."""
        ...

    async def revoke(
        self, organization_id: str, key_id: str, *, by: str, now: datetime
    ) -> ApiKeyRecord | None:
        """Mark a key revoked and store the fact to publish; None if there is no such key."""
        ...

    async def publish_pending(self, organization_id: str, key_id: str) -> None:
        """Publish what is pending. Raises TransientError; the sweeper then publishes it."""
        ...

    async def revocations(self, now: datetime) -> Sequence[ApiKeyRevoked]:
        """Return the facts of all organizations' revoked keys that would otherwise still be valid."""
        ...
