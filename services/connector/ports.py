"""What the connector needs from outside, as protocols; adapters implement them, tests stand in for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from services.connector.domain.connection import Connection, Workspace
    from services.connector.domain.report import SyncReport
    from shared.contracts.event import Event


@dataclass(frozen=True, slots=True)
class OAuthState:
    """A way back from Intercom that was opened for one browser of one person.

    Attributes:
        browser: a hash of the browser's form token, so that a stolen state is of no use elsewhere.
    """

    state: str
    organization_id: str
    user_name: str
    browser: str
    expires_at: datetime


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


class Connections(Protocol):
    """The connections of all organizations, each with its facts still to be published."""

    async def list_of(self, organization_id: str) -> list[Connection]:
        """Return an organization's connections, oldest first."""
        ...

    async def get(self, organization_id: str, connection_id: str) -> Connection | None: ...

    async def of_workspace(self, workspace_id: str) -> list[Connection]:
        """Return the connected ones of a workspace, over all organizations (webhooks name no tenant)."""
        ...

    async def insert(self, connection: Connection, *facts: Event) -> None:
        """Store a new connection and its facts in one write.

        Raises:
            ConnectionConflict: the organization has a connection to this workspace already.
        """
        ...

    async def replace(self, before: Connection, after: Connection, *facts: Event) -> None:
        """Store the next revision and its facts in one write, if `before` is still the stored one.

        Raises:
            ConnectionConflict: somebody else changed it meanwhile; read again.
        """
        ...

    async def due(self, now: datetime, limit: int) -> list[Connection]:
        """Return connected ones whose next run is due, longest waiting first."""
        ...

    async def scheduled(
        self, connection: Connection, *, was_due: datetime, next_sync_at: datetime, fact: Event
    ) -> bool:
        """Move the schedule on and keep the request to publish; return False if somebody else did."""
        ...

    async def record_fact(self, connection: Connection, fact: Event) -> None:
        """Keep one more fact to publish, with nothing else changed."""
        ...

    async def report(self, organization_id: str, connection_id: str) -> SyncReport: ...

    async def save_report(self, organization_id: str, connection_id: str, report: SyncReport) -> None: ...

    async def confirm_removal(
        self, organization_id: str, connection_id: str, removal_id: str, service: str, documents: int
    ) -> None:
        """Note a service's word that it removed its data. Saying it twice changes nothing."""
        ...

    async def publish_pending(self, organization_id: str, connection_id: str) -> None:
        """Publish what is pending. Raises TransientError; then the sweeper comes for it."""
        ...


class OAuthStates(Protocol):
    """States that wait for their callback; each is good for one use."""

    async def add(self, state: OAuthState) -> None: ...

    async def take(self, state: str) -> OAuthState | None:
        """Return a state and forget it, in one step; None if it was never there, or used."""
        ...


class ApiKeys(Protocol):
    """The bearer keys that were made, for the page that lists them."""

    async def add(self, key: ApiKeyRecord) -> None: ...

    async def list_of(self, organization_id: str) -> Sequence[ApiKeyRecord]: ...

    async def revoke(
        self, organization_id: str, key_id: str, *, by: str, now: datetime
    ) -> ApiKeyRecord | None:
        """Mark a key revoked, with the fact to publish; None if there is no such key."""
        ...


class Notices(Protocol):
    """Webhook notifications seen lately, so that one sent twice asks for one read."""

    async def seen(self, organization_id: str, notification: str) -> bool: ...

    async def remember(self, organization_id: str, notification: str, now: datetime) -> None:
        """Note that a notification was acted on. Noting it twice changes nothing."""
        ...


class Vault(Protocol):
    """Encrypts credentials at rest."""

    def encrypt(self, secret: str) -> str: ...

    def decrypt(self, encrypted: str) -> str:
        """Return the secret. Raises ConfigurationError when no key of the ring fits."""
        ...


class Intercom(Protocol):
    """What the connector asks Intercom: who a credential belongs to, and to exchange or end one."""

    def authorize_url(self, state: str, redirect_uri: str) -> str: ...

    async def exchange_code(self, code: str) -> str:
        """Return the access token for an authorization code. Raises IntercomRefused, IntercomUnreachable."""
        ...

    async def who_am_i(self, token: str, base_url: str) -> Workspace:
        """Return the workspace behind a token. Raises IntercomRefused, IntercomUnreachable."""
        ...

    async def uninstall(self, token: str) -> None:
        """End an OAuth installation at Intercom's side. Raises IntercomRefused, IntercomUnreachable."""
        ...
