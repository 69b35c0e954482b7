"""A connection's life: connecting, connected, in need of attention, disconnected, removed.

These are pure rules. Each transition returns a new value with the next revision; the caller stores it only if
the revision that it started from is still the stored one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from services.connector.errors import ConnectionConflict
from shared.contracts.connections import (
    AttentionReason,
    ConnectionChanged,
    ConnectionSettings,
    ConnectionState,
    DataRemovalRequested,
)
from shared.contracts.topics import SERVICES

Method = Literal["oauth", "token"]


@dataclass(frozen=True, slots=True)
class Workspace:
    """What `/me` tells about the workspace behind a credential (FACTS §1)."""

    id: str
    name: str
    region: str
    base_url: str
    app_base_url: str
    admin_name: str
    admin_email: str


@dataclass(frozen=True, slots=True)
class Removal:
    """An order to remove data, and which services have confirmed it with how many documents."""

    id: str
    requested_by: str
    requested_at: datetime
    confirmed: tuple[tuple[str, int], ...] = ()

    @property
    def outstanding(self) -> tuple[str, ...]:
        """Return the services that have not confirmed yet."""
        done = {service for service, _ in self.confirmed}
        return tuple(service for service in SERVICES if service not in done)


@dataclass(frozen=True, slots=True)
class Connection:
    """One Intercom workspace linked to one organization.

    Attributes:
        credential: encrypted; None once disconnected.
        connected_revision: the revision that its present credential came with.
        next_sync_at: when the scheduler requests the next run; None if none will be due.
        next_look_at: when the credential is checked between runs; None while that makes no sense.
    """

    id: str
    organization_id: str
    revision: int
    state: ConnectionState
    method: Method
    workspace: Workspace
    settings: ConnectionSettings
    connected_by: str
    connected_at: datetime
    changed_at: datetime
    credential: str | None = field(repr=False)
    next_sync_at: datetime | None
    next_look_at: datetime | None = None
    attention: AttentionReason | None = None
    attention_detail: str | None = None
    removal: Removal | None = None
    connected_revision: int = 0

    def fact(self) -> ConnectionChanged:
        """Return the event for the present state; the event of a removed connection names nobody any more."""
        removed = self.state == "removed"
        return ConnectionChanged(
            organization_id=self.organization_id,
            connection_id=self.id,
            revision=self.revision,
            state=self.state,
            attention=self.attention,
            workspace_id=self.workspace.id,
            workspace_name=None if removed else self.workspace.name,
            region=self.workspace.region,
            base_url=self.workspace.base_url,
            app_base_url=self.workspace.app_base_url,
            settings=self.settings,
            connected_by=None if removed else self.connected_by,
            connected_at=self.connected_at,
            changed_at=self.changed_at,
        )

    def order(self) -> DataRemovalRequested | None:
        """Return the order to remove this connection's data as every service receives it, or None."""
        if self.removal is None:
            return None
        return DataRemovalRequested(
            organization_id=self.organization_id,
            connection_id=self.id,
            removal_id=self.removal.id,
            workspace_id=self.workspace.id,
            requested_by=self.removal.requested_by,
            requested_at=self.removal.requested_at,
        )

    def reconnected(self, fresh: Connection, now: datetime) -> Connection:
        """Return the connection with the credential of `fresh`; settings and cursors are kept.

        Raises:
            ConnectionConflict: the credential belongs to another workspace, or the data was removed.
        """
        if fresh.workspace.id != self.workspace.id:
            raise ConnectionConflict(
                f"This credential opens the workspace {fresh.workspace.name} ({fresh.workspace.id}), and what"
                f" is held is data of {self.workspace.name} ({self.workspace.id}). Remove that data first, or"
                " use a credential of the same workspace."
            )
        if self.state == "removed":
            raise ConnectionConflict("The data of this connection was removed; another one takes its place.")
        return replace(
            self._changed(now),
            state="connected",
            workspace=fresh.workspace,
            method=fresh.method,
            credential=fresh.credential,
            connected_by=fresh.connected_by,
            connected_at=now,
            connected_revision=self.revision + 1,
            attention=None,
            attention_detail=None,
            next_sync_at=now,
            next_look_at=now,
        )

    def expect_removed(self) -> None:
        """Verify that this removed connection is over everywhere, so that another may take its place.

        Raises:
            ConnectionConflict: a service has not confirmed the removal yet. Its tombstones would delete
                what the next connection has published under the same keys meanwhile.
        """
        if self.removal is not None and self.removal.outstanding:
            raise ConnectionConflict(
                f"The data of {self.workspace.name} is still being removed"
                f" ({', '.join(self.removal.outstanding)} at work). Connect again when that is done."
            )

    def with_settings(self, settings: ConnectionSettings, now: datetime) -> Connection:
        """Return the connection with an administrator's settings; a longer lookback is read at once."""
        if self.state == "removed":
            raise ConnectionConflict("The data of this connection was removed. Connect again first.")
        due = self.next_sync_at
        if due is not None:
            due = min(due, now + timedelta(seconds=settings.sync_interval_seconds))
            if settings.lookback_days > self.settings.lookback_days:
                due = now
        return replace(self._changed(now), settings=settings, next_sync_at=due)

    def due_after(self, asked_at: datetime) -> datetime | None:
        """Return when the next run after this one is due; missed runs are not made up for."""
        if self.next_sync_at is None:
            return None
        interval = timedelta(seconds=self.settings.sync_interval_seconds)
        upcoming = self.next_sync_at + interval
        return upcoming if upcoming > asked_at else asked_at + interval

    def in_need(self, reason: AttentionReason, detail: str, now: datetime) -> Connection:
        """Return the connection stopped, with the reason. The first reason stays until a person acts.

        Only "unreachable" is temporary: a better-founded reason replaces it, and it is checked again
        automatically. A connection that is not in use stays as it is.
        """
        passing = self.state == "needs_attention" and self.attention == "unreachable" != reason
        if self.state != "connected" and not passing:
            return self
        return replace(
            self._changed(now),
            state="needs_attention",
            attention=reason,
            attention_detail=detail,
            next_sync_at=None,
            next_look_at=now if reason == "unreachable" else None,
        )

    def recovered(self, now: datetime) -> Connection:
        """Return the connection at work again with the credential it has; unchanged if not stopped."""
        if self.state != "needs_attention":
            return self
        return replace(
            self._changed(now),
            state="connected",
            attention=None,
            attention_detail=None,
            next_sync_at=now,
            next_look_at=now,
        )

    def disconnected(self, now: datetime) -> Connection:
        """Return the connection without credential or schedule; its data stays.

        Raises:
            ConnectionConflict: it is disconnected already.
        """
        if self.state in {"disconnected", "removed"}:
            raise ConnectionConflict("This connection is disconnected already.")
        return replace(self._stopped(now), state="disconnected")

    def removing(self, removal: Removal, now: datetime) -> Connection:
        """Return the connection disconnected, with the order to remove its data everywhere.

        Raises:
            ConnectionConflict: the removal was ordered before.
        """
        if self.state == "removed":
            raise ConnectionConflict("The data of this connection is being removed already.")
        return replace(self._stopped(now), state="removed", removal=removal)

    def _changed(self, now: datetime) -> Connection:
        return replace(self, revision=self.revision + 1, changed_at=now)

    def _stopped(self, now: datetime) -> Connection:
        return replace(
            self._changed(now),
            credential=None,
            next_sync_at=None,
            next_look_at=None,
            attention=None,
            attention_detail=None,
        )
