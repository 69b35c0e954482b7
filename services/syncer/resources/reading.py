"""What a step may use during one slice, and what it tells back: all that resources see of the run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from services.syncer.domain.cursor import Cursor
from services.syncer.domain.run import strongest
from services.syncer.domain.window import Window
from services.syncer.resources.unread import unread_count
from shared.contracts.sync import Gap

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from services.syncer.domain.connection import Connection
    from services.syncer.domain.fingerprint import Fingerprint
    from services.syncer.domain.fresh import Fresh, Scope
    from services.syncer.domain.run import Hint, Run, RunKind, StepState
    from services.syncer.ports import Cursors, Fingerprints, Gaps, IntercomReader
    from shared.clock import Clock
    from shared.contracts.sync import GapAspect, ResourceType, SyncReason


@dataclass(frozen=True, slots=True)
class ReadingRules:
    """Settings that steps obey; see `settings.py` for units and reasons."""

    overlap_seconds: int = 900
    deleted_poll_seconds: int = 900
    reconcile_seconds: int = 21_600
    slice_items: int = 1_500
    audit_calls_per_minute: int = 10

    def window(self, position: int | None, *, exact: bool = False) -> Window:
        """Return the changes to ask for when everything up to `position` (Unix seconds) was asked for."""
        return Window.since(position or 0, overlap_seconds=self.overlap_seconds, exact=exact)


class Changes(Protocol):
    """Where steps bring what they read. All raise LeaseLostError when the run is ours no more."""

    async def apply(self, items: Sequence[Fresh]) -> None:
        """Publish what is new or different, then remember it. The order of `items` is kept."""
        ...

    async def gone(
        self, lost: Sequence[Gone], *, reason: str = "deleted", successor_id: str | None = None
    ) -> None:
        """Publish that resources went, with their tombstones, then forget them.

        Where lists may go on showing one, it is remembered as gone instead.
        """
        ...

    async def part_gone(self, conversation: Fingerprint, part_id: str) -> None:
        """Publish that one part of a conversation went, with its tombstone.

        What is remembered is the caller's to change.
        """
        ...


@dataclass(frozen=True, slots=True)
class Gone:
    """A resource that went.

    Attributes:
        before: what was remembered of it, if anything.
        shown_at: `updated_at` of the row in which a list still shows it, to know that row again.
    """

    resource: ResourceType
    id: str
    before: Fingerprint | None = None
    shown_at: int | None = None


class Reading:
    """One slice's reading of one workspace."""

    def __init__(
        self,
        *,
        run: Run,
        connection: Connection,
        scope: Scope,
        intercom: IntercomReader,
        changes: Changes,
        fingerprints: Fingerprints,
        cursors: Cursors,
        known_cursors: dict[ResourceType, Cursor],
        gaps: Gaps,
        rules: ReadingRules,
        clock: Clock,
        deadline: float,
        stopping: Callable[[], bool],
        on_gap: Callable[[str], None],
    ) -> None:
        self.run = run
        self.connection = connection
        self.scope = scope
        self.intercom = intercom
        self.changes = changes
        self.fingerprints = fingerprints
        self.gaps = gaps
        self.rules = rules
        self._cursors = cursors
        self._known_cursors = known_cursors
        self._clock = clock
        self._deadline = deadline
        self._stopping = stopping
        self._on_gap = on_gap
        self._items = 0
        self._in_vain = 0

    @property
    def useful_answers(self) -> int:
        """Answers of this slice that something came of; only failures with none in between add up."""
        return self.intercom.answers - self._in_vain

    def in_vain(self, *, since: int) -> None:
        """Say that nothing came of the answers beyond the first `since` useful ones."""
        self._in_vain += max(self.useful_answers - since, 0)

    def time_left(self) -> bool:
        """Whether this slice may begin another call: its time, its items and the process allow it."""
        return (
            self._clock.monotonic() < self._deadline
            and self._items < self.rules.slice_items
            and not self._stopping()
        )

    def now(self) -> int:
        """Return Unix seconds by our own clock, for what concerns nobody else."""
        return int(self._clock.now().timestamp())

    def cursor(self, resource: ResourceType) -> Cursor:
        return self._known_cursors.get(resource) or Cursor(resource)

    async def save_cursor(self, cursor: Cursor) -> None:
        await self._cursors.save(self.connection.key, cursor)
        self._known_cursors[cursor.resource] = cursor

    def expect(self, resource: ResourceType, total: int | None) -> None:
        """Say how many there will be in all."""
        if total is not None:
            self.run.count_of(resource).expect(total)

    def looked_after(self, amount: int = 1) -> None:
        """Say that so many were dealt with that are no part of what this run is to read."""
        self._items += amount

    def read(self, resource: ResourceType, amount: int = 1) -> None:
        """Say that so many more were dealt with."""
        self._items += amount
        count = self.run.count_of(resource)
        count.reached(count.done + amount)

    def all_met(self, resource: ResourceType) -> None:
        """Say that there are no more than were dealt with: a filter's total may have been too large."""
        count = self.run.count_of(resource)
        count.total = count.done

    async def known_count(self, resource: ResourceType) -> int:
        return await self.fingerprints.count(self.connection.key, resource)

    async def short_of(self, resource: ResourceType, total: int | None) -> int | None:
        """Return how many fewer are known than the source counts; None when it did not count.

        Those that a gap names are not among them: they count for as long as their gap is there.
        """
        if total is None:
            return None
        named = await unread_count(self.gaps, self.fingerprints, self.connection.key, resource)
        return max(total - await self.known_count(resource) - named, 0)

    async def fingerprints_of(self, resource: ResourceType, ids: Sequence[str]) -> dict[str, Fingerprint]:
        return await self.fingerprints.of(self.connection.key, resource, ids)

    async def mark(self, resource: ResourceType, ids: Sequence[str], walk: str) -> None:
        await self.fingerprints.mark(self.connection.key, resource, ids, walk=walk)

    async def gap(
        self,
        resource: ResourceType,
        id_: str | None,
        reason: str,
        missing: int | None = None,
        *,
        aspect: GapAspect | None = None,
    ) -> None:
        self._on_gap(reason)
        await self.gaps.open(
            self.connection.key,
            Gap.model_validate(
                {
                    "resource": resource,
                    "id": id_,
                    "reason": reason,
                    "aspect": aspect,
                    "missing": missing,
                    "since": self._clock.now(),
                }
            ),
        )

    async def no_gap(self, resource: ResourceType, id_: str | None, *reasons: str) -> None:
        await self.gaps.close(self.connection.key, resource, id_, reasons)

    async def no_gaps_before_run(self, resource: ResourceType, reason: str) -> None:
        """Close the gaps of one reason that were known when this run began."""
        await self.gaps.close_all(self.connection.key, resource, reason, known_before=self.run.started_at)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a plan is made from."""

    reason: SyncReason
    connection: Connection
    cursors: dict[ResourceType, Cursor]
    rules: ReadingRules
    now: int

    def cursor(self, resource: ResourceType) -> Cursor:
        return self.cursors.get(resource) or Cursor(resource)

    @property
    def patient(self) -> bool:
        """Whether nobody waits for this run: what is costly may then be left to its own cadence."""
        return strongest([self.reason]) in {"scheduled", "hint"}


def always(_circumstances: Circumstances) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Step:
    """One part of a run, advanced slice by slice.

    Attributes:
        advance: reads on from `state.position`, which it keeps up to date; returns whether all is read.
        kinds: the runs that have this step.
        after: steps of the same run that must be done before.
        wanted: whether a run under these circumstances needs it.
        aspect: what of its resource is missing where it could not be done, unless that is all of it.
        of_walk: whether a walk over all of its resource counts as none where it could not be done.
    """

    name: str
    resource: ResourceType
    kinds: frozenset[RunKind]
    advance: Callable[[Reading, StepState], Awaitable[bool]]
    after: tuple[str, ...] = ()
    wanted: Callable[[Circumstances], bool] = always
    aspect: GapAspect | None = None
    of_walk: bool = False


@dataclass(frozen=True, slots=True)
class Resource:
    """One type of resource: how it is read in full, by change, and one by one.

    Attributes:
        order: resources with a lower number are read earlier, where nothing else decides.
        read_one: reads the one that a hint names, and publishes what became of it.
    """

    type: ResourceType
    order: int
    steps: tuple[Step, ...]
    read_one: Callable[[Reading, Hint], Awaitable[None]]
