"""One example of each event, for the AsyncAPI document: a customer says that they will leave, and is heard.

They tell one story with the same ids, in the order of `registry.ALL_EVENTS`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.contracts.connections import (
    ApiKeyRevoked,
    ConnectionChanged,
    ConnectionSettings,
    DataRemovalRequested,
    DataRemoved,
)
from shared.contracts.deliveries import NotificationDelivered, NotificationFailed
from shared.contracts.resources import (
    AdminChanged,
    Author,
    CompanyChanged,
    ContactChanged,
    ConversationChanged,
    ConversationPartChanged,
    ResourceDeleted,
    TagChanged,
    TeamChanged,
)
from shared.contracts.signals import (
    AccountFact,
    CustomerRef,
    Detector,
    Evidence,
    PersonRef,
    SignalCleared,
    SignalDetected,
    SignalUpdated,
)
from shared.contracts.sync import (
    Gap,
    ResourceCount,
    ResourceHint,
    SyncCompleted,
    SyncInterrupted,
    SyncProgressed,
    SyncRequested,
)

if TYPE_CHECKING:
    from shared.contracts.event import Event

AT = datetime(2026, 3, 2, 9, 12, tzinfo=UTC)
"""When the customer writes; what follows takes seconds."""

_SAID = "Hi, we won't be renewing once the contract ends in March."
_CONNECTION: dict[str, Any] = {"organization_id": "acme", "connection_id": "con-7f3a9c"}
_READ: dict[str, Any] = {**_CONNECTION, "workspace_id": "ab12cd34", "observed_at": AT + timedelta(seconds=2)}
_RUN: dict[str, Any] = {**_CONNECTION, "run_id": "run-51e0", "reason": "initial"}
_REMOVAL: dict[str, Any] = {**_CONNECTION, "removal_id": "rem-20c4"}
_NOTIFICATION: dict[str, Any] = {**_CONNECTION, "signal_id": "s1f0c5b0a4d2e9b7c6a5", "attempts": 1}
_COUNTS = (
    ResourceCount(resource="contact", done=412, total=412),
    ResourceCount(resource="conversation", done=1_800, total=2_450),
)
_NORTHWIND = CustomerRef(id="c5d1e7", name="Northwind", owner="ann@example.com", monthly_spend=900.0)
_DANA = PersonRef(id="ab12cd34:65f0a1", name="Dana Ruiz", email="dana@northwind.example")
_PROOF = Evidence(
    conversation_id="215468",
    part_id="source-215468",
    start=4,
    end=len(_SAID),
    quote=_SAID[4:],
    author_id="ab12cd34:65f0a1",
    author_name="Dana Ruiz",
    said_at=AT,
    confidence=0.94,
)
_SIGNAL: dict[str, Any] = {
    **_CONNECTION,
    "workspace_id": "ab12cd34",
    "signal_id": "s1f0c5b0a4d2e9b7c6a5",
    "kind": "churn_risk",
    "explicit": True,
    "title": "Says they will leave",
    "customer": _NORTHWIND,
    "people": (_DANA,),
    "conversation_ids": ("215468",),
    "tags": ("enterprise",),
    "confidence": 0.94,
    "evidence": (_PROOF,),
    "detector": Detector(name="churn_risk", version="8"),
    "occurred_at": AT,
    "opened_at": AT + timedelta(seconds=3),
    "url_path": "/insights/s1f0c5b0a4d2e9b7c6a5",
}

EXAMPLES: tuple[Event, ...] = (
    ConnectionChanged(
        **_CONNECTION,
        revision=4,
        state="connected",
        workspace_id="ab12cd34",
        workspace_name="Acme",
        region="eu",
        base_url="https://api.eu.intercom.io",
        app_base_url="https://app.eu.intercom.com",
        settings=ConnectionSettings(lifecycle_events=True),
        connected_by="ann@example.com",
        connected_at=AT - timedelta(days=40),
        changed_at=AT - timedelta(days=2),
    ),
    DataRemovalRequested(
        **_REMOVAL,
        workspace_id="ab12cd34",
        requested_by="ann@example.com",
        requested_at=AT + timedelta(days=60),
    ),
    DataRemoved(
        **_REMOVAL, service="detector", documents=48_211, removed_at=AT + timedelta(days=60, seconds=41)
    ),
    ApiKeyRevoked(
        organization_id="acme",
        key_id="key-9b12",
        revoked_by="ann@example.com",
        revoked_at=AT + timedelta(days=1),
    ),
    SyncRequested(
        **_CONNECTION,
        request_id="req-84d7",
        reason="hint",
        hints=(ResourceHint(resource="conversation", id="215468"),),
        requested_at=AT + timedelta(seconds=1),
    ),
    SyncProgressed(
        **_RUN,
        sequence=12,
        resource="conversation",
        counts=_COUNTS,
        calls=1_904,
        share=0.74,
        items_per_second=31.5,
        remaining_seconds=20.6,
        started_at=AT - timedelta(days=40),
        reported_at=AT - timedelta(days=40) + timedelta(seconds=60),
    ),
    SyncCompleted(
        **_RUN,
        counts=(_COUNTS[0], ResourceCount(resource="conversation", done=2_450, total=2_450)),
        held=(ResourceCount(resource="conversation", done=2_449, total=2_450),),
        changed=2_861,
        calls=2_560,
        complete_up_to=AT - timedelta(days=40),
        gaps=(
            Gap(
                resource="conversation",
                id="198022",
                reason="parts_cut_at_500",
                missing=37,
                since=AT - timedelta(days=40),
            ),
        ),
        gap_count=1,
        started_at=AT - timedelta(days=40),
        completed_at=AT - timedelta(days=40) + timedelta(seconds=82),
    ),
    SyncInterrupted(
        **{**_RUN, "reason": "token_revoked"},
        detail="Intercom no longer accepts the credential. Connect the workspace again.",
        interrupted_at=AT + timedelta(days=30),
        connection_revision=4,
    ),
    AdminChanged(
        **_READ,
        id="814860",
        version="6c1f0a2b",
        name="Ann Lee",
        email="ann@example.com",
        job_title="Account manager",
        has_inbox_seat=True,
        team_ids=("5017",),
    ),
    TeamChanged(**_READ, id="5017", version="0b77d1c9", name="Customer success", admin_ids=("814860",)),
    TagChanged(**_READ, id="7522", version="a9e4f310", name="enterprise"),
    CompanyChanged(
        **_READ,
        id="64f0b2",
        version="31d8c6e7",
        company_id="acc-17",
        name="Northwind",
        plan="Pro",
        monthly_spend=900.0,
        user_count=38,
        website="https://northwind.example",
        tag_ids=("7522",),
        created_at=AT - timedelta(days=700),
        last_request_at=AT - timedelta(hours=1),
        custom_attributes={"seats": 40, "renewal_date": "2026-03-31"},
    ),
    ContactChanged(
        **_READ,
        id="65f0a1",
        version="e20b94f5",
        external_id="user-2201",
        name="Dana Ruiz",
        email="dana@northwind.example",
        company_ids=("64f0b2",),
        created_at=AT - timedelta(days=650),
        signed_up_at=AT - timedelta(days=650),
        last_seen_at=AT,
        last_replied_at=AT,
    ),
    ConversationPartChanged(
        **_READ,
        id="source-215468",
        version="77a0de13",
        conversation_id="215468",
        part_type="source",
        author=Author(type="user", id="65f0a1", name="Dana Ruiz", email="dana@northwind.example"),
        text=_SAID,
        created_at=AT,
    ),
    ConversationChanged(
        **_READ,
        id="215468",
        version="c4419be8",
        title="Our contract",
        channel="email",
        contact_ids=("65f0a1",),
        company_id="64f0b2",
        tag_ids=("7522",),
        admin_assignee_id="814860",
        teammate_ids=("814860",),
        created_at=AT,
        updated_at=AT,
        waiting_since=AT,
        url="https://app.eu.intercom.com/a/inbox/ab12cd34/inbox/conversation/215468",
        part_count=1,
        source_part_count=1,
    ),
    ResourceDeleted(**_READ, resource="contact", id="65efc8", reason="merged", successor_id="65f0a1"),
    SignalDetected(**_SIGNAL, revision=1, changed_at=AT + timedelta(seconds=3)),
    SignalUpdated(
        **{
            **_SIGNAL,
            "signal_id": "s7c90e2d41ab8f35e6d0",
            "explicit": False,
            "title": "Signs of leaving",
            "people": (),
            "conversation_ids": (),
            "confidence": 0.65,
            "evidence": (),
            "detector": Detector(name="shrinking", version="1"),
            "occurred_at": AT + timedelta(days=3),
            "url_path": "/insights/s7c90e2d41ab8f35e6d0",
        },
        revision=2,
        facts=(
            AccountFact(
                name="seats",
                value="28",
                reason="seats fell from 40 to 28 within 90 days",
                since=AT + timedelta(days=3),
            ),
        ),
        changed_at=AT + timedelta(days=3),
    ),
    SignalCleared(**_SIGNAL, revision=3, changed_at=AT + timedelta(days=9), cleared_because="withdrawn"),
    NotificationDelivered(
        **_NOTIFICATION,
        notification_id="n-6b0f21",
        channel="email",
        recipient="ann@example.com",
        delivered_at=AT + timedelta(seconds=4),
    ),
    NotificationFailed(
        **{**_NOTIFICATION, "attempts": 8},
        notification_id="n-6b0f22",
        channel="webhook",
        recipient="hooks.example.com",
        reason="unreachable",
        detail="The connection was refused.",
        failed_at=AT + timedelta(hours=26),
    ),
)
