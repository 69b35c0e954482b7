"""A publisher that keeps what it is given, for tests; it passes the same conformance suite as Kafka's."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.contracts.event import Event


class RecordingPublisher:
    """Keeps events in order. `fail_next` makes the next call raise and keep nothing."""

    def __init__(self) -> None:
        self.published: list[Event] = []
        self.tombstones: list[str] = []
        self._failure: BaseException | None = None

    def fail_next(self, failure: BaseException) -> None:
        self._failure = failure

    async def publish(self, *events: Event) -> None:
        self._maybe_fail()
        self.published.extend(events)

    async def publish_tombstones(self, *events: Event) -> None:
        self._maybe_fail()
        self.tombstones.extend(event.key() for event in events)

    def _maybe_fail(self) -> None:
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
