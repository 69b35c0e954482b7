"""A connection's life: connecting, connected, in need of attention, disconnected, removed.

Pure rules. Each transition returns a new value with the next revision; the caller stores it only if
the revision it started from is still the stored one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from services.connector.errors import ConnectionConflict
from shared.contracts.connections import (
    AttentionReason,
    ConnectionChanged,
    ConnectionSettings,
    ConnectionState,
)

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


@dataclass(frozen=True, slots=True)
class Connection:
    """One Intercom workspace linked to one organization.

    Attributes:
        credential: encrypted; None once disconnected.
        next_sync_at: when the scheduler asks for the next run; None while none is due ever.
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
    credential: str | None
    next_sync_at: datetime | None
    attention: AttentionReason | None = None
    attention_detail: str | None = None
    removal: Removal | None = None

    def fact(self) -> ConnectionChanged:
        """Return the present state as the event that tells it."""
        return ConnectionChanged(
            organization_id=self.organization_id,
            connection_id=self.id,
            revision=self.revision,
            state=self.state,
            attention=self.attention,
            workspace_id=self.workspace.id,
            workspace_name=self.workspace.name,
            region=self.workspace.region,
            base_url=self.workspace.base_url,
            app_base_url=self.workspace.app_base_url,
            settings=self.settings,
            connected_by=self.connected_by,
            connected_at=self.connected_at,
            changed_at=self.changed_at,
        )

    def _changed(self, now: datetime) -> Connection:
        return replace(self, revision=self.revision + 1, changed_at=now)

    def reconnected(
        self, *, workspace: Workspace, method: Method, credential: str, by: str, now: datetime
    ) -> Connection:
        """Return the connection with a fresh credential for the same workspace; the cursor goes on.

        Raises:
            ConnectionConflict: the credential belongs to another workspace, or the data was removed.
        """
        if workspace.id != self.workspace.id:
            raise ConnectionConflict(
                f"This credential opens the workspace {workspace.name!r} ({workspace.id}), but the connection"
                f" holds data of {self.workspace.name!r} ({self.workspace.id}). Remove that data first, or"
                " use a credential of the same workspace."
            )
        return replace(
            self._changed(now),
            state="connected",
            workspace=workspace,
            method=method,
            credential=credential,
            connected_by=by,
            connected_at=now,
            attention=None,
            attention_detail=None,
            removal=None,
            next_sync_at=now,
        )

    def with_settings(self, settings: ConnectionSettings, now: datetime) -> Connection:
        if self.state == "removed":
            raise ConnectionConflict("The data of this connection was removed. Connect again first.")
        due = self.next_sync_at
        if due is not None:
            due = min(due, now + timedelta(seconds=settings.sync_interval_seconds))
        if settings.lookback_days > self.settings.lookback_days and self.state == "connected":
            due = now
        return replace(self._changed(now), settings=settings, next_sync_at=due)

    def in_need(self, reason: AttentionReason, detail: str, now: datetime) -> Connection:
        """Return the connection stopped until a person acts; unchanged if it already is, for this reason."""
        if self.state != "connected" and (self.state, self.attention) != ("needs_attention", reason):
            return self
        if self.state == "needs_attention":
            return self
        return replace(
            self._changed(now),
            state="needs_attention",
            attention=reason,
            attention_detail=detail,
            next_sync_at=None,
        )

    def disconnected(self, now: datetime) -> Connection:
        """Return the connection without credential or schedule; its data stays.

        Raises:
            ConnectionConflict: it is disconnected already.
        """
        if self.state in {"disconnected", "removed"}:
            raise ConnectionConflict("This connection is disconnected already.")
        return replace(
            self._changed(now),
            state="disconnected",
            credential=None,
            next_sync_at=None,
            attention=None,
            attention_detail=None,
        )

    def removing(self, removal: Removal, now: datetime) -> Connection:
        """Return the connection disconnected, with the order to remove its data everywhere.

        Raises:
            ConnectionConflict: the removal was ordered before.
        """
        if self.state == "removed":
            raise ConnectionConflict("The data of this connection is being removed already.")
        return replace(
            self._changed(now),
            state="removed",
            credential=None,
            next_sync_at=None,
            attention=None,
            attention_detail=None,
            removal=removal,
        )
