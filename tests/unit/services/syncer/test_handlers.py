"""From the bus to the use cases: a call of a handler is bounded, whatever it was asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from services.syncer.handlers import subscribe
from shared.contracts.connections import DataRemovalRequested
from shared.errors import PartlyTransientError
from shared.messaging.received import Received

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from services.syncer.use_cases.intake import Intake
    from services.syncer.use_cases.removal import Removal
    from shared.contracts.event import Event
    from shared.messaging.consumer import Consumer

    Handler = Callable[[Sequence[Received[Event]]], Awaitable[None]]

START = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)


class Subscriptions:
    """Stands for the consumer and keeps the handlers by their groups."""

    def __init__(self) -> None:
        self.handlers: dict[str, Handler] = {}

    def subscribe(self, _topics: object, handler: Handler, *, name: str, **_: object) -> None:
        self.handlers[name] = handler


class Removals:
    """Stands for the use case; each connection takes so many slices."""

    def __init__(self, **slices: int) -> None:
        self.slices = slices
        self.calls: list[str] = []

    async def remove(self, event: DataRemovalRequested) -> bool:
        self.calls.append(event.connection_id)
        self.slices[event.connection_id] -= 1
        return self.slices[event.connection_id] == 0


def order(connection_id: str) -> Received[Event]:
    event = DataRemovalRequested(
        organization_id="org-1",
        connection_id=connection_id,
        removal_id=f"removal of {connection_id}",
        requested_by="Ann",
        requested_at=START,
    )
    return Received(event=event, topic="removals", partition=0, offset=0)


async def test_one_slice_of_one_removal_is_a_call() -> None:
    """The others, and what is left of it, come again: between two polls there is never more than a slice."""
    subscriptions, removals = Subscriptions(), Removals(a=3, b=1, c=2)
    subscribe(cast("Consumer", subscriptions), intake=cast("Intake", None), removal=cast("Removal", removals))
    waiting: list[Any] = [order("a"), order("b"), order("c")]
    calls = 0
    while waiting:
        calls += 1
        try:
            await subscriptions.handlers["removals"](waiting)
        except PartlyTransientError as error:
            waiting = [waiting[place] for place in sorted(error.waiting)]
        else:
            waiting = []
        assert len(removals.calls) == calls
    assert removals.calls == ["a", "a", "a", "b", "c", "c"]


async def test_a_removal_of_one_slice_is_done_at_once() -> None:
    """A small workspace costs one call."""
    subscriptions, removals = Subscriptions(), Removals(a=1)
    subscribe(cast("Consumer", subscriptions), intake=cast("Intake", None), removal=cast("Removal", removals))
    await subscriptions.handlers["removals"]([order("a")])
    assert removals.calls == ["a"]
