"""Reports what the bus has taken and what a handler has stored, for tests that kill a process there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.contracts.resources import topic_of
from shared.faults import place
from shared.messaging.consumer import Consumer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.contracts.event import Event
    from shared.contracts.topics import Service, Topic
    from shared.faults import Faults
    from shared.messaging.dead_letters import DeadLetter, DeadLetters
    from shared.messaging.processor import BatchHandler
    from shared.messaging.publisher import EventPublisher
    from shared.messaging.received import Received


class WatchedPublisher:
    """Publishes through another publisher; several events of one call are sent in two halves."""

    def __init__(self, publisher: EventPublisher, faults: Faults, service: Service) -> None:
        self._publisher = publisher
        self._faults = faults
        self._service: Service = service

    async def publish(self, *events: Event) -> None:
        if len(events) > 1:
            middle = len(events) // 2
            await self._publisher.publish(*events[:middle])
            self._tell(events[:middle], "half")
            await self._publisher.publish(*events[middle:])
        else:
            await self._publisher.publish(*events)
        self._tell(events, "published")

    async def publish_tombstones(self, *events: Event) -> None:
        await self._publisher.publish_tombstones(*events)
        self._tell(events, "buried")

    def _tell(self, events: Sequence[Event], what: str) -> None:
        for topic in sorted({topic_of(event).name for event in events}):
            self._faults.reached(place(self._service, f"{topic}.{what}"))


class WatchedDeadLetters:
    """Puts records aside through another `DeadLetters`."""

    def __init__(self, dead_letters: DeadLetters, faults: Faults, service: Service) -> None:
        self._dead_letters = dead_letters
        self._faults = faults
        self._service: Service = service

    async def put(self, *letters: DeadLetter) -> None:
        await self._dead_letters.put(*letters)
        self._faults.reached(place(self._service, "dead-letters.published"))


class WatchedConsumer(Consumer):
    """A consumer that reports when a handler is done and nothing is committed yet."""

    def __init__(self, faults: Faults, *, service: Service, **parts: Any) -> None:
        super().__init__(service=service, **parts)
        self._faults = faults

    def subscribe(
        self,
        topics: Sequence[Topic],
        handler: BatchHandler,
        *,
        events: Sequence[type[Event]],
        name: str = "main",
        max_records: int = 200,
    ) -> None:
        async def watched(batch: Sequence[Received[Event]]) -> None:
            await handler(batch)
            self._faults.reached(place(self._service, f"{name}.handled"))

        super().subscribe(topics, watched, events=events, name=name, max_records=max_records)
