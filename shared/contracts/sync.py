"""Commands to read a workspace, and what the syncer tells of its runs."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from shared.contracts.connections import AttentionReason
from shared.contracts.event import Event, Identifier, Moment, Record, ShortText
from shared.contracts.topics import SYNC_PROGRESS, SYNC_REQUESTS, Topic

ResourceType = Literal["admin", "team", "tag", "contact", "company", "conversation"]
SyncReason = Literal["initial", "scheduled", "manual", "hint", "lookback_extended", "reconcile"]


class ResourceHint(Record):
    """A webhook's word that one resource changed or went; never its content (FACTS §9)."""

    resource: ResourceType
    id: Identifier
    deleted: bool = Field(
        default=False,
        description="Whether the webhook says that it went. A reader asks for the resource all the same: "
        "webhooks come late, twice and in any order, and what was archived or merged may be back.",
    )
    redacted_part_id: Identifier | None = Field(
        default=None, description="The part of this conversation whose words went; it may be out of reach."
    )


class SyncRequested(Event):
    """Read the workspace of this connection; with hints, read just the resources they name."""

    TYPE: ClassVar[str] = "earshot.sync.requested.v1"
    TOPIC: ClassVar[Topic] = SYNC_REQUESTS

    connection_id: Identifier
    request_id: Identifier
    reason: SyncReason
    hints: tuple[ResourceHint, ...] = Field(default=(), max_length=1_000)
    requested_at: Moment

    def key(self) -> str:
        return self.connection_id

    def fact(self) -> str:
        return self.request_id


class ResourceCount(Record):
    """How much of one resource a run has read."""

    resource: ResourceType = Field(description="What is counted.")
    done: int = Field(ge=0, description="How many were read, or are held.")
    total: int | None = Field(default=None, ge=0, description="None while the source has not said.")


GapAspect = Literal["deletions"]


class Gap(Record):
    """Something known to be missing, by name, with what will be done about it."""

    resource: ResourceType = Field(description="What is missing.")
    id: Identifier | None = Field(
        default=None, description="Which one, by Intercom's id; null where it is all of them."
    )
    reason: Literal[
        "parts_cut_at_500", "deleted_before_read", "permission_missing", "plan_restricted", "still_lagging"
    ] = Field(description="Why it is missing.")
    aspect: GapAspect | None = Field(
        default=None,
        description="What of it is missing, where it is not the thing itself. deletions: all that exists is"
        " held, and what was deleted is noticed late.",
    )
    missing: int | None = Field(
        default=None, ge=0, description="How many parts; null where that is not known."
    )
    since: Moment = Field(description="Since when the gap is known.")


class SyncProgressed(Event):
    """Where a run stands; sent at least once a slice."""

    TYPE: ClassVar[str] = "earshot.sync.progressed.v1"
    TOPIC: ClassVar[Topic] = SYNC_PROGRESS

    connection_id: Identifier
    run_id: Identifier
    reason: SyncReason
    sequence: int = Field(ge=0, description="Grows with each report of a run; a reader keeps the highest.")
    resource: ResourceType
    counts: tuple[ResourceCount, ...]
    calls: int = Field(ge=0, description="Calls made to Intercom in this run.")
    share: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="How much of the run is done, by the calls it costs: a conversation costs one, other"
        " things come by the page. None while a total is not known.",
    )
    items_per_second: float | None = Field(
        default=None,
        ge=0,
        description="How fast `resource` is read, with its waits. None until it was watched for"
        " twenty seconds.",
    )
    remaining_seconds: float | None = Field(
        default=None,
        ge=0,
        description="How long the run may still take. None while a total is not known, and before what takes"
        " most of the time has been watched.",
    )
    waiting_until: Moment | None = Field(default=None, description="Set while parked (rate limit, lock).")
    waiting_for: ShortText | None = None
    failures: int = Field(
        default=0,
        ge=0,
        description="How often in a row Intercom gave no usable answer to all that the run could go on with.",
    )
    started_at: Moment
    reported_at: Moment

    def key(self) -> str:
        return self.connection_id

    def fact(self) -> str:
        return f"{self.run_id}\n{self.sequence}"


class SyncCompleted(Event):
    """A run read everything it set out to read; the connection is complete up to `complete_up_to`."""

    TYPE: ClassVar[str] = "earshot.sync.completed.v1"
    TOPIC: ClassVar[Topic] = SYNC_PROGRESS

    connection_id: Identifier
    run_id: Identifier
    reason: SyncReason
    counts: tuple[ResourceCount, ...]
    held: tuple[ResourceCount, ...] = Field(
        default=(), description="What is held in all, against the source's own count where it tells one."
    )
    changed: int = Field(ge=0, description="Resources published because they were new or different.")
    calls: int = Field(ge=0)
    complete_up_to: Moment | None = None
    gaps: tuple[Gap, ...] = Field(default=(), max_length=1_000)
    gap_count: int = Field(default=0, ge=0, description="All gaps, also those beyond the first thousand.")
    started_at: Moment
    completed_at: Moment

    def key(self) -> str:
        return self.connection_id

    def fact(self) -> str:
        return self.run_id


class SyncInterrupted(Event):
    """A run cannot go on until a person acts; nothing read so far is lost, the cursor stays."""

    TYPE: ClassVar[str] = "earshot.sync.interrupted.v1"
    TOPIC: ClassVar[Topic] = SYNC_PROGRESS

    connection_id: Identifier
    run_id: Identifier
    reason: AttentionReason
    detail: ShortText
    interrupted_at: Moment
    connection_revision: int | None = Field(
        default=None, ge=0, description="Of the connection as it was known to the run; not of its clock."
    )

    def key(self) -> str:
        return self.connection_id

    def fact(self) -> str:
        return f"{self.run_id}\n{self.reason}"
