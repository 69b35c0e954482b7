"""Which findings a language model is asked about, and how its verdicts change them.

It is asked where a detector's confidence is near its threshold on either side, and about everything found for
a customer with a certain spend. It is shown one message, that of the surest evidence, and its verdict is
about that message only: it can confirm a finding, quote it better, or withhold what this message proves. It
can add no kind, no message and no confidence that the local detectors did not find.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from services.detector.domain.finding import Evidence, Finding, Kind
from services.detector.domain.identity import resource_key
from services.detector.domain.question import Claim, Question, question_id, text_digest

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from services.detector.domain.conversation import Conversation, Message

MOST_CLAIMS = 8
"""Claims of one message that are asked about together; a text with more says everything and nothing."""


@dataclass(frozen=True, slots=True)
class AskRules:
    """When the model is asked.

    Attributes:
        band: the distance from a detector's threshold within which a confidence is uncertain.
        spend: the monthly spend from which everything found is asked about; None: spend does not matter.
        max_age: the maximum age of the words; older ones are never announced, and not worth a question.
        patience: how long a finding waits for the answer before the local result counts.
    """

    band: float = 0.1
    spend: float | None = None
    max_age: timedelta = timedelta(days=14)
    patience: timedelta = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A finding that is asked about. A finding `below` its threshold counts only if it is confirmed."""

    finding: Finding
    threshold: float
    below: bool


@dataclass(frozen=True, slots=True)
class Looked:
    """What the detectors found in one conversation, with normal and with lowered thresholds."""

    conversation: Conversation
    connection_id: str
    found: tuple[Finding, ...]
    nearly: tuple[Finding, ...] = ()
    spend: float | None = None


def doubts(
    looked: Looked, rules: AskRules, thresholds: Mapping[str, float], chosen: Collection[str]
) -> list[Doubt]:
    """Return what to ask about; `thresholds` by detector, `chosen` the detectors it is switched on for."""
    valuable = rules.spend is not None and looked.spend is not None and looked.spend >= rules.spend
    asked: list[Doubt] = []
    for finding in looked.found:
        threshold = thresholds.get(finding.detector)
        if finding.detector not in chosen or threshold is None or not finding.evidence:
            continue
        if valuable or finding.confidence < threshold + rules.band:
            asked.append(Doubt(finding, threshold, below=False))
    for finding in looked.nearly:
        threshold = thresholds.get(finding.detector)
        if finding.detector not in chosen or threshold is None or not finding.evidence:
            continue
        if threshold - rules.band <= finding.confidence < threshold and not _told(finding, looked.found):
            asked.append(Doubt(finding, threshold, below=True))
    return asked


def _told(one: Finding, found: Collection[Finding]) -> bool:
    """Return whether a regular finding of the same kind already has any of the same words."""
    return any(
        other.kind is one.kind
        and mine.part_id == theirs.part_id
        and mine.start < theirs.end
        and theirs.start < mine.end
        for other in found
        for mine in one.evidence
        for theirs in other.evidence
    )


def questions(
    looked: Looked, asked: Sequence[Doubt], now: datetime, known_before: datetime | None
) -> list[tuple[Question, tuple[Doubt, ...]]]:
    """Return one question per message that is asked about, with its doubts in the order of the claims."""
    conversation = looked.conversation
    key = resource_key(conversation.workspace_id, conversation.id)
    texts = {message.part_id: message.text for message in conversation.messages}
    by_part: dict[str, list[Doubt]] = defaultdict(list)
    for doubt in asked:
        by_part[doubt.finding.evidence[0].part_id].append(doubt)
    questions = []
    for part_id, mine in by_part.items():
        kept = tuple(sorted(mine, key=lambda one: _order(one.finding)))[:MOST_CLAIMS]
        claims = tuple(Claim.of(doubt.finding) for doubt in kept)
        digest = text_digest(conversation.organization_id, texts[part_id])
        questions.append(
            (
                Question(
                    question_id=question_id(key, part_id, digest, claims),
                    organization_id=conversation.organization_id,
                    connection_id=looked.connection_id,
                    conversation_key=key,
                    part_id=part_id,
                    text_digest=digest,
                    claims=claims,
                    asked_at=now,
                    known_before=known_before,
                ),
                kept,
            )
        )
    return questions


def _order(finding: Finding) -> tuple[str, int, int, str]:
    lead = finding.evidence[0]
    return (finding.kind.value, lead.start, lead.end, finding.subject)


def is_young(question: Question, conversation: Conversation, rules: AskRules, now: datetime) -> bool:
    """Return whether the words in question are recent enough to be worth asking about."""
    said = next(
        (message.at for message in conversation.messages if message.part_id == question.part_id), None
    )
    return said is not None and now - said <= rules.max_age


def waits(doubt: Doubt, question: Question, rules: AskRules, now: datetime) -> bool:
    """Return whether a finding is withheld until the answer arrives, which is never for long.

    Moods open no signals by themselves, and one that came and went would look like a shift.
    """
    is_open = question.outcome is None and now - question.asked_at < rules.patience
    return is_open and not doubt.below and doubt.finding.kind is not Kind.SENTIMENT


def folded(
    looked: Looked, answered: Sequence[tuple[Question, Sequence[Doubt]]], held: Collection[Finding]
) -> tuple[Finding, ...]:
    """Return the findings with the verdicts applied. `held` ones are left out until theirs arrives."""
    messages = {message.part_id: message for message in looked.conversation.messages}
    replaced: dict[int, Finding | None] = {id(finding): None for finding in held}
    added: list[Finding] = []
    for question, asked in answered:
        if question.outcome != "answered":
            continue
        for doubt, verdict in zip(asked, question.verdicts, strict=True):
            if not verdict.confirmed:
                replaced[id(doubt.finding)] = _without(doubt, question.part_id)
                continue
            quoted = _quoted(doubt.finding, messages[question.part_id], verdict.start, verdict.end)
            if doubt.below:
                # It gets no more than its detector's threshold: the model's verdicts are not calibrated.
                added.append(replace(quoted, confidence=doubt.threshold))
            else:
                replaced[id(doubt.finding)] = quoted
    kept = [replaced.get(id(finding), finding) for finding in looked.found]
    return (*(finding for finding in kept if finding is not None), *added)


def _without(doubt: Doubt, part_id: str) -> Finding | None:
    """The finding as its other messages prove it, surest first; None if none of them is sure enough."""
    finding = doubt.finding
    rest = sorted(
        (evidence for evidence in finding.evidence if evidence.part_id != part_id),
        key=finding.confidence_of,
        reverse=True,
    )
    if not rest or finding.confidence_of(rest[0]) < doubt.threshold:
        return None
    return replace(finding, confidence=finding.confidence_of(rest[0]), evidence=tuple(rest))


def _quoted(finding: Finding, message: Message, start: int, end: int) -> Finding:
    lead, *others = finding.evidence
    if not 0 <= start < end <= len(message.text):
        return finding
    fresh = Evidence.of(message, start, end)
    apart = [
        other
        for other in others
        if other.part_id != fresh.part_id or other.end <= start or end <= other.start
    ]
    return finding if fresh == lead else replace(finding, evidence=(fresh, *apart))
