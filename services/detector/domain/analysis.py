"""What is stored with a conversation after detection: its highlighted passages and its customers' moods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.detector.domain.finding import Kind, Polarity
from services.detector.domain.identity import resource_key, to_milliseconds
from services.detector.domain.mirror import Mark
from services.detector.domain.mood import MoodPoint
from services.detector.domain.occasion import EXPLICIT, IMPLIED
from services.detector.domain.signal import MAX_QUOTE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.detector.domain.conversation import Conversation
    from services.detector.domain.finding import Finding


def marks_of(findings: Sequence[Finding]) -> tuple[Mark, ...]:
    """Return the passages that a conversation's page highlights, by part and offset."""
    marks = []
    for finding in findings:
        kind = finding.kind.value
        if finding.kind is Kind.SENTIMENT:
            if finding.polarity in {None, Polarity.NEUTRAL}:
                continue
            kind = f"sentiment_{finding.polarity}"
        note = finding.subject or {True: EXPLICIT, False: IMPLIED, None: ""}[finding.explicit]
        marks += [
            Mark(
                evidence.part_id, evidence.start, evidence.end, kind,
                round(finding.confidence_of(evidence), 4),
                f"{finding.detector} {finding.version}", note[:300],
            )
            for evidence in finding.evidence
        ]  # fmt: skip
    return tuple(sorted(marks, key=lambda mark: (mark.part_id, mark.start, mark.end, mark.kind)))


def moods_of(conversation: Conversation, findings: Sequence[Finding]) -> tuple[MoodPoint, ...]:
    """Return one point per customer message whose mood is sure, oldest first."""
    messages = {message.part_id: message for message in conversation.messages}
    key = resource_key(conversation.workspace_id, conversation.id)
    points: dict[str, MoodPoint] = {}
    for finding in findings:
        if finding.kind is not Kind.SENTIMENT or not finding.evidence:
            continue
        evidence = finding.evidence[0]
        message = messages[evidence.part_id]
        quote = evidence.quote[:MAX_QUOTE]
        points[evidence.part_id] = MoodPoint(
            at=to_milliseconds(message.at),
            score=round(finding.score if finding.score is not None else _score(finding.polarity), 4),
            weight=round(finding.confidence, 4),
            conversation_key=key,
            conversation_id=conversation.id,
            part_id=evidence.part_id,
            start=evidence.start,
            end=evidence.start + len(quote),
            quote=quote,
            author_id=resource_key(conversation.workspace_id, message.author_id) if message.author_id else "",
            author_name=message.author_name,
            author_email=message.author_email,
        )
    return tuple(sorted(points.values(), key=lambda point: (point.at, point.part_id)))


def _score(polarity: Polarity | None) -> float:
    return {Polarity.NEGATIVE: -1.0, Polarity.POSITIVE: 1.0}.get(polarity or Polarity.NEUTRAL, 0.0)
