"""Reading conversations: from the mirror through the detectors to signals.

One call reads a batch. It may be repeated at any time, in any order, by any replica: what it stores is a
function of the mirror, and signals are settled under their revisions.

Two readings of one conversation must not overtake each other: whoever read it before a reply arrived and
settles after it was heard would take the reply's signal back. So in one process readings take turns, and one
that does not come of the conversation's own records looks once more before it settles, for what another
replica stored meanwhile.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from services.detector.domain.contribution import Reading
from services.detector.domain.conversation import AccountFacts, Context
from services.detector.domain.finding import LIFECYCLE_KINDS
from services.detector.domain.fingerprint import fingerprint_of
from services.detector.domain.identity import Subject, to_milliseconds
from services.detector.domain.mirror import Analysis, ConnectionView
from services.detector.domain.readings import Attribution, conversation_reading, marks_of, moods_of
from services.detector.domain.redetection import Difference, difference_of
from services.detector.domain.second_look import Looked
from services.detector.domain.spoken import as_conversation, in_order
from services.detector.domain.text_reading import read_with
from shared.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from services.detector.detectors import Detectors
    from services.detector.domain.conversation import Conversation
    from services.detector.domain.detector import Detector
    from services.detector.domain.finding import Finding
    from services.detector.domain.mirror import MirroredConversation
    from services.detector.domain.model_scores import TextModel
    from services.detector.domain.text_reading import Scores
    from services.detector.ports import Connections, Corrections, DueSubjects, Mirror
    from services.detector.use_cases.attribution import Attributor
    from services.detector.use_cases.second_look import SecondLook
    from services.detector.use_cases.settle import Settler
    from services.detector.use_cases.wishes import Wishes
    from shared.clock import Clock
    from shared.contracts.resources import ConversationPartChanged

_LOOKS = 5
"""Times that a conversation is read because it changed under its reading, before the batch is tried anew."""
_AT_ONCE = 50
"""Conversations detected and settled together: a quarter of a second, after which their signals are told."""


@dataclass(frozen=True)
class _Read:
    """One conversation with what the detectors found in it."""

    mirrored: MirroredConversation
    conversation: Conversation
    attribution: Attribution
    company_keys: tuple[str, ...]
    connection: ConnectionView
    heard_until: datetime | None
    findings: tuple[Finding, ...]
    nearly: tuple[Finding, ...]
    spend: float | None
    redacted: tuple[str, ...]

    @property
    def looked(self) -> Looked:
        return Looked(
            self.conversation, self.connection.connection_id, self.findings, self.nearly, self.spend
        )


class ReadConversations:
    """Reads conversations of one organization, a batch at a time."""

    def __init__(
        self,
        *,
        mirror: Mirror,
        connections: Connections,
        corrections: Corrections,
        detectors: Detectors,
        attributor: Attributor,
        wishes: Wishes,
        due: DueSubjects,
        settler: Settler,
        second_look: SecondLook,
        clock: Clock,
        model: TextModel | None = None,
    ) -> None:
        self._model = model
        self._mirror = mirror
        self._connections = connections
        self._corrections = corrections
        self._detectors = detectors
        told = (*detectors.conversation, *detectors.account)
        self._fingerprints = {switch: fingerprint_of(told, lifecycle=switch) for switch in (True, False)}
        self._attributor = attributor
        self._wishes = wishes
        self._due = due
        self._settler = settler
        self._second_look = second_look
        self._clock = clock
        self._turn = asyncio.Lock()

    def fingerprint(self, *, lifecycle: bool) -> str:
        """Return what names the present detectors and switch; another one means that a re-reading is due."""
        return self._fingerprints[lifecycle]

    async def compare(self, organization_id: str, keys: Sequence[str]) -> Difference:
        """Return what the present detectors would mark otherwise in these conversations; nothing is stored.

        What was never read is left out: it is about to be, and changes nothing.
        """
        difference = Difference()
        for start in range(0, len(keys), _AT_ONCE):
            mirrored = await self._mirror.conversations(organization_id, keys[start : start + _AT_ONCE])
            read = {key: one for key, one in mirrored.items() if one.analysis is not None}
            for one in await self._detect(organization_id, read, {}):
                held = one.mirrored.analysis
                at = to_milliseconds(one.mirrored.record.updated_at)
                marks = marks_of(one.findings)
                difference = difference.joined(
                    difference_of(one.mirrored.key, at, held.marks if held else (), marks)
                )
        return difference

    async def read(
        self,
        organization_id: str,
        keys: Collection[str],
        *,
        known_before: datetime | None = None,
        arrived: Mapping[str, Sequence[ConversationPartChanged]] | None = None,
    ) -> int:
        """Read these conversations and settle the signals; return how many signals changed.

        `arrived` are parts that were just stored, by conversation key: one that is read for the first
        time and whose parts all came together is not fetched again.

        A key whose conversation is gone takes its evidence out of all signals. What was said before
        `known_before` counts as known: it is shown, and nobody is alerted.

        Many are read in portions. Whose they are is marked as due at the end, for `due_subjects` to review.
        """
        count = 0
        subjects: dict[Subject, ConnectionView] = {}
        wanted = list(keys)
        for start in range(0, len(wanted), _AT_ONCE):
            portion = wanted[start : start + _AT_ONCE]
            async with self._turn:
                changed, touched = await self._read_portion(organization_id, portion, known_before, arrived)
            count += changed
            subjects.update(touched)
        due = {one: view for one, view in subjects.items() if one.kind != "conversation"}
        await self._due.mark(organization_id, due, at=self._clock.now(), known_before=known_before)
        return count

    async def _read_portion(
        self,
        organization_id: str,
        keys: Sequence[str],
        known_before: datetime | None,
        arrived: Mapping[str, Sequence[ConversationPartChanged]] | None,
    ) -> tuple[int, dict[Subject, ConnectionView]]:
        """Settle what these conversations say; return how many signals changed, and who is due."""
        for _ in range(_LOOKS):
            mirrored = await self._mirror.conversations(organization_id, keys)
            reads = await self._read_twice(organization_id, mirrored, arrived or {}, known_before)
            # Who comes with the records themselves has the last of them.
            if arrived is not None or not await self._outrun(organization_id, keys, reads):
                break
        else:
            raise TransientError("Conversations kept changing while they were read.")
        await self._second_look.forget(
            organization_id,
            set(keys) - set(mirrored),
            {one.mirrored.key: one.redacted for one in reads if one.redacted},
        )
        gone = [Reading(source=key, contributions=(), texts={}) for key in sorted(set(keys) - set(mirrored))]
        requests, least, _ = await asyncio.gather(
            self._wishes.assign(organization_id, {one.mirrored.key: one.findings for one in reads}),
            self._corrections.thresholds(organization_id),
            self._keep(organization_id, reads),
        )
        readings = [
            conversation_reading(
                one.conversation,
                one.connection.connection_id,
                one.findings,
                one.attribution,
                requests.get(one.mirrored.key, {}),
                least=least,
                lifecycle=one.connection.lifecycle_events,
                muted_since=one.connection.muted_since,
                heard_until=one.heard_until,
            )
            for one in reads
        ]
        before = {Subject.from_key(one.mirrored.subject) for one in reads if one.mirrored.subject}
        after = {one.attribution.subject: one.connection for one in reads}
        changed = await self._settler.settle(organization_id, [*gone, *readings], known_before=known_before)
        connection = next(iter(after.values()), None)
        subjects = {**{subject: connection for subject in before if connection}, **after}
        subjects.update(await self._subjects_of_gone(organization_id, gone, changed.subjects))
        return changed.count, subjects

    async def _outrun(self, organization_id: str, keys: Sequence[str], reads: Sequence[_Read]) -> bool:
        """Tell whether one of these conversations is not any more what was read of it."""
        mirrored = await self._mirror.conversations(organization_id, keys)
        parts = await self._mirror.parts(organization_id, mirrored.keys())
        return mirrored.keys() != {one.mirrored.key for one in reads} or any(
            one.conversation
            != as_conversation(
                mirrored[one.mirrored.key].record, parts.get(one.mirrored.key, []), one.attribution.tags
            )
            for one in reads
        )

    async def _subjects_of_gone(
        self, organization_id: str, gone: Sequence[Reading], subjects: Collection[Subject]
    ) -> dict[Subject, ConnectionView]:
        """Return whose moods must be looked at again because a conversation of theirs went."""
        if not gone:
            return {}
        views = await self._connections.all_of(organization_id)
        if not views:
            return {}
        return dict.fromkeys(subjects, views[0])

    async def _read_twice(
        self,
        organization_id: str,
        mirrored: Mapping[str, MirroredConversation],
        arrived: Mapping[str, Sequence[ConversationPartChanged]],
        known_before: datetime | None,
    ) -> list[_Read]:
        """Return what the detectors found, after a second look at what they are not sure of."""
        nearly = await self._second_look.nearly(organization_id)
        reads = await self._detect(organization_id, mirrored, arrived, nearly)
        chosen = {one.name for one in nearly}
        findings = await self._second_look.look(
            organization_id, [one.looked for one in reads], chosen, known_before
        )
        return [replace(one, findings=found) for one, found in zip(reads, findings, strict=True)]

    async def _detect(
        self,
        organization_id: str,
        mirrored: Mapping[str, MirroredConversation],
        arrived: Mapping[str, Sequence[ConversationPartChanged]],
        nearly: Sequence[Detector] = (),
    ) -> list[_Read]:
        if not mirrored:
            return []
        whole = {
            key: in_order(arrived[key])
            for key, one in mirrored.items()
            if one.analysis is None and len(arrived.get(key, ())) >= one.record.part_count > 0
        }
        workspaces = {one.record.workspace_id for one in mirrored.values()}
        fetched, attributions, agents, views = await asyncio.gather(
            self._mirror.parts(organization_id, mirrored.keys() - whole.keys()),
            self._attributor.attribute(organization_id, list(mirrored.values())),
            self._agents(organization_id, workspaces),
            self._views(organization_id, {one.record.connection_id for one in mirrored.values()}),
        )
        parts = {**fetched, **whole}
        facts = await self._attributor.facts(organization_id, attributions.values())
        prepared = []
        for key, one in mirrored.items():
            attribution, company_keys = attributions[key]
            conversation = as_conversation(one.record, parts.get(key, []), attribution.tags)
            connection = views[one.record.connection_id]
            context = Context(
                now=self._clock.now(),
                facts=facts.get(attribution.subject.customer_id or "", AccountFacts()),
                company_name=connection.workspace_name,
                agent_names=frozenset(agents[one.record.workspace_id]),
            )
            heard = self._heard_until(one, connection, arrived.get(key, ()))
            prepared.append((one, conversation, attribution, company_keys, connection, heard, context))

        def work() -> list[_Read]:
            scores = self._scores([conversation for _, conversation, *_ in prepared])
            reads = []
            for (one, conversation, attribution, company_keys, connection, heard, context), said in zip(
                prepared, scores, strict=True
            ):
                told, lifecycle = replace(context, scores=said), connection.lifecycle_events
                reads.append(
                    _Read(
                        mirrored=one,
                        conversation=conversation,
                        attribution=attribution,
                        company_keys=company_keys,
                        connection=connection,
                        heard_until=heard,
                        findings=_findings(
                            self._detectors.conversation, conversation, told, lifecycle=lifecycle
                        ),
                        nearly=_findings(nearly, conversation, told, lifecycle=lifecycle),
                        spend=context.facts.monthly_spend,
                        redacted=tuple(part.id for part in parts.get(one.key, ()) if part.redacted),
                    )
                )
            return reads

        # Detectors compute; beside the loop they leave it free to answer pages and to fetch records.
        return await asyncio.to_thread(work)

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

    async def _agents(self, organization_id: str, workspaces: set[str]) -> dict[str, set[str]]:
        """Return the teammates' names by workspace."""
        agents: dict[str, set[str]] = defaultdict(set)
        for admin in await self._mirror.admins(organization_id, workspaces):
            agents[admin.workspace_id].add(admin.name)
        return agents

    async def _views(self, organization_id: str, connection_ids: set[str]) -> dict[str, ConnectionView]:
        """Return the connections by id; one whose record has not arrived yet has its switch off."""
        return {
            one: await self._connections.get(organization_id, one) or ConnectionView(one, organization_id)
            for one in connection_ids
        }

    def _scores(self, conversations: Sequence[Conversation]) -> Sequence[Scores]:
        """Return what the text model says of each conversation; nothing where there is no model."""
        if self._model is None:
            return [{}] * len(conversations)
        return read_with(self._model, conversations)

    async def _keep(self, organization_id: str, reads: Sequence[_Read]) -> None:
        await self._mirror.save_analyses(
            organization_id,
            {
                one.mirrored.key: (
                    self._analysis(one),
                    one.attribution.subject.key,
                    one.company_keys,
                )
                for one in reads
            },
        )

    def _analysis(self, one: _Read) -> Analysis:
        said = [message.at for message in one.conversation.customer_messages]
        answered = [
            message.at
            for message in one.conversation.messages
            if message.author_type == "agent" and not message.internal
        ]
        return Analysis(
            fingerprint=self.fingerprint(lifecycle=one.connection.lifecycle_events),
            moods=moods_of(one.conversation, one.findings),
            marks=marks_of(one.findings),
            held_parts=len(one.conversation.messages),
            messages=len(said),
            other_language=one.conversation.other_language_count,
            last_customer_at=max(said, default=None),
            last_agent_at=max(answered, default=None),
            heard_until=one.heard_until,
        )


def _findings(
    detectors: Sequence[Detector], conversation: Conversation, context: Context, *, lifecycle: bool
) -> tuple[Finding, ...]:
    found: list[Finding] = []
    for detector in detectors:
        if lifecycle or not detector.kinds <= LIFECYCLE_KINDS:
            found += detector.detect(conversation, context)
    return tuple(one for one in found if lifecycle or one.kind not in LIFECYCLE_KINDS)
