"""From what detectors found to what signals may rest on: slots, titles, proofs and people."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.detector.domain.contribution import Contribution, Reading
from services.detector.domain.corrections import threshold_key
from services.detector.domain.finding import LIFECYCLE_KINDS, Finding, Kind, Polarity
from services.detector.domain.identity import Subject, resource_key, to_milliseconds
from services.detector.domain.mirror import Mark
from services.detector.domain.mood import MoodPoint, Shift
from services.detector.domain.occasion import DOWN, EXPLICIT, IMPLIED, UP, Slot
from services.detector.domain.signal import Proof
from shared.contracts.signals import CustomerRef, PersonRef

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from services.detector.domain.conversation import Conversation, Message
    from services.detector.domain.finding import Evidence

MAX_QUOTE = 4_000
"""Characters of a quote; the contract's limit. A longer one is cut together with its end offset."""

_TITLES: Mapping[str, str] = {
    "onboarding": "Getting started",
    "renewal": "Renewal is being discussed",
    "upsell": "Asks about a bigger plan",
    "expansion": "Wants to bring in more people or teams",
    "churn_risk/explicit": "Says they will leave",
    "churn_risk/implied": "Signs of leaving",
    "sentiment_shift/down": "Mood turned for the worse",
    "sentiment_shift/up": "Mood turned for the better",
    "health_change": "Health fell",
}

MOOD_DETECTOR = "sentiment_shift"
MOOD_VERSION = "3"


@dataclass(frozen=True, slots=True)
class Attribution:
    """Whose conversation it is."""

    subject: Subject
    customer: CustomerRef | None
    tags: tuple[str, ...] = ()


def title_of(slot: Slot) -> str:
    """Return a signal's title in plain words; a wish's title comes from the request instead."""
    return _TITLES.get(slot.key, slot.kind.replace("_", " ").capitalize())


def conversation_reading(
    conversation: Conversation,
    connection_id: str,
    findings: Sequence[Finding],
    attribution: Attribution,
    requests: Mapping[str, tuple[str, str]],
    *,
    least: Mapping[str, float] | None = None,
    lifecycle: bool,
    muted_since: datetime | None = None,
    heard_until: datetime | None = None,
) -> Reading:
    """Return what a conversation says.

    `requests` gives a wish's (request id, title) by its subject text; `least` the confidence by
    `threshold_key` that people's corrections ask for before a signal opens. `muted_since` is when
    lifecycle events were switched off, where they are; `heard_until` is the newest message that detectors of
    another version had read.
    """
    key = resource_key(conversation.workspace_id, conversation.id)
    messages = {message.part_id: message for message in conversation.messages}
    proofs: dict[Slot, dict[tuple[str, int, int], Proof]] = defaultdict(dict)
    titles: dict[Slot, str] = {}
    for finding in findings:
        slot = _slot(finding, requests)
        if slot is None or (finding.kind in LIFECYCLE_KINDS and not lifecycle):
            continue
        titles[slot] = requests[finding.subject][1] if slot.request_id else title_of(slot)
        for evidence in finding.evidence:
            proof = _proof(key, conversation, finding, evidence, messages[evidence.part_id])
            place = (proof.part_id, proof.start, proof.end)
            held = proofs[slot].get(place)
            if held is None or held.confidence < proof.confidence:
                proofs[slot][place] = proof
    contributions = tuple(
        Contribution(
            subject=attribution.subject,
            slot=slot,
            title=titles[slot],
            connection_id=connection_id,
            workspace_id=conversation.workspace_id,
            proofs=tuple(found.values()),
            customer=attribution.customer,
            people=_people(found.values()),
            tags=attribution.tags,
            least=(least or {}).get(threshold_key(slot), 0.0),
        )
        for slot, found in proofs.items()
        if found
    )
    texts = {message.part_id: message.text for message in conversation.messages}
    return Reading(
        source=key,
        contributions=contributions,
        texts={key: texts},
        muted=not lifecycle,
        muted_since=None if lifecycle else muted_since,
        heard={key: heard_until} if heard_until else {},
    )


_PLAIN_SLOTS: Mapping[Kind, Slot] = {
    Kind.ONBOARDING: Slot("onboarding"),
    Kind.RENEWAL: Slot("renewal"),
    Kind.UPSELL: Slot("upsell"),
    Kind.EXPANSION: Slot("expansion"),
}


