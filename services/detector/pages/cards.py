"""How a signal is put into words: its card, its history, and why it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.contracts.heading import heading_words
from shared.web.cards import OVER_WORDS, SignalCard, fact_in_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.detector.domain.signal import Happening, Proof, Signal

_STEPS: Mapping[str, str] = {
    "opened": "Opened",
    "gained_evidence": "Gained evidence",
    "lost_evidence": "Lost evidence",
    "cleared": "Closed",
    "reopened": "Opened again",
    "moved": "Moved",
    "confirmed": "Confirmed",
    "dismissed": "Dismissed",
    "assigned": "Assigned",
}


def heading_proof(signal: Signal) -> Proof | None:
    """Return the proof that heads a signal: a fact newer than all words, or the newest sure words."""
    if signal.proofs and signal.proofs[0].fact:
        return signal.proofs[0]
    return heading_words([proof for proof in signal.proofs if not proof.fact])


def card_of(signal: Signal) -> SignalCard:
    """Return a signal as every page shows it: its heading, who said it, and the number of other signs."""
    heading = heading_proof(signal)
    return SignalCard(
        url=f"/insights/{signal.signal_id}",
        kind=signal.slot.kind,
        title=fact_in_words(heading.fact, heading.fact_value, heading.reason)
        if heading and heading.fact
        else signal.title,
        confidence=signal.confidence,
        at=signal.occurred_at or signal.opened_at,
        explicit=signal.slot.explicit,
        direction=signal.slot.direction,
        customer_name=signal.customer.name if signal.customer else None,
        customer_url=f"/customers/{signal.customer.id}" if signal.customer else None,
        quote=heading.quote if heading and heading.quote else None,
        who=heading.author_name or heading.author_email if heading else None,
        owner=signal.customer.owner if signal.customer else None,
        others=max(0, len({_origin(proof) for proof in signal.proofs}) - 1),
        state=state_of(signal),
    )


def _origin(proof: Proof) -> tuple[str, str, str]:
    """Return the message or fact that a proof comes from; two quotes of one message are one sign."""
    return (proof.conversation_key, proof.part_id, proof.fact)


def state_of(signal: Signal) -> str | None:
    """Return the word that a card shows when a signal is not simply open."""
    if not signal.is_open:
        return OVER_WORDS.get(signal.cleared_because or "", "closed")
    return "confirmed" if signal.confirmed_by else None


def step_in_words(line: Happening) -> str:
    """Return one line of history: what happened, by whom, and the note that says how."""
    note = OVER_WORDS.get(line.note, line.note)
    if line.step == "opened" and note:
        return f"Opened on {note} of evidence"
    words = _STEPS[line.step]
    if line.step == "assigned":
        words = f"Assigned to {line.note}"
        note = ""
    by = f" by {line.by}" if line.by else ""
    return f"{words}{by}{f': {note}' if note else ''}"
