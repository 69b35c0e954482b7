"""Scoring whole conversations: did the right event come out, and does its quote prove it.

Each line of the file is one conversation with the events a careful reader finds in it. An event is
found when its kind is right, for churn risk also whether notice was given outright, and its evidence
lies in one of the messages that the reader named.
"""

from __future__ import annotations

import json
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from services.detector.detectors import discover
from services.detector.domain.finding import Finding, Kind
from services.detector.domain.message_scoring import score_messages
from services.detector.domain.mood_shift import MoodPoint, negative_shift
from services.detector.evaluation.conversations import (
    EVENT_KINDS,
    NEGATIVE_SHIFT,
    Expected,
    LabelledConversation,
    read_conversations,
)
from services.detector.evaluation.errors import EvaluationError
from services.detector.evaluation.predictions import open_predictions
from services.detector.evaluation.scoring import ratio

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from services.detector.detectors import Detectors
    from services.detector.domain.message_scoring import Scores
    from services.detector.domain.model_scores import TextModel

_BATCH_CONVERSATIONS = 25
"""Conversations that are held and read together."""


@dataclass(frozen=True, slots=True)
class DetectedEvent:
    """An event that came out: kind, outright or not, and the positions and quotes of its evidence."""

    kind: str
    explicit: bool | None
    confidence: float
    messages: frozenset[int]
    quotes: tuple[str, ...]

    def proves(self, expected: Expected) -> bool:
        """Whether this is the expected event. Outright or implied is only asked of churn risk."""
        same = self.kind == expected.kind and bool(self.messages & expected.messages)
        either = self.kind != Kind.CHURN_RISK or expected.explicit is None
        return same and (either or self.explicit == expected.explicit)


def detect_events(
    labelled: LabelledConversation, detectors: Detectors, scores: Scores | None = None
) -> tuple[DetectedEvent, ...]:
    """All events of one conversation, by every detector in force and the shift of its mood."""
    conversation, context = labelled.conversation, replace(labelled.context, scores=scores or {})
    position = {message.part_id: at for at, message in enumerate(conversation.messages)}
    events: list[DetectedEvent] = []
    points: list[MoodPoint] = []
    for detector in detectors.conversation:
        for found in detector.detect(conversation, context):
            if found.kind is Kind.SENTIMENT:
                said = conversation.messages[position[found.evidence[0].part_id]]
                points.append(MoodPoint.of(found, said.at, said.author_id))
            else:
                events.append(_event(found, position))
    shift = negative_shift(points)
    if shift is not None:
        positions = frozenset(position[quote.part_id] for quote in shift.evidence)
        quotes = tuple(quote.quote for quote in shift.evidence)
        events.append(DetectedEvent(NEGATIVE_SHIFT, None, shift.confidence, positions, quotes))
    return tuple(events)


def _event(found: Finding, position: dict[str, int]) -> DetectedEvent:
    return DetectedEvent(
        kind=str(found.kind),
        explicit=found.explicit,
        confidence=found.confidence,
        messages=frozenset(position[quote.part_id] for quote in found.evidence),
        quotes=tuple(quote.quote for quote in found.evidence),
    )


@dataclass
class EventScorer:
    """Counts found, missed and false events per kind; churn risk also by explicit and implied."""

    hit: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    conversations: int = 0
    quiet: int = 0
    false_alarms: int = 0

    def add(self, expected: tuple[Expected, ...], detected: tuple[DetectedEvent, ...]) -> None:
        """Count one conversation. Each detected event proves at most one expected event."""
        self.conversations += 1
        if not expected:
            self.quiet += 1
            self.false_alarms += len(detected)
        left = list(detected)
        for event in expected:
            proof = next((one for one in left if one.proves(event)), None)
            for name in _names(event.kind, explicit=event.explicit):
                (self.missed if proof is None else self.hit)[name] += 1
            if proof is not None:
                left.remove(proof)
        for one in left:
            for name in _names(one.kind, explicit=one.explicit):
                self.wrong[name] += 1

    def figures(self, name: str) -> dict[str, float | int]:
        """Precision, recall, F1 and number of expected events of one kind."""
        hit, wrong, missed = self.hit[name], self.wrong[name], self.missed[name]
        return {
            "precision": ratio(hit, hit + wrong),
            "recall": ratio(hit, hit + missed),
            "f1": ratio(2 * hit, 2 * hit + wrong + missed),
            "support": hit + missed,
            "false": wrong,
        }

    def report(self) -> dict[str, Any]:
        """Figures per kind that occurs or was detected, over all kinds, and false alarms."""
        names = [name for name in EVENT_KINDS if self.hit[name] + self.missed[name] + self.wrong[name]]
        hit, wrong, missed = (
            sum(counts[name] for name in EVENT_KINDS) for counts in (self.hit, self.wrong, self.missed)
        )
        apart = (f"{Kind.CHURN_RISK}_explicit", f"{Kind.CHURN_RISK}_implied")
        return {
            "conversations": self.conversations,
            "precision": ratio(hit, hit + wrong),
            "recall": ratio(hit, hit + missed),
            "f1": ratio(2 * hit, 2 * hit + wrong + missed),
            "kinds": {name: self.figures(name) for name in names},
            "churn_risk_apart": {name: self.figures(name) for name in apart},
            "conversations_without_events": self.quiet,
            "false_alarms_per_100": ratio(100 * self.false_alarms, self.quiet),
        }


def _names(kind: str, *, explicit: bool | None) -> tuple[str, ...]:
    if kind != Kind.CHURN_RISK or explicit is None:
        return (kind,)
    return kind, f"{kind}_{'explicit' if explicit else 'implied'}"


def evaluate_events(
    path: Path,
    predictions: Path | None,
    clock: Callable[[], float],
    model: TextModel | None = None,
    split: str = "",
) -> dict[str, Any]:
    """Score a file of conversations, or those of one split of it.

    Writes one JSON line per conversation to `predictions` when given.
    """
    detectors = discover(learned=model.learned if model else None)
    scorer = EventScorer()
    messages = 0
    spent = 0.0
    with ExitStack() as stack:
        kept = open_predictions(stack, predictions, path) if predictions else None
        rows = (one for one in read_conversations(path) if split in {"", one.split})
        while batch := list(islice(rows, _BATCH_CONVERSATIONS)):
            began = clock()
            conversations = [one.conversation for one in batch]
            scores = score_messages(model, conversations) if model else [{}] * len(batch)
            found = [detect_events(one, detectors, said) for one, said in zip(batch, scores, strict=True)]
            spent += clock() - began
            for labelled, detected in zip(batch, found, strict=True):
                messages += len(labelled.conversation.messages)
                scorer.add(labelled.expected, detected)
                if kept:
                    kept.write(json.dumps(_line(labelled, detected), ensure_ascii=False) + "\n")
    if not scorer.conversations:
        raise EvaluationError(f"{path} holds no conversation")
    speed = round(messages / spent, 1) if spent > 0 else 0.0
    return {"task": "events", **scorer.report(), "messages_per_second": speed}


def _line(labelled: LabelledConversation, detected: tuple[DetectedEvent, ...]) -> dict[str, Any]:
    return {
        "id": labelled.conversation.id,
        "detected": [
            {
                "kind": event.kind,
                "explicit": event.explicit,
                "confidence": round(event.confidence, 4),
                "messages": sorted(event.messages),
                "evidence": list(event.quotes),
            }
            for event in detected
        ],
    }
