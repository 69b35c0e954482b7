"""What the JSON API takes and answers with. Fields are added, never renamed or removed, within /api/v1."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from services.connector import api_examples
from shared.auth.tokens import LONGEST_KEY_LIFE_DAYS
from shared.contracts.connections import ConnectionSettings
from shared.contracts.sync import Gap, ResourceCount

if TYPE_CHECKING:
    from services.connector.domain.connection import Connection
    from services.connector.domain.diagnosis import Diagnosis
    from services.connector.domain.report import SyncReport
    from services.connector.ports import ApiKeyRecord


class ProgressView(BaseModel):
    """The run under way."""

    reason: str = Field(description="Why it runs.")
    resource: str = Field(description="What is being read now.")
    counts: tuple[ResourceCount, ...] = Field(description="How much was read, by resource.")
    share: float | None = Field(
        description="0 to 1 of the calls that the run costs; null until everything is counted."
    )
    items_per_second: float | None = Field(
        description="How fast that resource is read; null until it is known."
    )
    remaining_seconds: float | None = Field(description="How long it may still take; null until it is known.")
    waiting_until: datetime | None = Field(
        description="Until when it pauses, as for a rate limit; null while it reads."
    )
    waiting_for: str | None = Field(description="What it pauses for, in plain words; null while it reads.")


class LedgerView(BaseModel):
    """What is proven: complete up to when, held against the source, and every known gap by name."""

    model_config = ConfigDict(json_schema_extra={"examples": [api_examples.LEDGER]})

    complete_up_to: datetime | None = Field(
        description="Everything up to then is held, but for the gaps; null before the first full run."
    )
    completed_at: datetime | None = Field(
        description="When a run last read all it set out to read; null before the first."
    )
    held: tuple[ResourceCount, ...] = Field(
        default=(), description="What is held, by resource, against Intercom's own count."
    )
    gaps: tuple[Gap, ...] = Field(default=(), description="What is known to be missing; the first thousand.")
    gap_count: int = Field(default=0, description="All gaps there are.")


class ConnectionView(BaseModel):
    """A connection as machines see it. It never holds the credential."""

    model_config = ConfigDict(json_schema_extra={"examples": [api_examples.CONNECTION]})

    id: str = Field(description="Stays the same; one that is connected anew after a removal has another.")
    state: str = Field(
        description="`connecting`, `connected`, `needs_attention`, `disconnected` or `removed`."
    )
    attention: str | None = Field(
        description="What is the matter, as a code; null unless it needs attention."
    )
    attention_detail: str | None = Field(
        description="The same in plain words; null unless it needs attention."
    )
    method: str = Field(description="`oauth` or `token`.")
    workspace_id: str = Field(description="Intercom's id of the workspace.")
    workspace_name: str = Field(description="The workspace's name.")
    region: str = Field(description="Where Intercom hosts it.")
    base_url: str = Field(description="Where Intercom's API for it is.")
    settings: ConnectionSettings = Field(description="What an administrator chose.")
    connected_by: str = Field(description="Who connected it.")
    connected_at: datetime = Field(description="When it was connected.")
    next_sync_at: datetime | None = Field(description="When it is read next; null while it is not read.")
    progress: ProgressView | None = Field(description="The run under way; null between runs.")
    no_answer_since: datetime | None = Field(
        description="Since when Intercom gives no usable answer to several tries; null while it does."
    )
    ledger: LedgerView = Field(description="What is proven to be held.")
    removal_confirmed_by: tuple[str, ...] = Field(
        description="Services that removed its data, after that was asked for."
    )


class FindingView(BaseModel):
    """One line of the doctor. `permission` is what to tick in Intercom, by its name there."""

    part: str = Field(description="What was looked at, as a code.")
    title: str = Field(description="The same for people.")
    verdict: str = Field(description="What was found, as a code; `fine` where all is well.")
    words: str = Field(description="What it means and what to do.")
    permission: str | None = Field(
        description="What to tick in Intercom, by its name there; null where nothing is."
    )
    count: int | None = Field(description="How many there are; null where that was not counted.")


class DiagnosisView(BaseModel):
    """What the doctor found; `healthy` when everything may be read."""

    model_config = ConfigDict(json_schema_extra={"examples": [api_examples.DIAGNOSIS]})

    checked_at: datetime = Field(description="When it looked.")
    healthy: bool = Field(description="Whether everything may be read.")
    findings: tuple[FindingView, ...] = Field(description="A line for each thing that was looked at.")


class SettingsBody(ConnectionSettings):
    """What an administrator chooses for one connection; what is left out is as it is by itself."""

    # Records on the bus ignore unknown fields; a person's misspelt setting must not be ignored.
    model_config = ConfigDict(extra="forbid")

    def settings(self) -> ConnectionSettings:
        """Return them as every service knows them."""
        return ConnectionSettings.model_validate(self.model_dump())


class TokenConnection(BaseModel):
    """An access token and where it belongs: a region, or a base URL from the allow-list.

    With `settings`, a new connection begins with them, so that its first sync reads as far back as is wished
    and detects what is wished. A workspace that is connected already keeps its own.
    """

    model_config = ConfigDict(extra="forbid")

    access_token: SecretStr = Field(
        min_length=1,
        max_length=4_096,
        description="From Intercom's Developer Hub; kept encrypted and never shown.",
    )
    region: str | None = Field(
        default=None,
        max_length=32,
        examples=["eu"],
        description="Where Intercom hosts the workspace; or name a base URL.",
    )
    base_url: str | None = Field(
        default=None,
        max_length=512,
        examples=["https://api.eu.intercom.io"],
        description="One of the addresses that the operator allows; or name a region.",
    )
    settings: SettingsBody | None = Field(
        default=None,
        examples=[{"lookback_days": 365}],
        description="What a new connection begins with; null for the defaults.",
    )


class LeaseView(BaseModel):
    """A credential on loan, for the syncer alone."""

    access_token: str
    base_url: str
    workspace_id: str
    expires_in_seconds: int


class KeyRequest(BaseModel):
    """What a key is for, what it may do, and for how many days."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(
        min_length=1,
        max_length=200,
        examples=["warehouse export"],
        description="What it is for, so that people know it again.",
    )
    role: Literal["admin", "member"] = Field(
        default="member", description="An `admin` key may change settings."
    )
    days: int = Field(default=90, ge=1, le=LONGEST_KEY_LIFE_DAYS, description="How long it is valid.")


