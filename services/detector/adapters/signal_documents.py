"""How a signal looks as a document, as an event, and how it is read back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.detector.adapters.flat import flat
from services.detector.adapters.shapes import SignalShape
from services.detector.domain.identity import Subject
from services.detector.domain.occasion import Slot
from services.detector.domain.signal import Happening, Proof, Signal
from shared.contracts.signals import (
    LONGEST_FACT_NAME,
    LONGEST_FACT_TEXT,
    AccountFact,
    CustomerRef,
    Detector,
    Evidence,
    PersonRef,
    SignalCleared,
    SignalDetected,
    SignalUpdated,
)

if TYPE_CHECKING:
    from services.detector.domain.change import Transition
    from shared.contracts.event import Event
    from shared.documents.database import Document


def identity_of(signal: Signal) -> str:
    return f"{signal.organization_id}/{signal.signal_id}"


def event_of(transition: Transition, signal: Signal) -> Event:
    """Return the event that tells a signal's state after a transition."""
    best = signal.best
    fields: dict[str, Any] = {
        "organization_id": signal.organization_id,
        "connection_id": signal.connection_id,
        "workspace_id": signal.workspace_id,
        "signal_id": signal.signal_id,
        "revision": signal.revision,
        "kind": signal.slot.kind,
        "explicit": signal.slot.explicit,
        "direction": signal.slot.direction,
        "title": signal.title,
        "customer": signal.customer,
        "people": signal.people,
        "conversation_ids": signal.conversation_ids,
        "tags": signal.tags,
        "confidence": signal.confidence,
        "evidence": tuple(_evidence(proof) for proof in signal.proofs if proof.part_id),
        "facts": tuple(_fact(proof) for proof in signal.proofs if proof.fact),
        "detector": Detector(name=best.detector if best else "none", version=best.version if best else "0"),
        "occurred_at": signal.shown_at,
        "opened_at": signal.opened_at,
        "changed_at": signal.changed_at,
        "url_path": f"/insights/{signal.signal_id}",
    }
    match transition:
        case "detected":
            return SignalDetected(**fields, historical=signal.historical)
        case "updated":
            return SignalUpdated(**fields)
        case "cleared":
            return SignalCleared(**fields, cleared_because=signal.cleared_because or "withdrawn")


def _evidence(proof: Proof) -> Evidence:
    return Evidence(
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


def _fact(proof: Proof) -> AccountFact:
    # A detector may list as many numbers as an account has; too long a list must not keep the signal off
    # the bus.
    return AccountFact(
        name=proof.fact[:LONGEST_FACT_NAME],
        value=_cut(proof.fact_value),
        reason=_cut(proof.reason),
        since=proof.said_at,
    )


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_FACT_TEXT else f"{text[: LONGEST_FACT_TEXT - 1]}…"


def to_document(signal: Signal) -> Document:
    """Return every field of a signal's document but `_id` and `pending`."""
    best = signal.best
    return {
        "organization_id": signal.organization_id,
        "signal_id": signal.signal_id,
        "connection_id": signal.connection_id,
        "workspace_id": signal.workspace_id,
        "subject": signal.subject.key,
        "slot": signal.slot.key,
        "kind": signal.slot.kind,
        "variant": signal.slot.variant,
        "request_id": signal.slot.request_id,
        "number": signal.number,
        "title": signal.title,
        "opened_at": signal.opened_at,
        "changed_at": signal.changed_at,
        "historical": signal.historical,
        "revision": signal.revision,
        "state": signal.state,
        "customer": signal.customer.model_dump() if signal.customer else None,
        "spend": (signal.customer.monthly_spend or 0.0) if signal.customer else 0.0,
        "people": [person.model_dump() for person in signal.people],
        "tags": list(signal.tags),
        "confidence": signal.confidence,
        "proofs": [flat(proof) for proof in signal.proofs],
        "sources": sorted({proof.source for proof in signal.proofs}),
        "conversation_keys": sorted({proof.conversation_key for proof in signal.proofs} - {""}),
        "detector": f"{best.detector} {best.version}" if best else "",
        "first_said_at": signal.first_said_at,
        "occurred_at": signal.occurred_at,
        "shown_at": signal.shown_at,
        "cleared_because": signal.cleared_because,
        "cleared_at": signal.cleared_at,
        "confirmed_by": signal.confirmed_by,
        "dismissal_reason": signal.dismissal_reason,
        "assigned_to": signal.assigned_to,
        "history": [flat(line) for line in signal.history],
        "homes": list(signal.homes),
    }


def from_document(document: Document) -> Signal:
    SignalShape.model_validate(document)
    customer = document.get("customer")
    return Signal(
        signal_id=document["signal_id"],
        organization_id=document["organization_id"],
        connection_id=document["connection_id"],
        workspace_id=document["workspace_id"],
        subject=Subject.from_key(document["subject"]),
        slot=Slot(document["kind"], document["variant"]),
        number=document["number"],
        title=document["title"],
        opened_at=document["opened_at"],
        changed_at=document["changed_at"],
        historical=document["historical"],
        revision=document["revision"],
        state=document["state"],
        customer=CustomerRef.model_validate(customer) if customer else None,
        people=tuple(PersonRef.model_validate(person) for person in document["people"]),
        tags=tuple(document["tags"]),
        proofs=tuple(Proof(**proof) for proof in document["proofs"]),
        first_said_at=document["first_said_at"],
        occurred_at=document["occurred_at"],
        cleared_because=document["cleared_because"],
        cleared_at=document["cleared_at"],
        confirmed_by=document["confirmed_by"],
        dismissal_reason=document["dismissal_reason"],
        assigned_to=document["assigned_to"],
        history=tuple(Happening(**line) for line in document["history"]),
        homes=tuple(document["homes"]),
    )
