"""What the bus is told about a run: progress, its end, or why it cannot go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from services.syncer.domain.gap import REFUSED_GAPS
from services.syncer.domain.moments import observed
from services.syncer.domain.progress import remaining_seconds, sequence, work_done
from services.syncer.resources.unread import unread_count
from shared.contracts.sync import (
    ResourceCount,
    ResourceType,
    SyncCompleted,
    SyncInterrupted,
    SyncProgressed,
)

if TYPE_CHECKING:
    from datetime import datetime

    from services.syncer.domain.cursor import Cursor
    from services.syncer.domain.run import Run
    from services.syncer.errors import AccessError
    from services.syncer.use_cases.stores import Stores
    from shared.clock import Clock
    from shared.contracts.connections import AttentionReason
    from shared.contracts.sync import Gap
    from shared.messaging.publisher import EventPublisher

_MOST_GAPS = 1_000
"""Gaps told by name; `gap_count` tells how many there are."""

_MOST_DETAIL = 1_000

_FOLLOWED: frozenset[ResourceType] = frozenset({"contact", "conversation"})
"""Resources whose changes are searched for: what is held of them reaches up to a time."""


class Reports:
    """Publishes on `sync.progress`."""

    def __init__(
        self,
        *,
        publisher: EventPublisher,
        clock: Clock,
        stores: Stores,
        overlap_seconds: int,
    ) -> None:
        self._publisher = publisher
        self._clock = clock
        self._stores = stores
        self._overlap_seconds = overlap_seconds

    async def progressed(
        self,
        run: Run,
        resource: ResourceType,
        *,
        waiting_until: datetime | None = None,
        waiting_for: str | None = None,
        failures: int = 0,
    ) -> None:
        run.reports += 1
        await self._publisher.publish(
            SyncProgressed(
                organization_id=run.key.organization_id,
                connection_id=run.key.connection_id,
                run_id=run.run_id,
                reason=run.reason,
                sequence=sequence(run.fence, run.reports),
                resource=resource,
                counts=_counts(run),
                calls=run.calls,
                share=work_done(run.counts),
                items_per_second=_told_pace(run, resource),
                remaining_seconds=remaining_seconds(run.counts, run.paces),
                waiting_until=waiting_until,
                waiting_for=waiting_for,
                failures=failures,
                started_at=run.started_at,
                reported_at=self._clock.now(),
            )
        )

    async def completed(self, run: Run) -> datetime | None:
        """Tell that a run ended; return up to when everything is held, None while that is not known."""
        cursors = await self._stores.cursors.all(run.key)
        complete_up_to = await self._complete_up_to(run, cursors)
        await self._publisher.publish(
            SyncCompleted(
                organization_id=run.key.organization_id,
                connection_id=run.key.connection_id,
                run_id=run.run_id,
                reason=run.reason,
                counts=_counts(run),
                # Counting everything for each webhook would cost more than reading what it named.
                held=() if run.lane == "hints" else await self._known_counts(run, cursors),
                changed=run.changed,
                calls=run.calls,
                complete_up_to=complete_up_to,
                gaps=await self._gaps(run),
                gap_count=await self._stores.gaps.count(run.key),
                started_at=run.started_at,
                completed_at=self._clock.now(),
            )
        )
        return complete_up_to

    async def interrupted(self, run: Run, error: AccessError) -> None:
        await self.interrupted_because(run, error.REASON, str(error))

    async def interrupted_because(self, run: Run, reason: AttentionReason, detail: str) -> None:
        await self._publisher.publish(
            SyncInterrupted(
                organization_id=run.key.organization_id,
                connection_id=run.key.connection_id,
                run_id=run.run_id,
                reason=reason,
                detail=detail[:_MOST_DETAIL],
                interrupted_at=self._clock.now(),
                connection_revision=run.connection_revision,
            )
        )

    async def _gaps(self, run: Run) -> tuple[Gap, ...]:
        """Return gaps to tell by name, those of whole resources first: one of them outweighs many others."""
        whole = await self._stores.gaps.whole(run.key)
        others = await self._stores.gaps.listed(run.key, limit=_MOST_GAPS)
        return (*whole, *(gap for gap in others if gap.id is not None))[:_MOST_GAPS]

    async def _known_counts(self, run: Run, cursors: dict[ResourceType, Cursor]) -> tuple[ResourceCount, ...]:
        counts: list[ResourceCount] = []
        resource: ResourceType
        for resource in get_args(ResourceType):
            amount = await self._stores.fingerprints.count(run.key, resource)
            cursor = cursors.get(resource)
            short = cursor.short if cursor is not None else None
            if short is not None:
                short += await unread_count(self._stores.gaps, self._stores.fingerprints, run.key, resource)
            total = None if short is None else amount + short
            counts.append(ResourceCount(resource=resource, done=amount, total=total))
        return tuple(counts)

    async def _complete_up_to(self, run: Run, cursors: dict[ResourceType, Cursor]) -> datetime | None:
        """Return the time up to which everything is held: changes younger than the overlap may lag.

        There is none before contacts and conversations were each read once. Only one that is refused whole,
        which a gap names, is not waited for.
        """
        reached = {
            resource: cursor.position
            for resource in _FOLLOWED
            if (cursor := cursors.get(resource)) is not None and cursor.position
        }
        unread = _FOLLOWED - reached.keys()
        if unread:
            gaps = await self._stores.gaps.whole(run.key)
            refused = [gap for gap in gaps if gap.aspect is None and gap.reason in REFUSED_GAPS]
            unread -= {gap.resource for gap in refused}
        if unread or not reached:
            return None
        return observed(min(reached.values()) - self._overlap_seconds)


def _counts(run: Run) -> tuple[ResourceCount, ...]:
    return tuple(
        ResourceCount(resource=resource, done=count.done, total=count.total)
        for resource, count in run.counts.items()
    )


def _told_pace(run: Run, resource: ResourceType) -> float | None:
    pace = run.paces.get(resource)
    return pace.items_per_second if pace is not None and pace.settled else None
