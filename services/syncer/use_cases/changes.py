"""Publishes what was read: note what will be published, publish it, then remember it.

The source can be read again, so nothing is remembered before it is published: a crash in between repeats at
most one slice, with the same ids. What is remembered names the revision it was compared with, so that two
readers of one resource (a hint beside a full run, a stale replica) cannot leave the older state on the bus:
whoever comes second reads it once more.

Changes and deletions carry the same clock, the source's. Readers keep what was observed last, so a deletion
with an earlier time than the resource's own record would be refused for good.

The note costs one write a batch. It is for a slice that dies, or that the bus fails, after publishing and
before remembering: its successor would otherwise know neither that another reader's newer state was
overtaken, nor which parts to delete should the conversation be gone by then.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from services.syncer.domain.deletion import deletion
from services.syncer.domain.fingerprint import GONE, Fingerprint
from services.syncer.domain.moments import observed
from services.syncer.domain.run import Intent
from services.syncer.domain.window import is_settled
from services.syncer.errors import LeaseLostError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from services.syncer.domain.fresh import Fresh
    from services.syncer.domain.run import Run
    from services.syncer.metrics import SyncerMetrics
    from services.syncer.ports import Fingerprints, IntercomReader, Runs
    from services.syncer.resources.reading import Gone
    from services.syncer.use_cases.doubts import Doubts
    from services.syncer.use_cases.lease import Lease
    from shared.clock import Clock
    from shared.contracts.event import Event
    from shared.contracts.resources import ResourceDeleted
    from shared.messaging.publisher import EventPublisher


_SHOWN_AGAIN = frozenset({"company", "contact", "conversation"})
"""Resources that a list or a lagging search may still show after they went."""


class PublishedChanges:
    """Implements `resources.reading.Changes` for one slice."""

    def __init__(
        self,
        *,
        run: Run,
        workspace_id: str,
        reader: IntercomReader,
        lease: Lease,
        publisher: EventPublisher,
        fingerprints: Fingerprints,
        runs: Runs,
        doubts: Doubts,
        metrics: SyncerMetrics,
        clock: Clock,
    ) -> None:
        self._run = run
        self._workspace_id = workspace_id
        self._reader = reader
        self._lease = lease
        self._publisher = publisher
        self._fingerprints = fingerprints
        self._runs = runs
        self._doubts = doubts
        self._metrics = metrics
        self._clock = clock
        self._free_slots: set[int] = set()
        self._slots = 0

    async def apply(self, items: Sequence[Fresh]) -> None:
        if not items:
            return
        await self._lease.hold()
        changed = [item.in_turn() for item in items if item.changed]
        async with self._noted([_intent(item) for item in changed]):
            events: list[Event] = []
            for item in changed:
                events.extend(item.changed_parts())
                events.append(item.event)
            if events:
                await self._publisher.publish(*events)
            await self._remember(items)
        self._run.changed += len(changed)
        self._counted(items)

    async def gone(
        self, lost: Sequence[Gone], *, reason: str = "deleted", successor_id: str | None = None
    ) -> None:
        if not lost:
            return
        await self._lease.hold()
        for each in lost:
            if each.before is not None and each.before.gone:
                await self._remember_gone(each)
                continue
            parts = tuple(each.before.parts) if each.before is not None else ()
            async with self._noted([Intent(each.resource, each.id, parts)]):
                await self._take_back(each, parts, reason, successor_id)
                if each.resource in _SHOWN_AGAIN:
                    await self._remember_gone(each)
                else:
                    await self._forget(each)
            self._run.changed += 1
            self._metrics.published.labels(f"{each.resource}_deleted").inc()

    async def part_gone(self, conversation: Fingerprint, part_id: str) -> None:
        await self._lease.hold()
        at = observed(self._learned_at(conversation)).isoformat()
        event = self._deletion("conversation_part", part_id, "deleted", None, conversation.id, at)
        await self._publisher.publish(event)
        await self._publisher.publish_tombstones(event)
        self._metrics.published.labels("conversation_part_deleted").inc()

    @asynccontextmanager
    async def _noted(self, intents: Sequence[Intent]) -> AsyncIterator[None]:
        """Keep the intents in a slot of their own until the block has ended well.

        The slot is then free to be written over; what stays in it until the next checkpoint costs a reading
        each, should this process die. Where the block fails, as when the bus acknowledges nothing, nobody
        knows what of it is on the bus: the next slice looks after it, as after a crash.
        """
        if not intents:
            yield
            return
        slot = min(self._free_slots, default=self._slots)
        self._free_slots.discard(slot)
        self._slots = max(self._slots, slot + 1)
        if not await self._runs.intend(self._run, intents, slot=slot):
            raise LeaseLostError("Another replica has this run.")
        try:
            yield
        except BaseException:
            self._run.unsure.extend(intents)
            raise
        self._free_slots.add(slot)

    async def _take_back(
        self, lost: Gone, parts: Sequence[str], reason: str, successor_id: str | None
    ) -> None:
        at = observed(self._learned_at(lost.before)).isoformat()
        event = self._deletion(lost.resource, lost.id, reason, successor_id, None, at)
        tombstones = [self._deletion("conversation_part", part, reason, None, lost.id, at) for part in parts]
        await self._publisher.publish(event)
        await self._publisher.publish_tombstones(*tombstones, event)

    def _learned_at(self, before: Fingerprint | None) -> int:
        """Return when it was learned that something went: never before it was read for the last time."""
        source_time = self._reader.source_time
        latest = source_time if source_time is not None else int(self._clock.now().timestamp())
        return max(latest, (before.read_at or 0) if before is not None else 0)

    async def _forget(self, lost: Gone) -> None:
        record = lost.before or Fingerprint(lost.resource, lost.id, "", None)
        crossed = await self._fingerprints.release(self._run.key, [record])
        if crossed:
            await self._doubts.crossed(crossed)

    async def _remember_gone(self, lost: Gone) -> None:
        """Remember that it was deleted, so that lists which go on showing it do not revive it."""
        before = lost.before or Fingerprint(lost.resource, lost.id, GONE, None)
        shown_at = lost.shown_at if lost.shown_at is not None else before.updated_at
        read_at = self._learned_at(lost.before)
        record = Fingerprint(
            lost.resource, lost.id, GONE, shown_at, read_at=read_at, revision=before.revision
        )
        await self._store([record])

    def _deletion(
        self,
        resource: str,
        id_: str,
        reason: str,
        successor_id: str | None,
        conversation_id: str | None,
        observed_at: str,
    ) -> ResourceDeleted:
        return deletion(
            self._run.key.organization_id,
            self._run.key.connection_id,
            self._workspace_id,
            resource=resource,
            id_=id_,
            reason=reason,
            successor_id=successor_id,
            conversation_id=conversation_id,
            observed_at=observed_at,
        )

    async def _remember(self, items: Sequence[Fresh]) -> None:
        records = [record for item in items if (record := _record(item)) is not None]
        if records:
            await self._store(records)

    async def _store(self, records: Sequence[Fingerprint]) -> None:
        crossed = await self._fingerprints.store(self._run.key, records, writer=self._doubts.writer())
        if crossed:
            await self._doubts.crossed(crossed)

    def _counted(self, items: Sequence[Fresh]) -> None:
        for item in items:
            if not item.changed:
                self._metrics.unchanged.labels(item.resource).inc()
                continue
            self._metrics.published.labels(item.resource).inc()
            parts = len(item.changed_parts())
            if parts:
                self._metrics.published.labels("conversation_part").inc(parts)


def _intent(item: Fresh) -> Intent:
    return Intent(item.resource, item.event.id, tuple(part.id for part in item.changed_parts()))


def _record(item: Fresh) -> Fingerprint | None:
    """Return what to remember, or None when it is remembered already."""
    before = item.before
    settled = is_settled(item.updated_at, item.read_at - item.lag_seconds)
    if (
        before is not None
        and not item.changed
        and before.updated_at == item.updated_at
        and before.settled == settled
        and before.row == item.row_to_remember()
    ):
        return None
    return Fingerprint(
        resource=item.resource,
        id=item.event.id,
        version=item.event.version,
        updated_at=item.updated_at,
        settled=settled,
        open=item.open,
        parts=item.all_parts(),
        source_parts=item.source_parts,
        row=item.row_to_remember(),
        read_at=max(item.read_at, (before.read_at or 0) if before is not None else 0),
        revision=before.revision if before is not None else 0,
    )
