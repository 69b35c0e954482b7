"""What people said of signals: examples to learn from, and how sure a kind must be from now on.

A correction holds the offsets of words and never the words, so that a redaction reaches it too.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from services.detector.domain.occasion import Slot
    from services.detector.domain.signal import Signal

Verdict = Literal["confirmed", "dismissed"]
Label = Literal["onboarding", "renewal", "upsell", "expansion", "churn_risk", "feature_request", "none"]
LABELS: tuple[Label, ...] = get_args(Label)

MOST_SPANS = 10
"""Pieces of evidence that a correction refers to, the newest ones; an example needs one."""

_LEAST_RIGHT = 0.7
"""Share of findings that people must find right for a kind to be reported at a confidence."""
_EXPECTED = 0.85
_WEIGHT_OF_EXPECTATION = 10.0
"""The share of right findings expected before anybody judges, and how many judgements it counts for: three
alarms dismissed in a row raise a threshold, one or two among confirmed ones do not."""
_STEP = 0.0001
"""Lies between two confidences that signals can have; a wider cut would let a dismissal lower a threshold."""
_HIGHEST = 0.95
"""Corrections never silence a kind altogether; the switch does that."""


@dataclass(frozen=True, slots=True)
class TextSpan:
    """Where the words of an example stand, in code points of the part's text."""

    conversation_key: str
    part_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Correction:
    """A person's judgement of one signal; the last one counts. `label` is what the words really say."""

    organization_id: str
    connection_id: str
    signal_id: str
    slot: str
    verdict: Verdict
    label: Label
    by: str
    at: datetime
    confidence: float
    detector: str
    spans: tuple[TextSpan, ...]


def correction_of(
    signal: Signal, verdict: Verdict, label: Label | None, *, by: str, at: datetime
) -> Correction:
    """Return what a person said of a signal. Dismissed words without a label say nothing of the kind."""
    best = signal.best
    told = label or (_label(signal.slot) if verdict == "confirmed" else "none")
    return Correction(
        organization_id=signal.organization_id,
        connection_id=signal.connection_id,
        signal_id=signal.signal_id,
        slot=threshold_key(signal.slot),
        verdict=verdict,
        label=told,
        by=by,
        at=at,
        confidence=signal.confidence,
        detector=f"{best.detector} {best.version}" if best else "",
        spans=tuple(
            TextSpan(proof.conversation_key, proof.part_id, proof.start, proof.end)
            for proof in signal.proofs
            if proof.part_id
        )[:MOST_SPANS],
    )


def _label(slot: Slot) -> Label:
    return next((label for label in LABELS if label == slot.kind), "none")


def threshold_key(slot: Slot) -> str:
    """Return the key of a threshold: a kind with its variant; all wishes share one."""
    return slot.kind if slot.request_id else slot.key


def thresholds(corrections: Iterable[Correction]) -> dict[str, float]:
    """Return by key the confidence from which findings are right often enough; keys at 0 are left out.

    The expectation counts like a few judgements, so single judgements move nothing; confirmations lower a
    threshold again.
    """
    judged: Mapping[str, list[tuple[float, bool]]] = defaultdict(list)
    for correction in corrections:
        judged[correction.slot].append((correction.confidence, correction.verdict == "confirmed"))
    cuts = {key: _threshold(mine) for key, mine in judged.items()}
    return {key: value for key, value in cuts.items() if value > 0}


def _threshold(judged: list[tuple[float, bool]]) -> float:
    """Return the lowest cut above which people agree often enough, at most `_HIGHEST`."""
    cuts = [0.0, *sorted({round(confidence + _STEP, 4) for confidence, right in judged if not right})]
    for cut in cuts:
        kept = [right for confidence, right in judged if confidence >= cut]
        right = sum(kept) + _EXPECTED * _WEIGHT_OF_EXPECTATION
        if right / (len(kept) + _WEIGHT_OF_EXPECTATION) >= _LEAST_RIGHT:
            return min(cut, _HIGHEST)
    return _HIGHEST
