"""What an administrator does with a connection, and the lease of its credential to the syncer."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from services.connector.domain.connection import Connection, Removal
from services.connector.errors import (
    ConnectionConflict,
    ConnectionUnknown,
    IntercomRefused,
    IntercomUnreachable,
)
from shared.contracts.connections import ConnectionSettings, DataRemovalRequested
from shared.contracts.sync import SyncRequested
from shared.errors import TransientError

if TYPE_CHECKING:
    from services.connector.ports import Connections, Intercom, Vault
    from shared.auth.identity import Identity
    from shared.clock import Clock

_LOG = structlog.get_logger(__name__)

LEASE_SECONDS = 300
"""How long the syncer may use a credential before it asks again; bounds how long a revoked one is tried."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A credential on loan. `token` is a secret: it is never logged and its repr is hidden."""

    token: str
    base_url: str
    workspace_id: str
    expires_in_seconds: int = LEASE_SECONDS

    def __repr__(self) -> str:
        return f"Lease(base_url={self.base_url!r}, workspace_id={self.workspace_id!r}, token=[hidden])"


class Administration:
    def __init__(self, *, connections: Connections, intercom: Intercom, vault: Vault, clock: Clock) -> None:
        self._connections = connections
        self._intercom = intercom
        self._vault = vault
        self._clock = clock

    async def get(self, organization_id: str, connection_id: str) -> Connection:
        """Return a connection. Raises ConnectionUnknown."""
        found = await self._connections.get(organization_id, connection_id)
        if found is None:
            raise ConnectionUnknown("There is no such connection in your organization.")
        return found

    async def save_settings(
        self, identity: Identity, connection_id: str, settings: ConnectionSettings
    ) -> Connection:
        before = await self.get(identity.organization_id, connection_id)
        after = before.with_settings(settings, self._clock.now())
        await self._connections.replace(before, after, after.fact())
        await self._announce(after)
        return after

    async def sync_now(self, identity: Identity, connection_id: str) -> None:
        """Ask for a run. Raises ConnectionConflict where none can run."""
        connection = await self.get(identity.organization_id, connection_id)
        if connection.state != "connected":
            raise ConnectionConflict("Only a connected workspace can be read. Reconnect first.")
        await self._connections.record_fact(
            connection,
            SyncRequested(
                organization_id=connection.organization_id,
                connection_id=connection.id,
                request_id=secrets.token_hex(16),
                reason="manual",
                requested_at=self._clock.now(),
            ),
        )
        await self._announce(connection)

    async def disconnect(self, identity: Identity, connection_id: str) -> Connection:
        """Stop syncing and forget the credential; the data stays. An OAuth app is uninstalled at Intercom."""
        before = await self.get(identity.organization_id, connection_id)
        after = before.disconnected(self._clock.now())
        await self._connections.replace(before, after, after.fact())
        await self._announce(after)
        await self._uninstall(before)
        return after

    async def remove_data(self, identity: Identity, connection_id: str) -> Connection:
        """Disconnect, and order every service to remove what it holds of this connection."""
        before = await self.get(identity.organization_id, connection_id)
        now = self._clock.now()
        removal = Removal(id=secrets.token_hex(16), requested_by=identity.name, requested_at=now)
        after = before.removing(removal, now)
        order = DataRemovalRequested(
            organization_id=after.organization_id,
            connection_id=after.id,
            removal_id=removal.id,
            workspace_id=after.workspace.id,
            requested_by=identity.name,
            requested_at=now,
        )
        await self._connections.replace(before, after, after.fact(), order)
        await self._announce(after)
        await self._uninstall(before)
        return after

    async def lease(self, organization_id: str, connection_id: str) -> Lease:
        """Return the credential for the syncer.

        Raises:
            ConnectionUnknown: no such connection.
            ConnectionConflict: it is not connected, so there is nothing to lend.
        """
        connection = await self.get(organization_id, connection_id)
        if connection.credential is None or connection.state != "connected":
            raise ConnectionConflict("This connection lends no credential: it is not connected.")
        return Lease(
            token=self._vault.decrypt(connection.credential),
            base_url=connection.workspace.base_url,
            workspace_id=connection.workspace.id,
        )

    async def _announce(self, connection: Connection) -> None:
        try:
            await self._connections.publish_pending(connection.organization_id, connection.id)
        except TransientError as error:
            # The fact is stored with the connection; the sweeper publishes it when the bus answers again.
            _LOG.warning("change will be announced later", connection_id=connection.id, reason=str(error))

    async def _uninstall(self, before: Connection) -> None:
        if before.method != "oauth" or before.credential is None:
            return
        try:
            await self._intercom.uninstall(self._vault.decrypt(before.credential))
        except (IntercomRefused, IntercomUnreachable) as error:
            # Our side is disconnected either way; the app may stay listed in Intercom until removed there.
            _LOG.warning("app could not be uninstalled", connection_id=before.id, reason=str(error))
