"""Reads conversations: runs the detectors, stores what they found, and settles it as signals.

One call reads a batch. A call may be repeated at any time, in any order and by any replica: what it stores is
a function of the mirror, and signals are settled under their revisions.

Two concurrent reads of one conversation must not overtake each other. A read that started before a reply
arrived, and settled after the reply had been read, would withdraw the reply's signal. So within one process,
reads take turns; and before it settles, each read checks again what another replica has stored meanwhile.
Reads of records that have just arrived check as well, since their partition may have moved to another replica
in the middle of the batch.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from services.detector.domain.contribution import Assessment
from services.detector.domain.conversation_assessment import conversation_assessment
from services.detector.domain.finding import Kind
from services.detector.domain.identity import Subject
from services.detector.domain.spoken import as_conversation
from services.detector.use_cases.turns import Turns, side_by_side
from shared.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from services.detector.domain.mirror import ConnectionView
    from services.detector.ports import Connections, Corrections, DueSubjects, Mirror
    from services.detector.use_cases.detect import DetectConversations, Detected
    from services.detector.use_cases.second_look import SecondLook
    from services.detector.use_cases.settle import Settler
    from services.detector.use_cases.wishes import Wishes
    from shared.clock import Clock
    from shared.contracts.resources import ConversationPartChanged

_MOST_READS = 5
"""Times that a conversation which keeps changing is read before the batch is retried from the bus."""
_AT_ONCE = 50
"""Conversations detected and settled together: a quarter of a second, after which their signals are
published."""


@dataclass(frozen=True)
class _Batch:
    """What one call was asked to read, except for the conversations' keys."""

    organization_id: str
    known_before: datetime | None
    arrived: Mapping[str, Sequence[ConversationPartChanged]] | None


@dataclass(frozen=True)
class _Portion:
    """Conversations that are settled together, as they were when the detectors read them."""

    keys: Sequence[str]
    reads: Sequence[Detected]
    gone: tuple[str, ...]


