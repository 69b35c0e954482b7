"""What a proven credential becomes: a new connection, a known one again, its successor, or a question.

An organization has one connection that holds data. A credential of another workspace never replaces it
automatically: it waits, encrypted, until an administrator chooses between the two.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from services.connector.domain.connection import Connection, Method, Workspace
from services.connector.errors import (
    ChangedMeanwhile,
    ConnectionConflict,
    IntercomRefused,
    IntercomUnreachable,
    WorkspaceDiffers,
)
from services.connector.ports import Offer
from services.connector.use_cases.changing import announce
from shared.errors import TransientError

if TYPE_CHECKING:
    from services.connector.metrics import Metrics
    from services.connector.ports import Connections, Intercom, Offers, Vault
    from services.connector.use_cases.administration import Administration
    from shared.auth.identity import Identity
    from shared.clock import Clock
    from shared.contracts.connections import ConnectionSettings

_LOG = structlog.get_logger(__name__)

_OFFER_LIFE = timedelta(minutes=15)
"""Long enough to ask a colleague; after that the credential is forgotten."""

_OFFER_BYTES = 32
_ID_BYTES = 8
_TRIES = 8
"""Times that storing is repeated because of another browser; more would mean a fault, not a race."""


class Linking:
    """Takes credentials that `/me` has proven.

    Args:
        first_settings: what a new connection starts with.
    """

    def __init__(
        self,
        *,
        connections: Connections,
        offers: Offers,
        intercom: Intercom,
        vault: Vault,
        administration: Administration,
        first_settings: ConnectionSettings,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._connections = connections
        self._offers = offers
        self._intercom = intercom
        self._vault = vault
        self._administration = administration
        self._first_settings = first_settings
        self._clock = clock
        self._metrics = metrics

    def first_settings(self, wanted: ConnectionSettings | None = None) -> ConnectionSettings:
        """Return what a new connection begins with: what was chosen, else the installation's default."""
        chosen = wanted.model_dump(exclude_unset=True) if wanted else {}
        return self._first_settings.model_copy(update=chosen)

    async def link(
        self,
        organization_id: str,
        *,
        by: str,
        method: Method,
        token: str,
        workspace: Workspace,
        settings: ConnectionSettings | None = None,
    ) -> Connection:
        """Return the connection that the credential belongs to from now on.

        A new connection begins with `settings`, and with the installation's defaults where they say nothing.
        A connected one keeps its own settings.

        Raises:
            WorkspaceDiffers: another workspace is connected; the credential waits for a decision.
            ConnectionConflict: the data of this workspace is still being removed.
        """
        offer = Offer(
            id=secrets.token_urlsafe(_OFFER_BYTES),
            organization_id=organization_id,
            by=by,
            method=method,
            workspace=workspace,
            credential=self._vault.encrypt(token),
            expires_at=self._clock.now() + _OFFER_LIFE,
            settings=self.first_settings(settings),
        )
        present = await self._present(organization_id)
        if present is not None and present.workspace.id != workspace.id:
            await self._offers.add(offer)
            raise self._differing(present, offer)
        return await self._store(offer)

    async def question(self, organization_id: str, offer_id: str) -> WorkspaceDiffers:
        """Return the question that an offer asks. Raises ConnectionConflict once the offer has expired."""
        offer = await self._waiting(organization_id, offer_id)
        present = await self._present(organization_id)
        if present is None:
            raise ConnectionConflict(
                "Nothing is connected any more. Connect again; nothing stands against it."
            )
        return self._differing(present, offer)

    async def replace(
        self, identity: Identity, offer_id: str, *, settings: ConnectionSettings | None = None
    ) -> Connection:
        """Order the present workspace's data to be removed, and connect the offered one.

        It begins with `settings`; if they are None, with those that came with the offer.

        Raises:
            ConnectionConflict: the offer has expired, something else was connected meanwhile, or earlier
                data of the offered workspace is still being removed.
        """
        offer = await self._waiting(identity.organization_id, offer_id)
        if settings is not None:
            offer = replace(offer, settings=self.first_settings(settings))
        present = await self._present(identity.organization_id)
        if present is not None and present.workspace.id != offer.workspace.id:
            # Checked first: if the offered workspace could not take over, nothing would be connected.
            await self._expect_place(offer)
            await self._administration.remove_data(identity, present.id)
        connection = await self._store(offer)
        await self._offers.take(identity.organization_id, offer_id)
        return connection

    async def keep(self, organization_id: str, offer_id: str) -> None:
        """Keep the present connection, and delete the offer; the app installed for it is uninstalled."""
        offer = await self._offers.take(organization_id, offer_id)
        if offer is None or offer.method != "oauth":
            return
        sharing = await self._connections.of_workspace(offer.workspace.id, in_need=True)
        if any(other.method == "oauth" for other in sharing):
            return  # Another organization is connected through the same installation.
        try:
            await self._intercom.uninstall(self._vault.decrypt(offer.credential))
        except (IntercomRefused, IntercomUnreachable) as error:
            _LOG.warning("app could not be uninstalled", workspace_id=offer.workspace.id, reason=str(error))

    async def _waiting(self, organization_id: str, offer_id: str) -> Offer:
        offer = await self._offers.get(organization_id, offer_id)
        if offer is None or offer.expires_at < self._clock.now():
            raise ConnectionConflict(
                "This question is too old, or it was answered before. Nothing was changed; connect again."
            )
        return offer

    async def _present(self, organization_id: str) -> Connection | None:
        return _holding(await self._connections.list_of(organization_id))

    async def _store(self, offer: Offer) -> Connection:
        for _ in range(_TRIES):
            try:
                after = await self._stored(offer)
            except ChangedMeanwhile:
                continue
            self._metrics.connected.labels(offer.method).inc()
            _LOG.info("workspace connected", connection_id=after.id, workspace_id=after.workspace.id)
            await announce(self._connections, after)
            return after
        raise TransientError("The connection kept changing meanwhile; try again.")

    async def _stored(self, offer: Offer) -> Connection:
        now = self._clock.now()
        fresh = self._fresh(offer)
        known = await self._connections.list_of(offer.organization_id)
        present = _holding(known)
        if present is not None and present.workspace.id != offer.workspace.id:
            raise ConnectionConflict(
                f"The workspace {present.workspace.name} was connected meanwhile. Reload the page."
            )
        same = _of_workspace(known, offer.workspace.id)
        if same is None or same.state == "removed":
            if same is not None:
                same.expect_removed()
            await self._connections.insert(fresh, fresh.fact(), instead_of=same)
            return fresh
        after = same.reconnected(fresh, now)
        await self._connections.replace(same, after, after.fact())
        return after

    async def _expect_place(self, offer: Offer) -> None:
        """Raise ConnectionConflict while data of the offered workspace is still being removed."""
        earlier = _of_workspace(await self._connections.list_of(offer.organization_id), offer.workspace.id)
        if earlier is not None:
            earlier.expect_removed()

    def _differing(self, present: Connection, offer: Offer) -> WorkspaceDiffers:
        here, there = present.workspace, offer.workspace
        return WorkspaceDiffers(
            f"This credential opens the workspace {there.name} ({there.id}), and what is held is data of"
            f" {here.name} ({here.id}). Remove that data first, or use a credential of the same workspace.",
            offer_id=offer.id,
            present=here.name,
            offered=there.name,
            settings=self.first_settings(offer.settings),
        )

    def _fresh(self, offer: Offer) -> Connection:
        now = self._clock.now()
        # Never an id that was there before: an order to remove data, or a record that is fed in again, names
        # its connection by it, however late it comes. Two browsers that connect at once meet all the same,
        # since an organization has one place.
        return Connection(
            id=f"intercom-{secrets.token_hex(_ID_BYTES)}",
            organization_id=offer.organization_id,
            revision=1,
            state="connected",
            method=offer.method,
            workspace=offer.workspace,
            settings=self.first_settings(offer.settings),
            connected_by=offer.by,
            connected_at=now,
            changed_at=now,
            credential=offer.credential,
            next_sync_at=now,
            next_look_at=now,
        )


def _holding(known: list[Connection]) -> Connection | None:
    """Return the one connection that holds data."""
    return next((connection for connection in known if connection.state != "removed"), None)


def _of_workspace(known: list[Connection], workspace_id: str) -> Connection | None:
    return next((each for each in known if each.workspace.id == workspace_id), None)
