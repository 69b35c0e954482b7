"""Reports how processing goes to readiness and to metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from prometheus_client import Counter

from shared.errors import DeadLetterReason
from shared.observability.readiness import processing_of

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from shared.observability.readiness import Readiness

_MOST_WORDS = 300
"""Characters of a reason in the readiness report: a few lines of a screen."""


class ProcessingCounts:
    """What was handled, retried and put aside, by all groups of a service together."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.handled = Counter(
            "earshot_records_handled", "Records whose handler finished.", registry=registry
        )
        self.retries = Counter(
            "earshot_batch_retries", "Times a batch had to wait and come again.", registry=registry
        )
        self.dead = Counter(
            "earshot_dead_letters", "Records put aside, by reason.", ["reason"], registry=registry
        )
        # There from the start: what appears as one was never seen to grow.
        for reason in get_args(DeadLetterReason):
            self.dead.labels(reason)


class ReportedStates:
    """The states of a service's consumer groups: a part of readiness for each, and counts for all."""

    def __init__(self, readiness: Readiness, registry: CollectorRegistry) -> None:
        self._readiness = readiness
        self._counts = ProcessingCounts(registry)

    def of_group(self, group: str) -> ReportedState:
        """Return the state of a consumer group, which is ready until one of its batches waits."""
        return ReportedState(processing_of(group), self._readiness, self._counts)


class ReportedState:
    """Takes its group's readiness away while a batch waits, and counts what happens to records."""

    def __init__(self, part: str, readiness: Readiness, counts: ProcessingCounts) -> None:
        self._part = part
        self._readiness = readiness
        self._counts = counts
        self.going_on()

    def waiting(self, why: str) -> None:
        self._counts.retries.inc()
        self._readiness.set(self._part, ready=False, why=why[:_MOST_WORDS])

    def going_on(self) -> None:
        self._readiness.set(self._part, ready=True)

    def put_aside(self, reason: DeadLetterReason) -> None:
        self._counts.dead.labels(reason).inc()

    def handled(self, records: int) -> None:
        self._counts.handled.inc(records)
