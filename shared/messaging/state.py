"""How processing goes, told to readiness and to metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from prometheus_client import Counter

from shared.errors import DeadLetterReason

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from shared.observability.readiness import Readiness

_PART = "processing"


class ReportedState:
    """Drops readiness while a batch waits, and counts what was handled, retried and put aside."""

    def __init__(self, readiness: Readiness, registry: CollectorRegistry) -> None:
        self._readiness = readiness
        self._readiness.set(_PART, ready=True)
        self._handled = Counter(
            "earshot_records_handled", "Records whose handler finished.", registry=registry
        )
        self._retries = Counter(
            "earshot_batch_retries", "Times a batch had to wait and come again.", registry=registry
        )
        self._dead = Counter(
            "earshot_dead_letters", "Records put aside, by reason.", ["reason"], registry=registry
        )
        # There from the start: what appears as one was never seen to grow.
        for reason in get_args(DeadLetterReason):
            self._dead.labels(reason)

    def waiting(self, why: str) -> None:
        self._retries.inc()
        self._readiness.set(_PART, ready=False, why=why[:300])

    def going_on(self) -> None:
        self._readiness.set(_PART, ready=True)

    def put_aside(self, reason: DeadLetterReason) -> None:
        self._dead.labels(reason).inc()

    def handled(self, records: int) -> None:
        self._handled.inc(records)
