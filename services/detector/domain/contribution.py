"""What one source (a conversation, an account's facts, a customer's moods) says about its subjects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from services.detector.domain.identity import Subject
    from services.detector.domain.occasion import Slot
    from services.detector.domain.signal import Proof, Signal
    from shared.contracts.signals import CustomerRef, PersonRef


@dataclass(frozen=True, slots=True)
class Contribution:
    """Proofs for one slot of one subject, all from one source.

    Attributes:
        keeps_earlier: the source reports only its newest words, so that earlier ones stay evidence as
            long as they exist (moods).
        is_news: if false, the proofs are shown, and nobody is alerted.
        least: proofs less confident than this open no signal; they still support one that is open.
    """

    subject: Subject
    slot: Slot
    title: str
    connection_id: str
    workspace_id: str
    proofs: tuple[Proof, ...]
    customer: CustomerRef | None = None
    people: tuple[PersonRef, ...] = ()
    tags: tuple[str, ...] = ()
    keeps_earlier: bool = False
    is_news: bool = True
    least: float = 0.0


@dataclass(frozen=True, slots=True)
class Assessment:
    """Everything that one source says now; what it said before and says no longer is withdrawn.

    Attributes:
        texts: by conversation key, the text of each part that still exists, by part id. The words of
            conversations that are not listed are taken to exist.
        muted: whether lifecycle kinds were not looked for, so that their absence means nothing.
        muted_since: when looking for them was switched off. Signals opened after that should not have
            been.
        resolves: whether silence means that the matter is settled, rather than that it was misread.
        heard: by conversation key, the newest words that detectors of another version had read. What is
            found up to there is shown, and nobody is alerted.
    """

    source: str
    contributions: tuple[Contribution, ...]
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    muted: bool = False
    muted_since: datetime | None = None
    resolves: bool = False
    heard: Mapping[str, datetime] = field(default_factory=dict)

    def excuses(self, signal: Signal) -> bool:
        """Return whether a signal stays open although this assessment does not support it any more."""
        if not self.muted or not signal.slot.is_lifecycle:
            return False
        return self.muted_since is None or signal.opened_at <= self.muted_since

    def is_alive(self, proof: Proof) -> bool:
        """Return whether the quoted words still stand at their offsets."""
        texts = self.texts.get(proof.conversation_key)
        return texts is None or texts.get(proof.part_id, "")[proof.start : proof.end] == proof.quote
