"""Turns a customer's health into evidence: a fall with its causes, or that there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.detector.domain.contribution import Assessment, Contribution
from services.detector.domain.health import INGREDIENTS
from services.detector.domain.health_history import moved
from services.detector.domain.identity import Subject, to_milliseconds
from services.detector.domain.occasion import Slot
from services.detector.domain.signal import Proof
from services.detector.domain.slots import title_of

if TYPE_CHECKING:
    from services.detector.domain.customer import Customer
    from services.detector.domain.health_history import Fall

HEALTH_DETECTOR = "health"
HEALTH_VERSION = "2"
SLOT = Slot("health_change")
_REASON = 500
_SUREST = 0.95
_LEAST_SURE = 0.6
"""A fall is arithmetic. What is uncertain is only whether it matters: the deeper, the surer."""


def health_subject(customer_id: str) -> Subject:
    return Subject("customer", customer_id)


def health_source(subject: Subject) -> str:
    return f"health/{subject.key}"


def health_assessment(
    customer: Customer, fall: Fall | None, *, connection_id: str, workspace_id: str, told: Proof | None
) -> Assessment:
    """Return what a customer's health says. `told` is the proof that an open signal rests on already.

    Without a fall the matter is settled: a score that has recovered closes its signal.
    """
    subject = health_subject(customer.customer_id)
    source = health_source(subject)
    if fall is None:
        return Assessment(source=source, contributions=(), resolves=True)
    contribution = Contribution(
        subject=subject,
        slot=SLOT,
        title=title_of(SLOT),
        connection_id=connection_id,
        workspace_id=workspace_id,
        proofs=(told or _proof(source, fall),),
        customer=customer.ref,
    )
    return Assessment(source=source, contributions=(contribution,), resolves=True)


def _proof(source: str, fall: Fall) -> Proof:
    lost = [one for one in moved(fall.before, fall.after) if one.points < 0]
    named = ", ".join(f"{INGREDIENTS[one.name].lower()} {one.points:+.0f}".replace("-", "−") for one in lost)  # noqa: RUF001 - a minus sign, as pages write numbers
    reason = f"health fell from {fall.before.score} to {fall.after.score}"
    return Proof(
        source=source,
        said_at=to_milliseconds(fall.after.at),
        confidence=round(min(_SUREST, _LEAST_SURE + fall.points / 100), 4),
        detector=HEALTH_DETECTOR,
        version=HEALTH_VERSION,
        fact="health",
        fact_value=str(fall.after.score),
        reason=(f"{reason}: {named}" if named else reason)[:_REASON],
    )
