"""Turns the findings of one conversation into the evidence that signals may rest on."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from services.detector.domain.contribution import Assessment, Contribution
from services.detector.domain.corrections import threshold_key
from services.detector.domain.finding import LIFECYCLE_KINDS
from services.detector.domain.identity import resource_key, to_milliseconds
from services.detector.domain.signal import MAX_QUOTE, Proof, authors_of
from services.detector.domain.slots import slot_of, title_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from services.detector.domain.attribution import Attribution
    from services.detector.domain.conversation import Conversation, Message
    from services.detector.domain.finding import Evidence, Finding
    from services.detector.domain.occasion import Slot


def conversation_assessment(
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
) -> Assessment:
    """Return what a conversation says.

    Args:
        conversation: what was read.
        connection_id: the connection it was read through.
        findings: what the detectors found.
        attribution: whom the conversation counts for.
        requests: (request id, title) of each wish, by its subject text.
        least: by `threshold_key`, the confidence that people's corrections require before a signal opens.
        lifecycle: whether lifecycle events are looked for.
        muted_since: when they were switched off, if they are.
        heard_until: the newest message that detectors of another version had read.
    """
    key = resource_key(conversation.workspace_id, conversation.id)
    messages = {message.part_id: message for message in conversation.messages}
    proofs: dict[Slot, dict[tuple[str, int, int], Proof]] = defaultdict(dict)
    titles: dict[Slot, str] = {}
    for finding in findings:
        slot = slot_of(finding, requests)
        if slot is None or (finding.kind in LIFECYCLE_KINDS and not lifecycle):
            continue
        titles[slot] = requests[finding.subject][1] if slot.request_id else title_of(slot)
        for evidence in finding.evidence:
            proof = _proof(key, conversation, finding, evidence, messages[evidence.part_id])
            span = (proof.part_id, proof.start, proof.end)
            earlier = proofs[slot].get(span)
            if earlier is None or earlier.confidence < proof.confidence:
                proofs[slot][span] = proof
    contributions = tuple(
        Contribution(
            subject=attribution.subject,
            slot=slot,
            title=titles[slot],
            connection_id=connection_id,
            workspace_id=conversation.workspace_id,
            proofs=tuple(by_span.values()),
            customer=attribution.customer,
            people=authors_of(by_span.values()),
            tags=attribution.tags,
            least=(least or {}).get(threshold_key(slot), 0.0),
        )
        for slot, by_span in proofs.items()
        if by_span
    )
    texts = {message.part_id: message.text for message in conversation.messages}
    return Assessment(
        source=key,
        contributions=contributions,
        texts={key: texts},
        muted=not lifecycle,
        muted_since=None if lifecycle else muted_since,
        heard={key: heard_until} if heard_until else {},
    )


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
