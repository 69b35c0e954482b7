"""Runs the detectors on mirrored conversations. Nothing is stored.

Everything that a portion of conversations needs is fetched for the whole portion; the detectors then run in a
thread, outside the event loop.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from services.detector.domain.analysis import marks_of, moods_of
from services.detector.domain.conversation import AccountFacts, Context
from services.detector.domain.finding import LIFECYCLE_KINDS
from services.detector.domain.fingerprint import fingerprint_of
from services.detector.domain.identity import to_milliseconds
from services.detector.domain.message_scoring import score_messages
from services.detector.domain.mirror import Analysis, ConnectionView
from services.detector.domain.own_product import own_product
from services.detector.domain.second_look import Looked
from services.detector.domain.spoken import as_conversation, in_order, last_answered_at, last_asked_at

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from services.detector.detectors import Detectors
    from services.detector.domain.attribution import Attribution
    from services.detector.domain.conversation import Conversation
    from services.detector.domain.detector import Detector
    from services.detector.domain.finding import Finding
    from services.detector.domain.message_scoring import Scores
    from services.detector.domain.mirror import MirroredConversation
    from services.detector.domain.model_scores import TextModel
    from services.detector.ports import Connections, Mirror
    from services.detector.use_cases.attribution import Attributor
    from shared.clock import Clock
    from shared.contracts.resources import ConversationPartChanged


@dataclass(frozen=True)
class Detected:
    """One conversation with what the detectors found in it."""

    mirrored: MirroredConversation
    conversation: Conversation
    attribution: Attribution
    company_keys: tuple[str, ...]
    connection: ConnectionView
    fingerprint: str
    heard_until: datetime | None
    findings: tuple[Finding, ...]
    nearly: tuple[Finding, ...]
    spend: float | None
    redacted: tuple[str, ...]

    @property
    def key(self) -> str:
        return self.mirrored.key

    @property
    def looked(self) -> Looked:
        return Looked(
            self.conversation, self.connection.connection_id, self.findings, self.nearly, self.spend
        )

    @property
    def analysis(self) -> Analysis:
        """Return what is stored of this result beside the conversation."""
        moments = [message.at for message in self.conversation.customer_messages]
        return Analysis(
            fingerprint=self.fingerprint,
            moods=moods_of(self.conversation, self.findings),
            marks=marks_of(self.findings),
            held_parts=len(self.conversation.messages),
            messages=len(moments),
            other_language=self.conversation.other_language_count,
            last_customer_at=max(moments, default=None),
            last_asked_at=last_asked_at(self.conversation),
            last_agent_at=last_answered_at(self.conversation),
            heard_until=self.heard_until,
        )


@dataclass(frozen=True)
class _Prepared:
    """One conversation with everything that detectors may know about it."""

    mirrored: MirroredConversation
    conversation: Conversation
    attribution: Attribution
    company_keys: tuple[str, ...]
    connection: ConnectionView
    context: Context
    heard_until: datetime | None
    redacted: tuple[str, ...]


class DetectConversations:
    """Runs the detectors on conversations of one organization, a portion at a time."""

    def __init__(
        self,
        *,
        mirror: Mirror,
        connections: Connections,
        detectors: Detectors,
        attributor: Attributor,
        clock: Clock,
        model: TextModel | None = None,
    ) -> None:
        self._mirror = mirror
        self._connections = connections
        self._detectors = detectors.conversation
        identified = (*detectors.conversation, *detectors.account)
        self._fingerprints = {
            switch: fingerprint_of(identified, lifecycle=switch) for switch in (True, False)
        }
        self._attributor = attributor
        self._clock = clock
        self._model = model

    def fingerprint(self, *, lifecycle: bool) -> str:
        """Return the fingerprint of the present detectors and switch; another one means a re-read is due."""
        return self._fingerprints[lifecycle]

    async def detect(
        self,
        organization_id: str,
        mirrored: Mapping[str, MirroredConversation],
        arrived: Mapping[str, Sequence[ConversationPartChanged]],
        nearly: Sequence[Detector] = (),
    ) -> list[Detected]:
        """Return what is found in these conversations, in their order.

        `arrived` are parts that were just stored, by conversation key: a conversation that is read for the
        first time, and all of whose parts are here, is not fetched again. `nearly` are detectors with lowered
        thresholds, whose findings are kept separate.
        """
        if not mirrored:
            return []
        prepared = await self._prepare(organization_id, mirrored, arrived)
        # Detectors are pure computation; in a thread they leave the event loop free for pages and records.
        return await asyncio.to_thread(self._compute, prepared, nearly)

    async def _prepare(
        self,
        organization_id: str,
        mirrored: Mapping[str, MirroredConversation],
        arrived: Mapping[str, Sequence[ConversationPartChanged]],
    ) -> list[_Prepared]:
        whole = {
            key: in_order(arrived[key])
            for key, conversation in mirrored.items()
            if conversation.analysis is None
            and len(arrived.get(key, ())) >= conversation.record.part_count > 0
        }
        fetched, attributed, views = await asyncio.gather(
            self._mirror.parts(organization_id, mirrored.keys() - whole.keys()),
            self._attributor.attribute(organization_id, list(mirrored.values())),
            self._views(
                organization_id, {conversation.record.connection_id for conversation in mirrored.values()}
            ),
        )
        parts = {**fetched, **whole}
        prepared = []
        for key, conversation in mirrored.items():
            attribution, company_keys, facts = attributed[key]
            connection = views[conversation.record.connection_id]
            mine = parts.get(key, [])
            prepared.append(
                _Prepared(
                    mirrored=conversation,
                    conversation=as_conversation(
                        conversation.record,
                        mine,
                        attribution.tags,
                        own_product=own_product(connection.workspace_name),
                    ),
                    attribution=attribution,
                    company_keys=company_keys,
                    connection=connection,
                    context=Context(now=self._clock.now(), facts=facts or AccountFacts()),
                    heard_until=self._heard_until(conversation, connection, arrived.get(key, ())),
                    redacted=tuple(part.id for part in mine if part.redacted),
                )
            )
        return prepared

    def _compute(self, prepared: Sequence[_Prepared], nearly: Sequence[Detector]) -> list[Detected]:
        detected = []
        for one, said in zip(prepared, self._scores(prepared), strict=True):
            context, lifecycle = replace(one.context, scores=said), one.connection.lifecycle_events
            detected.append(
                Detected(
                    mirrored=one.mirrored,
                    conversation=one.conversation,
                    attribution=one.attribution,
                    company_keys=one.company_keys,
                    connection=one.connection,
                    fingerprint=self.fingerprint(lifecycle=lifecycle),
                    heard_until=one.heard_until,
                    findings=_findings(self._detectors, one.conversation, context, lifecycle=lifecycle),
                    nearly=_findings(nearly, one.conversation, context, lifecycle=lifecycle),
                    spend=context.facts.monthly_spend,
                    redacted=one.redacted,
                )
            )
        return detected

    def _scores(self, prepared: Sequence[_Prepared]) -> Sequence[Scores]:
        """Return the text model's scores for each conversation; none if there is no model."""
        if self._model is None:
            return [{}] * len(prepared)
        return score_messages(self._model, [one.conversation for one in prepared])

    def _heard_until(
        self,
        mirrored: MirroredConversation,
        connection: ConnectionView,
        arriving: Sequence[ConversationPartChanged],
    ) -> datetime | None:
        if mirrored.analysis is None:
            return None
        return mirrored.analysis.heard_by_others(
            self.fingerprint(lifecycle=connection.lifecycle_events),
            min((to_milliseconds(part.created_at) for part in arriving), default=None),
        )

    async def _views(self, organization_id: str, connection_ids: set[str]) -> dict[str, ConnectionView]:
        """Return the connections by id.

        Until a connection's record arrives, its lifecycle switch counts as off.
        """
        return {
            connection_id: await self._connections.get(organization_id, connection_id)
            or ConnectionView(connection_id, organization_id)
            for connection_id in connection_ids
        }


def _findings(
    detectors: Sequence[Detector], conversation: Conversation, context: Context, *, lifecycle: bool
) -> tuple[Finding, ...]:
    findings: list[Finding] = []
    for detector in detectors:
        if lifecycle or not detector.kinds <= LIFECYCLE_KINDS:
            findings += detector.detect(conversation, context)
    return tuple(finding for finding in findings if lifecycle or finding.kind not in LIFECYCLE_KINDS)
