"""What the read API answers with. Fields are added, never renamed or removed, within /api/v1."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.detector.domain.signal import ClearReason, Signal, Step
from services.detector.domain.wishes import RequestState
from shared.contracts.signals import CustomerRef, Evidence, PersonRef, SignalKind

if TYPE_CHECKING:
    from services.detector.lists import CustomerRow, RequestRow


class FactOut(BaseModel):
    """An account fact that a signal rests on."""

    name: str
    value: str
    reason: str
    since: datetime


class HistoryOut(BaseModel):
    """One line of a signal's history; `by` is empty for Earshot itself."""

    at: datetime
    step: Step
    by: str
    note: str


_SIGNAL_EXAMPLE: dict[str, Any] = {
    "id": "s1f0c5b0a4d2e9b7c6a5",
    "kind": "churn_risk",
    "explicit": True,
    "direction": None,
    "title": "Says they will leave",
    "state": "open",
    "revision": 3,
    "historical": False,
    "customer": {"id": "c5d1", "name": "Northwind", "owner": "ann@example.com", "monthly_spend": 900.0},
    "people": [{"id": "ws1:65f0", "name": "Dana Ruiz", "email": "dana@northwind.example"}],
    "tags": ["enterprise"],
    "confidence": 0.94,
    "evidence": [
        {
            "conversation_id": "215468",
            "part_id": "source-215468",
            "start": 0,
            "end": 57,
            "quote": "Hi, we won't be renewing once the contract ends in March.",
            "author_id": "ws1:65f0",
            "author_name": "Dana Ruiz",
            "said_at": "2026-03-02T09:12:00Z",
        }
    ],
    "facts": [],
    "detector": "churn_risk 1",
    "occurred_at": "2026-03-02T09:12:00Z",
    "opened_at": "2026-03-02T09:12:01Z",
    "changed_at": "2026-03-02T10:40:17Z",
    "cleared_because": None,
    "confirmed_by": "ann@example.com",
    "assigned_to": None,
    "dismissal_reason": None,
    "request_id": None,
    "history": [{"at": "2026-03-02T09:12:01Z", "step": "opened", "by": "", "note": "1 piece"}],
    "url_path": "/insights/s1f0c5b0a4d2e9b7c6a5",
}


class SignalOut(BaseModel):
    """A signal with what it rests on and what became of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SIGNAL_EXAMPLE]})

    id: str
    kind: SignalKind
    explicit: bool | None
    direction: Literal["down", "up"] | None
    title: str
    state: str
    revision: int
    historical: bool
    customer: CustomerRef | None
    people: list[PersonRef]
    tags: list[str]
    confidence: float
    evidence: list[Evidence]
    facts: list[FactOut]
    detector: str
    occurred_at: datetime
    opened_at: datetime
    changed_at: datetime
    cleared_because: ClearReason | None
    confirmed_by: str | None
    assigned_to: str | None
    dismissal_reason: str | None
    request_id: str | None
    history: list[HistoryOut]
    url_path: str

    @classmethod
    def of(cls, signal: Signal) -> SignalOut:
        best = signal.best
        return cls(
            id=signal.signal_id,
            kind=signal.slot.kind,
            explicit=signal.slot.explicit,
            direction=signal.slot.direction,
            title=signal.title,
            state=signal.state,
            revision=signal.revision,
            historical=signal.historical,
            customer=signal.customer,
            people=list(signal.people),
            tags=list(signal.tags),
            confidence=signal.confidence,
            evidence=[
                Evidence(
                    conversation_id=proof.conversation_id,
                    part_id=proof.part_id,
                    start=proof.start,
                    end=proof.end,
                    quote=proof.quote,
                    author_id=proof.author_id,
                    author_name=proof.author_name,
                    said_at=proof.said_at,
                )
                for proof in signal.proofs
                if proof.part_id
            ],
            facts=[
                FactOut(name=proof.fact, value=proof.fact_value, reason=proof.reason, since=proof.said_at)
                for proof in signal.proofs
                if proof.fact
            ],
            detector=f"{best.detector} {best.version}" if best else "",
            occurred_at=signal.occurred_at or signal.opened_at,
            opened_at=signal.opened_at,
            changed_at=signal.changed_at,
            cleared_because=signal.cleared_because,
            confirmed_by=signal.confirmed_by,
            assigned_to=signal.assigned_to,
            dismissal_reason=signal.dismissal_reason,
            request_id=signal.slot.request_id,
            history=[
                HistoryOut(at=line.at, step=line.step, by=line.by, note=line.note) for line in signal.history
            ],
            url_path=f"/insights/{signal.signal_id}",
        )


class CustomerOut(BaseModel):
    """A customer with its facts; `known` is false for a stand-in of an unmatched company."""

    id: str
    external_id: str | None
    name: str
    known: bool
    owner: str | None
    plan: str | None
    monthly_spend: float | None
    seats: int | None
    user_count: int | None
    signed_up_at: datetime | None
    renewal_date: date | None
    last_seen_at: datetime | None
    mood: float | None = Field(description="Decayed mean of message moods, -1 to 1; None without any.")
    mood_messages: int
    health: int | None = Field(
        description="0 to 100; None while too little is known. Its ingredients are at /api/v1/health."
    )
    open_signals: int
    last_signal_at: datetime | None
    attributes: dict[str, str]

    @classmethod
    def of(cls, row: CustomerRow) -> CustomerOut:
        one = row.customer
        return cls(
            id=one.customer_id,
            external_id=one.external_id,
            name=one.name,
            known=not one.provisional,
            owner=one.owner,
            plan=one.facts.plan,
            monthly_spend=one.facts.monthly_spend,
            seats=one.facts.seats,
            user_count=one.facts.user_count,
            signed_up_at=one.facts.signed_up_at,
            renewal_date=one.facts.renewal_date,
            last_seen_at=one.facts.last_seen_at,
            mood=one.mood,
            mood_messages=one.mood_messages,
            health=row.health,
            open_signals=row.open_signals,
            last_signal_at=row.last_signal_at,
            attributes=dict(one.attributes),
        )


class CustomerIn(BaseModel):
    """One customer as the organization lists it; what is left out is unknown."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "external_id": "acc-17",
                    "name": "Northwind",
                    "owner": "ann@example.com",
                    "plan": "Pro",
                    "monthly_spend": 900,
                    "seats": 40,
                    "renewal_date": "2026-12-31",
                    "attributes": {"segment": "mid-market"},
                }
            ]
        },
    )

    external_id: str = Field(min_length=1, max_length=500)
    name: str = Field(min_length=1, max_length=500)
    owner: str | None = Field(default=None, max_length=500)
    plan: str | None = Field(default=None, max_length=500)
    monthly_spend: float | None = Field(default=None, ge=0, lt=1e12)
    seats: int | None = Field(default=None, ge=0, lt=10**9)
    renewal_date: date | None = None
    attributes: dict[str, str] = Field(default_factory=dict, max_length=50)


