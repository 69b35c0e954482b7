"""A run: one reading of a workspace, as a chain of slices over steps that each remember their place."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from services.syncer.domain.connection import ConnectionKey
    from services.syncer.domain.pace import Pace
    from shared.contracts.sync import ResourceType, SyncReason

Lane = Literal["main", "hints"]
"""Full runs and hint runs go side by side, so that a hint never waits for a long initial sync."""

RunKind = Literal["initial", "incremental", "reconcile"]

_STRENGTH: dict[str, int] = {
    "hint": 0,
    "scheduled": 1,
    "manual": 2,
    "lookback_extended": 3,
    "initial": 4,
    "reconcile": 5,
}

LONGEST_WAIT = timedelta(minutes=20)
"""What waits longer, a clock put off that was ahead: no run, no step of one and no lease is put further ahead
than ten minutes, and clocks of replicas differ by less than that."""

_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 60.0


def strongest(reasons: Sequence[SyncReason]) -> SyncReason:
    """Return the reason that asks for the most; a run for it satisfies the others as well."""
    return max(reasons, key=lambda reason: _STRENGTH[reason])


def pause_seconds(failures: int, jitter: float) -> float:
    """Return the wait after so many failures in a row; `jitter` in [0, 1) spreads it over its upper half."""
    full = min(_FIRST_PAUSE_SECONDS * 2.0 ** max(failures - 1, 0), _LONGEST_PAUSE_SECONDS)
    return full / 2 + full / 2 * jitter


@dataclass(frozen=True, slots=True)
class Hint:
    """A resource to read now.

    Attributes:
        force: publish it whole, whatever is remembered of it.
        redacted_part: a part of this conversation whose words went; an answer may not reach back to it.
    """

    key: str
    resource: ResourceType
    id: str
    force: bool = False
    redacted_part: str | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """One resource that is about to be published or taken back, with the ids of its parts.

    It is written down before, so that a successor of a slice that died in between knows what to look after.
    """

    resource: ResourceType
    id: str
    parts: tuple[str, ...] = ()


@dataclass(slots=True)
class StepState:
    """Where one step stands.

    Attributes:
        position: the step's own; it holds what a document can hold.
        resumed: whether the slice that worked on it last ended without saving its place.
        incomplete: the reason of the gap it ended with, though it is done; None when it read everything.
    """

    name: str
    position: dict[str, Any] = field(default_factory=dict)
    done: bool = False
    wake_at: datetime | None = None
    waiting_for: str | None = None
    failures: int = 0
    slices: int = 0
    incomplete: str | None = None
    resumed: bool = False


@dataclass(slots=True)
class Count:
    """What was read of one resource; neither number ever shrinks within a run."""

    done: int = 0
    total: int | None = None

    def expect(self, total: int) -> None:
        self.total = max(total, self.done, self.total or 0)

    def reached(self, done: int) -> None:
        self.done = max(self.done, done)
        if self.total is not None:
            self.total = max(self.total, self.done)


@dataclass(slots=True)
class Run:
    """A claimed run: who holds it and until when is the store's business, `fence` proves it.

    Attributes:
        fence: grows with each claim; a write that names an older one is refused.
        planned: whether the first slice has decided on the steps.
        attempts: failures in a row of things that concern the run as a whole (connector, Kafka, /me).
        tried: slices that tried in vain to read what a hint names while the source answered, by resource.
        paces: how fast each resource comes.
        due_at: when it could have been claimed.
        followed: keys of hints that this slice has dealt with.
        connection_revision: of the connection that this slice reads for, once that is known.
        asked: how often somebody had asked for more, by requests or hints, when it was claimed.
        unsure: what this slice, or one before it, may have published without remembering it; kept until
            somebody has looked after it.
        counted: how many of this slice's calls are in `calls` already.
    """

    key: ConnectionKey
    lane: Lane
    run_id: str
    reason: SyncReason
    fence: int
    started_at: datetime
    planned: bool = False
    steps: list[StepState] = field(default_factory=list)
    counts: dict[ResourceType, Count] = field(default_factory=dict)
    hints: list[Hint] = field(default_factory=list)
    calls: int = 0
    changed: int = 0
    attempts: int = 0
    tried: dict[str, int] = field(default_factory=dict)
    paces: dict[ResourceType, Pace] = field(default_factory=dict)
    traceparent: str | None = None
    reports: int = 0
    counted: int = 0
    due_at: datetime | None = None
    followed: list[str] = field(default_factory=list)
    unsure: list[Intent] = field(default_factory=list)
    asked: int = 0
    connection_revision: int | None = None

    def count_of(self, resource: ResourceType) -> Count:
        return self.counts.setdefault(resource, Count())

    def count_calls(self, of_this_slice: int) -> None:
        """Bring `calls` up to date; may be called as often as one likes."""
        self.calls += of_this_slice - self.counted
        self.counted = of_this_slice

    def bring_forward(self, now: datetime) -> None:
        """Make steps due that a clock which was ahead and has been put back put off."""
        for step in self.steps:
            if step.wake_at is not None and step.wake_at - now > LONGEST_WAIT:
                step.wake_at = None

    def open_steps(self) -> list[StepState]:
        return [step for step in self.steps if not step.done]