def _slot(finding: Finding, requests: Mapping[str, tuple[str, str]]) -> Slot | None:
    """Return what a finding may open; None for a mood, which speaks through its shift."""
    if finding.kind is Kind.CHURN_RISK:
        return Slot("churn_risk", EXPLICIT if finding.explicit else IMPLIED)
    if finding.kind is Kind.FEATURE_REQUEST:
        known = requests.get(finding.subject)
        return Slot("feature_request", known[0]) if known else None
    return _PLAIN_SLOTS.get(finding.kind)


def _proof(
    key: str, conversation: Conversation, finding: Finding, evidence: Evidence, message: Message
) -> Proof:
    quote = evidence.quote[:MAX_QUOTE]
    return Proof(
        source=key,
        said_at=to_milliseconds(message.at),
        confidence=round(finding.confidence_of(evidence), 4),
        detector=finding.detector,
        version=finding.version,
        conversation_key=key,
        conversation_id=conversation.id,
        part_id=evidence.part_id,
        start=evidence.start,
        end=evidence.start + len(quote),
        quote=quote,
        author_id=resource_key(conversation.workspace_id, message.author_id) if message.author_id else None,
        author_name=message.author_name or None,
        author_email=message.author_email or None,
    )


def _people(proofs: Iterable[Proof]) -> tuple[PersonRef, ...]:
    found = {
        proof.author_id: PersonRef(id=proof.author_id, name=proof.author_name, email=proof.author_email)
        for proof in proofs
        if proof.author_id
    }
    return tuple(found[identifier] for identifier in sorted(found))


def marks_of(findings: Sequence[Finding]) -> tuple[Mark, ...]:
    """Return the places that a conversation's page marks, in reading order."""
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
                one.part_id, one.start, one.end, kind, round(finding.confidence_of(one), 4),
                f"{finding.detector} {finding.version}", note[:300],
            )
            for one in finding.evidence
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


def mood_source(subject: Subject) -> str:
    return f"mood/{subject.key}"


def account_source(subject: Subject) -> str:
    return f"account/{subject.key}"


def mood_reading(
    subject: Subject,
    customer: CustomerRef | None,
    shifts: Sequence[Shift],
    connection_id: str,
    *,
    texts: Mapping[str, Mapping[str, str]],
    heard: Mapping[str, datetime],
) -> Reading:
    """Return what a subject's moods say: shifts with the words that carry them, or that there are none.

    `texts` and `heard` are a reading's.
    """
    source = mood_source(subject)
    return Reading(
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
        people=_people(proofs),
        keeps_earlier=True,
    )


def account_reading(
    subject: Subject,
    customer: CustomerRef,
    findings: Sequence[Finding],
    *,
    connection_id: str,
    workspace_id: str,
    now: datetime,
    is_news: bool,
    new_detectors: Collection[str] = (),
    seen: Mapping[tuple[str, str], Proof],
) -> Reading:
    """Return what an account's facts say.

    `seen` holds the facts that signals rest on already, by (slot key, fact): a fact that lasts is evidence
    from the day it was first seen, however its number moves (two questions wait, then three). What it says
    now, and how sure that is, takes the place of what it said. `is_news` is false while listening has only
    begun: every fact is new to us then, and old to everybody else, so that one which says since when it holds
    is dated so. The same goes for the facts of each of the `new_detectors`.
    """
    contributions = []
    for finding in findings:
        slot = _slot(finding, {})
        if slot is None:
            continue
        news = is_news and finding.detector not in new_detectors
        proofs = []
        for fact in finding.facts:
            known = seen.get((slot.key, fact.name))
            if known is not None and (known.fact_value, known.reason) == (fact.value, fact.reason):
                proofs.append(known)
                continue
            noticed = now if news or fact.since is None else min(fact.since, now)
            proofs.append(
                Proof(
                    source=account_source(subject),
                    said_at=known.said_at if known else to_milliseconds(noticed),
                    confidence=round(finding.confidence, 4),
                    detector=finding.detector,
                    version=finding.version,
                    fact=fact.name,
                    fact_value=fact.value,
                    reason=fact.reason,
                )
            )
        contributions.append(
            Contribution(
                subject=subject,
                slot=slot,
                title=title_of(slot),
                connection_id=connection_id,
                workspace_id=workspace_id,
                proofs=tuple(proofs),
                customer=customer,
                is_news=news,
            )
        )
    return Reading(source=account_source(subject), contributions=tuple(contributions), resolves=True)