class RowErrorOut(BaseModel):
    line: int
    reason: str


class ImportOut(BaseModel):
    """What became of a list of customers; good rows are kept whatever the bad ones are."""

    created: int
    updated: int
    unchanged: int
    rejected: int
    errors: list[RowErrorOut]
    warnings: list[RowErrorOut] = Field(
        default_factory=list, description="Rows that were kept, with what in them cannot be used."
    )


class RequestOut(BaseModel):
    """A feature request with who stands behind it."""

    id: str
    title: str
    state: RequestState
    customers: int
    people: int
    monthly_spend: float
    last_asked_at: datetime | None
    created_at: datetime
    state_by: str | None
    state_at: datetime | None

    @classmethod
    def of(cls, row: RequestRow) -> RequestOut:
        return cls(
            id=row.request.request_id,
            title=row.request.title,
            state=row.request.state,
            customers=row.customers,
            people=row.people,
            monthly_spend=row.spend,
            last_asked_at=row.last_at,
            created_at=row.request.created_at,
            state_by=row.request.state_by,
            state_at=row.request.state_at,
        )


class MergeIn(BaseModel):
    """Which request a request is the same as."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"into": "r5d1c0ffee"}]})

    into: str = Field(min_length=1, max_length=100)


class SplitIn(BaseModel):
    """Whose wish, by signal, is another one, and what that one is called."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"signals": ["s1f0c5b0a4d2e9b7c6a5"], "title": "Dark mode on phones"}]
        }
    )

    signals: list[str] = Field(min_length=1, max_length=500)
    title: str = Field(min_length=1, max_length=160)


class PersonOut(BaseModel):
    """Somebody on a customer's side; `id` holds the workspace's id and Intercom's."""

    id: str
    name: str | None
    email: str | None
    role: str
    external_id: str | None
    last_seen_at: datetime | None
    last_contact_at: datetime | None
    conversations: int
    customer_ids: list[str] = Field(default_factory=list)


class MarkOut(BaseModel):
    """A telling place in a message: `text[start:end]`."""

    kind: str
    start: int
    end: int
    confidence: float
    detector: str
    note: str


class MessageOut(BaseModel):
    id: str
    author: str
    author_name: str | None
    author_id: str | None
    internal: bool
    at: datetime
    text: str
    marks: list[MarkOut]


class ConversationOut(BaseModel):
    """A conversation as the mirror holds it."""

    id: str
    title: str | None
    state: str
    customer_id: str | None
    person_ids: list[str]
    created_at: datetime
    updated_at: datetime
    rating: int | None
    parts_held: int
    parts_at_source: int | None
    mood: float | None
    url: str | None
    messages: list[MessageOut] | None = Field(
        default=None, description="Only on the conversation's own address."
    )