class ReadConversations:
    """Reads conversations of one organization, a batch at a time."""

    def __init__(
        self,
        *,
        mirror: Mirror,
        connections: Connections,
        corrections: Corrections,
        detection: DetectConversations,
        wishes: Wishes,
        due: DueSubjects,
        settler: Settler,
        second_look: SecondLook,
        clock: Clock,
    ) -> None:
        self._mirror = mirror
        self._connections = connections
        self._corrections = corrections
        self._detection = detection
        self._wishes = wishes
        self._due = due
        self._settler = settler
        self._second_look = second_look
        self._clock = clock
        self._turns = Turns()

    def fingerprint(self, *, lifecycle: bool) -> str:
        """Return the fingerprint of the present detectors and switch; another one means a re-read is due."""
        return self._detection.fingerprint(lifecycle=lifecycle)

    async def read(
        self,
        organization_id: str,
        keys: Collection[str],
        *,
        known_before: datetime | None = None,
        arrived: Mapping[str, Sequence[ConversationPartChanged]] | None = None,
        former: Collection[Subject] = (),
    ) -> int:
        """Read these conversations and settle their signals; return how many signals changed.

        The conversations are read in portions, one after the other; while one portion is settled, the next
        one is read. Afterwards the customers and people concerned are marked as due, for `due_subjects` to
        review. A key whose conversation is gone removes its evidence from every signal.

        Args:
            organization_id: whose conversations they are.
            keys: the conversations to read.
            known_before: whatever was said before this moment is shown, and nobody is alerted to it.
            arrived: parts that were just stored, by conversation key. A conversation that is read for the
                first time, and all of whose parts are here, is not fetched again.
            former: the subjects of conversations that are gone. Their moods may rest on deleted words
                even where no signal did.
        """
        batch = _Batch(organization_id, known_before, arrived)
        count = 0
        subjects = await self._subjects_of_deleted(organization_id, former)
        portions = deque(_portions(list(dict.fromkeys(keys))))
        while portions:
            async with self._turns.turn():
                count += await self._take_turn(batch, portions, subjects)
        await self._mark(batch, subjects)
        return count

    async def _mark(self, batch: _Batch, subjects: Mapping[Subject, ConnectionView]) -> None:
        """Mark these subjects as due for a review; a conversation without customer or person needs none."""
        due = {subject: view for subject, view in subjects.items() if subject.kind != "conversation"}
        await self._due.mark(
            batch.organization_id, due, at=self._clock.now(), known_before=batch.known_before
        )

    async def _take_turn(
        self, batch: _Batch, portions: deque[Sequence[str]], subjects: dict[Subject, ConnectionView]
    ) -> int:
        """Read portions until none is left or another call waits; return how many signals changed.

        Adds to `subjects` everybody whose signals the portions may concern.
        """
        count = 0
        portion: _Portion | None = await self._detect(batch, portions.popleft())
        while portion is not None:
            (changed, touched), portion = await side_by_side(
                self._settle(batch, portion), self._detect_next(batch, portions)
            )
            count += changed
            subjects.update(touched)
        return count

    async def _detect_next(self, batch: _Batch, portions: deque[Sequence[str]]) -> _Portion | None:
        if not portions or self._turns.somebody_waits:
            return None
        return await self._detect(batch, portions.popleft())

    async def _detect(self, batch: _Batch, keys: Sequence[str]) -> _Portion:
        """Return what the detectors found, corrected by the language model where it was asked."""
        mirrored = await self._mirror.conversations(batch.organization_id, keys)
        nearly = await self._second_look.nearly(batch.organization_id)
        reads = await self._detection.detect(batch.organization_id, mirrored, batch.arrived or {}, nearly)
        findings = await self._second_look.look(
            batch.organization_id,
            [read.looked for read in reads],
            {detector.name for detector in nearly},
            batch.known_before,
        )
        return _Portion(
            keys=keys,
            reads=[replace(read, findings=found) for read, found in zip(reads, findings, strict=True)],
            gone=tuple(sorted(set(keys) - set(mirrored))),
        )

    async def _settle(self, batch: _Batch, portion: _Portion) -> tuple[int, dict[Subject, ConnectionView]]:
        """Settle what was found in a portion; return how many signals changed, and which subjects are due."""
        organization_id = batch.organization_id
        portion = await self._once_unchanged(batch, portion)
        reads = portion.reads
        await self._second_look.forget(
            organization_id, portion.gone, {read.key: read.redacted for read in reads if read.redacted}
        )
        least = await self._corrections.thresholds(organization_id)
        assigned = await self._wishes.assign(
            organization_id,
            {read.key: read.findings for read in reads},
            least.get(Kind.FEATURE_REQUEST, 0.0),
        )
        gone = [Assessment(source=key, contributions=(), texts={key: {}}) for key in portion.gone]
        assessments = [_assessment(read, assigned.requests.get(read.key, {}), least) for read in reads]
        settled = await self._settler.settle(
            organization_id, [*gone, *assessments], known_before=batch.known_before
        )
        await self._wishes.keep(organization_id, assigned.new)
        after = {read.attribution.subject: read.connection for read in reads}
        before = {Subject.from_key(read.mirrored.subject) for read in reads if read.mirrored.subject}
        connection = next(iter(after.values()), None)
        # Storing the analyses forgets the former subjects, so these are marked as due first.
        await self._mark(batch, {subject: connection for subject in before - after.keys() if connection})
        await self._follow_moods(organization_id, reads)
        # Stored last: an analysis means that its conversation is settled, and a re-read skips it.
        await self._keep(organization_id, reads)
        subjects = {**{subject: connection for subject in before if connection}, **after}
        if gone:
            subjects.update(await self._subjects_of_deleted(organization_id, settled.subjects))
        return settled.count, subjects

    async def _follow_moods(self, organization_id: str, reads: Sequence[Detected]) -> None:
        """Move shifts of mood along with conversations that now belong to somebody else.

        This must precede the review of the new owner, which would otherwise find the same words as a new
        shift and alert people twice, even where somebody had dismissed the first one.
        """
        moved = {
            read.key: (
                Subject.from_key(read.mirrored.subject),
                read.attribution.subject,
                read.attribution.customer,
            )
            for read in reads
            if read.mirrored.subject and read.mirrored.subject != read.attribution.subject.key
        }
        if moved:
            await self._settler.follow_moods(organization_id, moved)

    async def _once_unchanged(self, batch: _Batch, portion: _Portion) -> _Portion:
        """Return the portion, read again for as long as others change it meanwhile.

        Raises:
            TransientError: it was still changing after the last attempt.
        """
        for _ in range(_MOST_READS):
            changed = await self._changed_since_read(batch, portion)
            if not changed:
                return portion
            if batch.arrived is not None:
                # For these, the records in this batch are no longer the newest.
                still = {key: parts for key, parts in batch.arrived.items() if key not in changed}
                batch = replace(batch, arrived=still)
            portion = await self._detect(batch, portion.keys)
        raise TransientError("Conversations kept changing while they were read.")

    async def _changed_since_read(self, batch: _Batch, portion: _Portion) -> set[str]:
        """Return the conversations that have changed since they were read.

        Parts are published before their conversation's record, so a batch that carries the records themselves
        only needs to check whether newer records exist.
        """
        organization_id = batch.organization_id
        reads = {read.key: read for read in portion.reads}
        if batch.arrived is not None:
            states = await self._mirror.states(organization_id, portion.keys)
            states_read = {
                key: (read.mirrored.record.version, read.mirrored.record.observed_at)
                for key, read in reads.items()
            }
            return {key for key in portion.keys if states.get(key) != states_read.get(key)}
        mirrored = await self._mirror.conversations(organization_id, portion.keys)
        parts = await self._mirror.parts(organization_id, mirrored.keys())
        return (mirrored.keys() ^ reads.keys()) | {
            key
            for key, read in reads.items()
            if key in mirrored
            and read.conversation
            != as_conversation(mirrored[key].record, parts.get(key, []), read.attribution.tags)
        }

    async def _subjects_of_deleted(
        self, organization_id: str, subjects: Collection[Subject]
    ) -> dict[Subject, ConnectionView]:
        """Return the subjects whose moods need a review because a conversation of theirs is gone."""
        if not subjects:
            return {}
        views = await self._connections.all_of(organization_id)
        return dict.fromkeys(subjects, views[0]) if views else {}

    async def _keep(self, organization_id: str, reads: Sequence[Detected]) -> None:
        await self._mirror.save_analyses(
            organization_id,
            {read.key: (read.analysis, read.attribution.subject.key, read.company_keys) for read in reads},
        )


def _portions(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), _AT_ONCE):
        yield keys[start : start + _AT_ONCE]


def _assessment(
    one: Detected, requests: Mapping[str, tuple[str, str]], least: Mapping[str, float]
) -> Assessment:
    return conversation_assessment(
        one.conversation,
        one.connection.connection_id,
        one.findings,
        one.attribution,
        requests,
        least=least,
        lifecycle=one.connection.lifecycle_events,
        muted_since=one.connection.muted_since,
        heard_until=one.heard_until,
    )
