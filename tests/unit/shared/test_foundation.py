"""What every service stands on is left in an order that loses nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from faststream.kafka import KafkaBroker

from shared.config import ServiceSettings
from shared.contracts.sync import SyncProgressed, SyncRequested
from shared.contracts.topics import SYNC_PROGRESS, SYNC_REQUESTS
from shared.foundation import lay_foundation

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    import pytest

    from shared.contracts.event import Event
    from shared.messaging.received import Received


async def _handle(_batch: Sequence[Received[Event]]) -> None:
    """Never called: nothing connects here."""


async def test_consuming_ends_before_any_part_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A record taken later would meet closed clients; the producer outlives the service's own parts."""
    left: list[str] = []

    def leaving(what: str) -> Callable[..., Awaitable[None]]:
        async def leave(*_: object) -> None:
            left.append(what)

        return leave

    monkeypatch.setattr(KafkaBroker, "stop", leaving("bus"))
    settings = ServiceSettings.model_validate({"http_port": 8702, "signing_key": "k" * 48})
    base = lay_foundation("syncer", settings, on_stop=lambda _: None)
    base.consumer.subscribe([SYNC_REQUESTS], _handle, events=[SyncRequested])
    (subscriber,) = base.broker.subscribers
    monkeypatch.setattr(type(subscriber), "stop", leaving("consuming"))
    base.lifecycle.close("part", leaving("part"))
    base.application()
    await base.lifecycle.end()
    assert left == ["consuming", "part", "bus"]


async def test_a_consumer_that_cannot_leave_hurries_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """With Kafka away its client lets a cancellation out; the next part waits for all the same."""
    left: list[str] = []

    async def leave_bus(_broker: KafkaBroker) -> None:
        left.append("bus")

    monkeypatch.setattr(KafkaBroker, "stop", leave_bus)
    settings = ServiceSettings.model_validate({"http_port": 8702, "signing_key": "k" * 48})
    base = lay_foundation("connector", settings, on_stop=lambda _: None)
    base.consumer.subscribe([SYNC_REQUESTS], _handle, events=[SyncRequested], name="first")
    base.consumer.subscribe([SYNC_PROGRESS], _handle, events=[SyncProgressed], name="second")
    first, second = base.broker.subscribers

    async def cannot() -> None:
        left.append("first")
        raise asyncio.CancelledError

    async def finishes() -> None:
        for _ in range(20):
            await asyncio.sleep(0)
        left.append("second")

    monkeypatch.setattr(first, "stop", cannot)
    monkeypatch.setattr(second, "stop", finishes)
    base.application()
    await base.lifecycle.end()
    assert left == ["first", "second", "bus"]