class KeyView(BaseModel):
    """A bearer key. Its token is in the answer that makes it, and nowhere else."""

    model_config = ConfigDict(json_schema_extra={"examples": [api_examples.KEY]})

    key_id: str = Field(description="By which it is revoked.")
    name: str = Field(description="What it is for.")
    role: str = Field(description="`admin` or `member`.")
    created_by: str = Field(description="Who made it.")
    created_at: datetime = Field(description="When it was made.")
    expires_at: datetime = Field(description="Until when it is valid.")
    revoked_at: datetime | None = Field(description="When it was revoked; null if it never was.")
    token: str | None = Field(default=None, description="Only in the answer that creates the key.")


def connection_view(connection: Connection, report: SyncReport) -> ConnectionView:
    """Return a connection with its sync report as the API shows it."""
    run, ledger = report.run, report.ledger
    return ConnectionView(
        id=connection.id,
        state=connection.state,
        attention=connection.attention,
        attention_detail=connection.attention_detail,
        method=connection.method,
        workspace_id=connection.workspace.id,
        workspace_name=connection.workspace.name,
        region=connection.workspace.region,
        base_url=connection.workspace.base_url,
        settings=connection.settings,
        connected_by=connection.connected_by,
        connected_at=connection.connected_at,
        next_sync_at=connection.next_sync_at,
        progress=ProgressView(
            reason=run.reason,
            resource=run.resource,
            counts=run.counts,
            share=run.share,
            items_per_second=run.items_per_second,
            remaining_seconds=run.remaining_seconds,
            waiting_until=run.waiting_until,
            waiting_for=run.waiting_for,
        )
        if run
        else None,
        no_answer_since=report.no_answer_since,
        ledger=LedgerView(
            complete_up_to=ledger.complete_up_to if ledger else None,
            completed_at=ledger.completed_at if ledger else None,
            held=ledger.held if ledger else (),
            gaps=ledger.gaps if ledger else (),
            gap_count=ledger.gap_count if ledger else 0,
        ),
        removal_confirmed_by=tuple(service for service, _ in connection.removal.confirmed)
        if connection.removal
        else (),
    )


def diagnosis_view(diagnosis: Diagnosis) -> DiagnosisView:
    """Return a diagnosis as the API shows it."""
    return DiagnosisView(
        checked_at=diagnosis.checked_at,
        healthy=diagnosis.healthy,
        findings=tuple(
            FindingView(
                part=finding.part,
                title=finding.title,
                verdict=finding.verdict,
                words=finding.words,
                permission=finding.permission,
                count=finding.count,
            )
            for finding in diagnosis.findings
        ),
    )


def key_view(key: ApiKeyRecord, token: str | None = None) -> KeyView:
    """Return a key as the API shows it; `token` only in the answer that creates it."""
    return KeyView(
        key_id=key.key_id,
        name=key.name,
        role=key.role,
        created_by=key.created_by,
        created_at=key.created_at,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
        token=token,
    )
