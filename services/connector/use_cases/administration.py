"""What an administrator does with a connection, and lending its credential to the syncer."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from services.connector.domain.connection import Connection, Removal
from services.connector.errors import (
    ConnectionConflict,
    ConnectionUnknown,
    HostNotAllowed,
    IntercomRefused,
    IntercomUnreachable,
)
from services.connector.use_cases.changing import announce, change
from shared.contracts.sync import SyncRequested
from shared.errors import ConfigurationError, TransientError

if TYPE_CHECKING:
    from services.connector.domain.hosts import IntercomHosts
    from services.connector.metrics import Metrics
    from services.connector.ports import Connections, Intercom, Vault
    from shared.auth.identity import Identity
    from shared.clock import Clock
    from shared.contracts.connections import ConnectionSettings

_LOG = structlog.get_logger(__name__)

LEASE_SECONDS = 300
"""How long the syncer may use a credential before it asks again; bounds how long a revoked one is used."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A credential on loan. `token` is a secret: it is never logged, and its repr leaves it out."""

    token: str = field(repr=False)
    base_url: str
    workspace_id: str
    expires_in_seconds: int = LEASE_SECONDS


class Administration:
    def __init__(
        self,
        *,
        connections: Connections,
        intercom: Intercom,
        vault: Vault,
        hosts: IntercomHosts,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._connections = connections
        self._intercom = intercom
        self._vault = vault
        self._hosts = hosts
        self._clock = clock
        self._metrics = metrics

    async def get(self, organization_id: str, connection_id: str) -> Connection:
        """Return a connection. Raises ConnectionUnknown."""
        connection = await self._connections.get(organization_id, connection_id)
        if connection is None:
            raise ConnectionUnknown("There is no such connection in your organization.")
        return connection

    async def save_settings(
        self, identity: Identity, connection_id: str, settings: ConnectionSettings
    ) -> Connection:
        """Store the settings. Raises ConnectionUnknown, and ConnectionConflict once the data was removed."""
        now = self._clock.now()
        _, after = await change(
            self._connections,
            identity.organization_id,
            connection_id,
            lambda before: before.with_settings(settings, now),
        )
        return after

    async def sync_now(self, identity: Identity, connection_id: str) -> None:
        """Request a run. Raises ConnectionUnknown, and ConnectionConflict if none is possible."""
        connection = await self.get(identity.organization_id, connection_id)
        stored = await self._connections.record_fact(
            connection,
            SyncRequested(
                organization_id=connection.organization_id,
                connection_id=connection.id,
                request_id=secrets.token_hex(16),
                reason="manual",
                requested_at=self._clock.now(),
            ),
        )
        if not stored:
            raise ConnectionConflict("Only a connected workspace can be read. Reconnect first.")
        self._metrics.sync_requests.labels("manual").inc()
        await announce(self._connections, connection)

    async def disconnect(self, identity: Identity, connection_id: str) -> Connection:
        """Stop syncing and delete the credential; the data stays. An OAuth app is uninstalled at Intercom.

        Raises:
            ConnectionUnknown: no such connection.
            ConnectionConflict: it is disconnected already.
        """
        now = self._clock.now()
        before, after = await change(
            self._connections,
            identity.organization_id,
            connection_id,
            lambda connection: connection.disconnected(now),
        )
        _LOG.info("disconnected", connection_id=after.id, by=identity.user_id)
        await self._uninstall(before)
        return after

    async def remove_data(self, identity: Identity, connection_id: str) -> Connection:
        """Disconnect, and order every service to remove what it holds of this connection.

        Raises:
            ConnectionUnknown: no such connection.
            ConnectionConflict: the removal was ordered before.
        """
        now = self._clock.now()
        removal = Removal(id=secrets.token_hex(16), requested_by=identity.name, requested_at=now)
        before, after = await change(
            self._connections,
            identity.organization_id,
            connection_id,
            lambda connection: connection.removing(removal, now),
            further_facts=lambda removed: (order,) if (order := removed.order()) else (),
        )
        _LOG.info("removal ordered", connection_id=after.id, removal_id=removal.id, by=identity.user_id)
        await self._uninstall(before)
        return after

    async def lease(self, organization_id: str, connection_id: str) -> Lease:
        """Return the credential for the syncer.

        If a setting prevents that, the connection needs attention, since its runs would otherwise end without
        a reason on its page. It continues by itself once the setting is corrected.

        Raises:
            ConnectionUnknown: no such connection.
            ConnectionConflict: it is not connected, or its host is not allowed any more.
            ConfigurationError: no key of the ring decrypts the credential.
        """
        connection = await self.get(organization_id, connection_id)
        if connection.credential is None or connection.state != "connected":
            self._metrics.leases.labels("not_connected").inc()
            raise ConnectionConflict("This connection lends no credential: it is not connected.")
        try:
            self._hosts.region_of(connection.workspace.base_url)
        except HostNotAllowed as error:
            # The operator took the host off the list after the workspace was connected.
            self._metrics.leases.labels("host_not_allowed").inc()
            await self._in_need(connection, str(error))
            raise ConnectionConflict(f"This connection lends no credential: {error}") from error
        try:
            token = self._vault.decrypt(connection.credential)
        except ConfigurationError as error:
            self._metrics.leases.labels("unreadable").inc()
            await self._in_need(connection, str(error))
            raise
        self._metrics.leases.labels("lent").inc()
        return Lease(
            token=token,
            base_url=connection.workspace.base_url,
            workspace_id=connection.workspace.id,
        )

    async def _in_need(self, connection: Connection, detail: str) -> None:
        """Record on the connection why nothing is read; if that fails, the next lease records it."""
        now = self._clock.now()

        def decide(present: Connection) -> Connection:
            if present.credential != connection.credential:
                return present  # Somebody reconnected while we looked.
            return present.in_need("unreachable", detail, now)

        try:
            before, after = await change(self._connections, connection.organization_id, connection.id, decide)
        except (ConnectionUnknown, TransientError) as error:
            _LOG.warning("need of attention not noted", connection_id=connection.id, reason=str(error))
            return
        if after != before:
            self._metrics.attention.labels("unreachable").inc()

    async def _uninstall(self, before: Connection) -> None:
        """Uninstall the app at Intercom, unless another organization shares the installation."""
        if before.method != "oauth" or before.credential is None:
            return
        sharing = await self._connections.of_workspace(before.workspace.id, in_need=True)
        if any(other.method == "oauth" for other in sharing):
            _LOG.info("app stays installed for another organization", connection_id=before.id)
            return
        try:
            await self._intercom.uninstall(self._vault.decrypt(before.credential))
        except (IntercomRefused, IntercomUnreachable, ConfigurationError) as error:
            # Our side is disconnected either way; the app may stay listed in Intercom until removed there.
            _LOG.warning("app could not be uninstalled", connection_id=before.id, reason=str(error))
