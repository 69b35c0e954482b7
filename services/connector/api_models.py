"""What the JSON API takes and answers with. Fields are added, never renamed or removed, within /api/v1."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, Field, SecretStr

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

    reason: str
    resource: str
    counts: tuple[ResourceCount, ...]
    share: float | None
    items_per_second: float | None
    remaining_seconds: float | None
    waiting_until: datetime | None
    waiting_for: str | None


class LedgerView(BaseModel):
    """What is proven: complete up to when, held against the source, and every known gap by name."""

    complete_up_to: datetime | None
    completed_at: datetime | None
    held: tuple[ResourceCount, ...] = ()
    gaps: tuple[Gap, ...] = ()
    gap_count: int = 0


class ConnectionView(BaseModel):
    """A connection as machines see it. It never holds the credential."""

    id: str
    state: str
    attention: str | None
    attention_detail: str | None
    method: str
    workspace_id: str
    workspace_name: str
    region: str
    base_url: str
    settings: ConnectionSettings
    connected_by: str
    connected_at: datetime
    next_sync_at: datetime | None
    progress: ProgressView | None
    ledger: LedgerView
    removal_confirmed_by: tuple[str, ...]


class FindingView(BaseModel):
    """One line of the doctor. `permission` is what to tick in Intercom, by its name there."""

    part: str
    title: str
    verdict: str
    words: str
    permission: str | None
    count: int | None


class DiagnosisView(BaseModel):
    """What the doctor found; `healthy` when everything may be read."""

    checked_at: datetime
    healthy: bool
    findings: tuple[FindingView, ...]


class TokenConnection(BaseModel):
    """An access token and where it belongs: a region, or a base URL from the allow-list.

    With `settings`, a new connection begins with them, so that its first sync reads as far back as is wished
    and detects what is wished. A workspace that is connected already keeps its own.
    """

    access_token: SecretStr = Field(min_length=1, max_length=4_096)
    region: str | None = Field(default=None, max_length=32, examples=["eu"])
    base_url: str | None = Field(default=None, max_length=512, examples=["https://api.eu.intercom.io"])
    settings: ConnectionSettings | None = Field(default=None, examples=[{"lookback_days": 365}])


class LeaseView(BaseModel):
    """A credential on loan, for the syncer alone."""

    access_token: str
    base_url: str
    workspace_id: str
    expires_in_seconds: int


class KeyRequest(BaseModel):
    """What a key is for, what it may do, and for how many days."""

    name: str = Field(min_length=1, max_length=200, examples=["warehouse export"])
    role: Literal["admin", "member"] = "member"
    days: int = Field(default=90, ge=1, le=LONGEST_KEY_LIFE_DAYS)


class KeyView(BaseModel):
    """A bearer key. Its token is in the answer that makes it, and nowhere else."""

    key_id: str
    name: str
    role: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
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
