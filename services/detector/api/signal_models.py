"""How the API shows signals.

Fields are added, never renamed or removed, within /api/v1.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.detector.domain.signal import ClearReason, Signal, Step
from shared.contracts.signals import CustomerRef, Evidence, PersonRef, SignalKind


class FactOut(BaseModel):
    """An account fact that a signal rests on."""

    name: str = Field(description="Which fact, as in `seats` or `renewal_date`.")
    value: str = Field(description="As text; a day as YYYY-MM-DD.")
    reason: str = Field(description="Why it matters, in plain words for a sentence.")
    since: datetime = Field(
        description="When it was noticed, or when it began to hold where that was earlier."
    )


class HistoryOut(BaseModel):
    """One line of a signal's history; `by` is empty for Earshot itself."""

    at: datetime = Field(description="When it happened.")
    step: Step = Field(description="What happened to the signal.")
    by: str = Field(
        description="E-mail address of who did it, or a name without one; empty for Earshot itself."
    )
    note: str = Field(description="How, in words or as a code such as a reason for closing; may be empty.")


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

    id: str = Field(description="Stays the same for the signal's whole life.")
    kind: SignalKind = Field(description="What it is about.")
    explicit: bool | None = Field(
        description="Churn risk only: true where notice was given, false where it is implied; else null."
    )
    direction: Literal["down", "up"] | None = Field(
        description="A mood's turn only: `down` for the worse, `up` for the better; else null."
    )
    title: str = Field(description="One line in plain words; a feature request's is its wish.")
    state: str = Field(description="`open` or `cleared`.")
    revision: int = Field(description="Grows by one with each change; the highest is the truth.")
    historical: bool = Field(description="Found while reading the past: shown, and announced to nobody.")
    customer: CustomerRef | None = Field(description="Whose it is; null where no company is known.")
    people: list[PersonRef] = Field(description="Who said what it rests on, by id.")
    tags: list[str] = Field(description="Names of the tags on its conversations, people and company.")
    confidence: float = Field(
        description="0 to 1, that of its surest evidence: of those at 0.8 about eight in ten are right."
    )
    evidence: list[Evidence] = Field(
        description="The words it rests on, newest first; 50 at most. Empty where only facts tell."
    )
    facts: list[FactOut] = Field(description="The account's facts it rests on, newest first; 50 at most.")
    detector: str = Field(
        description="Name and version of what found the surest evidence; empty without evidence."
    )
    occurred_at: datetime = Field(
        description="When its newest evidence was said, or its newest fact dates from."
    )
    opened_at: datetime = Field(description="When Earshot first saw it.")
    changed_at: datetime = Field(description="When its revision came to be.")
    cleared_because: ClearReason | None = Field(description="Why it is over; null while it is open.")
    confirmed_by: str | None = Field(
        description="E-mail address of who confirmed it, or a name without one; null if nobody did."
    )
    assigned_to: str | None = Field(description="E-mail address of who looks after it; null if nobody does.")
    dismissal_reason: str | None = Field(
        description="What was said when it was dismissed; null if it never was, or that was taken back."
    )
    request_id: str | None = Field(description="The feature request it wishes for; null for other kinds.")
    history: list[HistoryOut] = Field(
        description="What became of it, oldest first; the oldest lines but the first may be left out."
    )
    url_path: str = Field(description="Path of its page, to be joined with the installation's address.")

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
                    confidence=proof.confidence,
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
