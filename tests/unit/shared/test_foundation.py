"""What every service stands on is left in an order that loses nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faststream.kafka import KafkaBroker

from shared.config import ServiceSettings
from shared.contracts.sync import SyncRequested
from shared.contracts.topics import SYNC_REQUESTS
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
