"""Turns shifts in a customer's or person's mood into the evidence that signals may rest on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.detector.domain.contribution import Assessment, Contribution
from services.detector.domain.occasion import DOWN, UP, Slot
from services.detector.domain.signal import Proof, authors_of
from services.detector.domain.slots import title_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from services.detector.domain.identity import Subject
    from services.detector.domain.mood import Shift
    from shared.contracts.signals import CustomerRef

MOOD_DETECTOR = "sentiment_shift"
MOOD_VERSION = "3"


def mood_source(subject: Subject) -> str:
    return f"mood/{subject.key}"


def mood_assessment(
    subject: Subject,
    customer: CustomerRef | None,
    shifts: Sequence[Shift],
    connection_id: str,
    *,
    texts: Mapping[str, Mapping[str, str]],
    heard: Mapping[str, datetime],
) -> Assessment:
    """Return what a subject's moods say: shifts with the words that show them, or that there are none.

    `texts` and `heard` are those of `Assessment`.
    """
    source = mood_source(subject)
    return Assessment(
        source=source,
        contributions=tuple(
            _shift_contribution(subject, customer, shift, source, connection_id) for shift in shifts
        ),
        texts=texts,
        resolves=True,
        heard=heard,
    )


def _shift_contribution(
    subject: Subject, customer: CustomerRef | None, shift: Shift, source: str, connection_id: str
) -> Contribution:
    slot = Slot("sentiment_shift", UP if shift.is_for_the_better else DOWN)
    proofs = tuple(
        Proof(
            source=source,
            said_at=point.at,
            confidence=point.weight,
            detector=MOOD_DETECTOR,
            version=MOOD_VERSION,
            conversation_key=point.conversation_key,
            conversation_id=point.conversation_id,
            part_id=point.part_id,
            start=point.start,
            end=point.end,
            quote=point.quote,
            author_id=point.author_id or None,
            author_name=point.author_name or None,
            author_email=point.author_email or None,
        )
        for point in shift.points
    )
    return Contribution(
        subject=subject,
        slot=slot,
        title=title_of(slot),
        connection_id=connection_id,
        workspace_id=shift.points[-1].conversation_key.partition(":")[0],
        proofs=proofs,
        customer=customer,
        people=authors_of(proofs),
        keeps_earlier=True,
    )
