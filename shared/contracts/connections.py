"""What connector tells of its connections: their state, their settings, and orders to remove data."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from shared.contracts.event import Event, Identifier, Moment, Record, ShortText
from shared.contracts.topics import ACCESS, CONNECTIONS, REMOVALS, Service, Topic

ConnectionState = Literal["connecting", "connected", "needs_attention", "disconnected", "removed"]
"""connecting: credential not yet proven; needs_attention: `attention` says why; removed: its data is gone."""

AttentionReason = Literal[
    "token_revoked",
    "permission_missing",
    "plan_restricted",
    "wrong_region",
    "workspace_changed",
    "unreachable",
]


LONGEST_LOOKBACK_DAYS = 3_650
"""Ten years: a bound for what one sync may be asked to read; what is older says little of a customer now."""


class ConnectionSettings(Record):
    """What an administrator chose for one connection."""

    lifecycle_events: bool = Field(default=False, description="Whether lifecycle events are looked for.")
    lookback_days: int = Field(
        default=90,
        ge=0,
        le=LONGEST_LOOKBACK_DAYS,
        description="How far back closed conversations are read, in days; open ones are read at any age.",
    )
    sync_interval_seconds: int = Field(
        default=300, ge=10, le=86_400, description="How often changes are looked for."
    )
    match_companies_by_name: Literal["off", "exact", "normalised"] = Field(
        default="exact",
        description="Whether a company is matched by its name, as it is or without case and legal form.",
    )


class ConnectionChanged(Event):
    """A connection's whole present state; the last one for a key is the truth."""

    TYPE: ClassVar[str] = "earshot.connection.changed.v1"
    TOPIC: ClassVar[Topic] = CONNECTIONS

    connection_id: Identifier
    revision: int = Field(ge=1, description="Grows by one with each change; a reader keeps the highest.")
    state: ConnectionState
    attention: AttentionReason | None = None
    workspace_id: Identifier | None = None
    workspace_name: ShortText | None = None
    region: ShortText | None = None
    base_url: ShortText | None = None
    app_base_url: ShortText | None = Field(
        default=None, description="Origin of the workspace's own pages, for links to a conversation."
    )
    settings: ConnectionSettings = ConnectionSettings()
    connected_by: ShortText | None = None
    connected_at: Moment | None = None
    changed_at: Moment

    def key(self) -> str:
        return self.connection_id

    def fact(self) -> str:
        return f"{self.connection_id}\n{self.revision}"


class DataRemovalRequested(Event):
    """Every service that holds data of this connection removes it and answers with `DataRemoved`."""

    TYPE: ClassVar[str] = "earshot.data-removal.requested.v1"
    TOPIC: ClassVar[Topic] = REMOVALS

    connection_id: Identifier
    removal_id: Identifier
    workspace_id: Identifier | None = None
    requested_by: ShortText
    requested_at: Moment

    def key(self) -> str:
        return f"{self.connection_id}/{self.removal_id}"

    def partition_key(self) -> str:
        return self.connection_id

    def fact(self) -> str:
        return self.removal_id


class DataRemoved(Event):
    """One service's word that nothing of the connection is left in its database or its topics."""

    TYPE: ClassVar[str] = "earshot.data.removed.v1"
    TOPIC: ClassVar[Topic] = REMOVALS

    connection_id: Identifier
    removal_id: Identifier
    service: Service
    documents: int = Field(ge=0, description="How many documents were deleted.")
    removed_at: Moment

    def key(self) -> str:
        return f"{self.connection_id}/{self.removal_id}/{self.service}"

    def partition_key(self) -> str:
        return self.connection_id

    def fact(self) -> str:
        return f"{self.removal_id}\n{self.service}"


class ApiKeyRevoked(Event):
    """A bearer key is no longer to be accepted, although its own expiry lies ahead."""

    TYPE: ClassVar[str] = "earshot.api-key.revoked.v1"
    TOPIC: ClassVar[Topic] = ACCESS

    key_id: Identifier
    revoked_by: ShortText
    revoked_at: Moment

    def key(self) -> str:
        return self.key_id

    def fact(self) -> str:
        return self.key_id
