"""What waits while a workspace is being connected: ways back from Intercom, and offers of another one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

# The repository validates stored offers by these annotations.
from services.connector.domain.connection import Method, Workspace  # noqa: TC001
from shared.contracts.connections import ConnectionSettings  # noqa: TC001

STATE_LIFE = timedelta(minutes=10)
"""Long enough to sign in to Intercom on the way; Intercom's own code lives five minutes (FACTS §2)."""


@dataclass(frozen=True, slots=True)
class OAuthState:
    """A pending return from Intercom, for one browser of one person.

    Attributes:
        browser: a hash of the browser's form token, so that a stolen state is useless elsewhere.
        settings: what was chosen before leaving, stored here so that no address on the way can change it.
            Whatever it leaves out, or None, means the installation's default.
    """

    state: str = field(repr=False)
    organization_id: str
    user_name: str
    browser: str = field(repr=False)
    expires_at: datetime
    settings: ConnectionSettings | None = None


class OAuthStates(Protocol):
    """States that wait for their callback; each is good for one use."""

    async def add(self, state: OAuthState) -> None: ...

    async def take(self, state: str) -> OAuthState | None:
        """Return a state and delete it, in one step; None if it never existed or was used."""
        ...

    async def forget(self, organization_id: str, *, ending_before: datetime) -> int:
        """Delete an organization's states that expire before a time; return how many there were."""
        ...


@dataclass(frozen=True, slots=True)
class Offer:
    """A proven credential of another workspace; a person decides whether it replaces the present one.

    Attributes:
        credential: encrypted.
        settings: what the new connection begins with; None for the installation's default.
    """

    id: str
    organization_id: str
    by: str
    method: Method
    workspace: Workspace
    credential: str = field(repr=False)
    expires_at: datetime
    settings: ConnectionSettings | None = None


class Offers(Protocol):
    """Credentials that wait for a person's decision; deleted when their time is over."""

    async def add(self, offer: Offer) -> None: ...

    async def get(self, organization_id: str, offer_id: str) -> Offer | None: ...

    async def take(self, organization_id: str, offer_id: str) -> Offer | None:
        """Return an offer and delete it, in one step; None if it does not exist any more."""
        ...
