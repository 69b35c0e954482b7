"""Whose turn it is: attempts side by side, so that no receiver and no backlog keeps the others waiting."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from services.notifier.ports import Destination, Due
from services.notifier.use_cases.watch_claims import ClaimWatch
from shared.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from services.notifier.domain.notification import Notification
    from services.notifier.ports import Notifications
    from services.notifier.use_cases.deliver import Deliverer
    from shared.clock import Clock

_LOG = structlog.get_logger(__name__)

_DUE_AT_ONCE = 200
"""Rows of one look into the queue."""

_MOST_CLAIMS = 10_000
"""Claims watched at once: what ten replicas hold at most, with as many places as can be set."""

_ONE_DESTINATION_AT_ONCE = 4
"""Tries under way to one rule's destination: a slow receiver must not take all places."""

_MOST_FOR_ONE = 200
"""Attempts held for one destination, waiting ones too; the rest of its backlog stays in the database."""

_MOST_IN_ALL = 3_200
"""Attempts held together, a few KB each; beyond it each destination still has one, so that it moves on."""


@dataclass(slots=True)
class _Turns:
    free: asyncio.Semaphore
    held: int = 0


@dataclass(slots=True)
class _Line:
    """Attempts that share places: first the turn of their destination, then a place, both in order of coming.

    So a destination never has more than `one_at_once` in the queue for places, and those of all others
    come between its own.
    """

    places: asyncio.Semaphore
    one_at_once: int
    turns: dict[Destination, _Turns] = field(default_factory=dict)
    held: int = 0

    def is_full_for(self, destination: Destination) -> bool:
        turns = self.turns.get(destination)
        if turns is None:
            return False
        return turns.held >= _MOST_FOR_ONE or self.held >= _MOST_IN_ALL

    def enter(self, destination: Destination) -> _Turns:
        turns = self.turns.setdefault(destination, _Turns(asyncio.Semaphore(self.one_at_once)))
        turns.held += 1
        self.held += 1
        return turns

    def leave(self, destination: Destination) -> None:
        turns = self.turns[destination]
        turns.held -= 1
        self.held -= 1
        if turns.held == 0:
            del self.turns[destination]

    def full(self) -> set[Destination]:
        return {destination for destination, turns in self.turns.items() if turns.held >= _MOST_FOR_ONE}


class Dispatcher:
    """Runs attempts side by side, bounded in all and for each destination; none waits for another's receiver.

    What is refused a place here is pending and due: `sweep` comes for it.
    """

    def __init__(self, deliverer: Deliverer, *, concurrency: int) -> None:
        self._deliverer = deliverer
        self._receivers = _Line(asyncio.Semaphore(concurrency), _ONE_DESTINATION_AT_ONCE)
        # The inbox is our own database: it needs no protection from itself, and waits for no receiver.
        self._inbox = _Line(asyncio.Semaphore(concurrency), concurrency)
        self._watch = ClaimWatch()
        self._under_way: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._stopping = False

    def send_soon(self, notification: Notification) -> None:
        """Start an attempt without waiting for it. When very much waits there already, the sweeper comes."""
        self._start(
            Due(
                Destination(notification.organization_id, notification.rule_id),
                notification.id,
                notification.channel,
            )
        )

    def _start(self, due: Due, *, in_place_of: str | None = None) -> None:
        key = (due.destination.organization_id, due.notification_id)
        line = self._inbox if due.channel == "inbox" else self._receivers
        if self._stopping or key in self._under_way or line.is_full_for(due.destination):
            return
        task = asyncio.create_task(self._run(due, line, line.enter(due.destination), in_place_of))
        self._under_way[key] = task

        def ended(_: asyncio.Task[None]) -> None:
            del self._under_way[key]
            line.leave(due.destination)

        task.add_done_callback(ended)

    async def _run(self, due: Due, line: _Line, turns: _Turns, in_place_of: str | None) -> None:
        try:
            async with turns.free, line.places:
                if self._stopping:
                    return
                await self._deliverer.attempt(
                    due.destination.organization_id, due.notification_id, in_place_of=in_place_of
                )
        except TransientError as error:
            # The sweeper tries again after the claim's lease; the receiver knows the id if it has it already.
            _LOG.warning(
                "attempt could not be stored", notification_id=due.notification_id, reason=str(error)
            )
        except Exception:  # noqa: BLE001 - a task that nobody awaits: a defect must be heard here
            _LOG.exception("attempt failed in a way nobody foresaw", notification_id=due.notification_id)

    async def sweep(self, notifications: Notifications, clock: Clock) -> None:
        """Start what is due of every destination and what dead processes held, as far as it has room."""
        await self._start_due(notifications, clock)
        claims = await notifications.claims(_MOST_CLAIMS)
        # Read after the query returns, so that a claim made meanwhile does not seem older than it is.
        for claim in self._watch.ended(claims, looked_at=clock.monotonic()):
            self._start(claim.due, in_place_of=claim.token)

    async def _start_due(self, notifications: Notifications, clock: Clock) -> None:
        """Start what is due and free, the longest waiting first.

        A look that comes back full may hold one destination's backlog and nothing else. So looks go on
        without the destinations that were seen, until one has room to spare: then nobody was left out.
        """
        seen = self._receivers.full() | self._inbox.full()
        while True:
            due = await notifications.due(clock.now(), _DUE_AT_ONCE, leave_out=seen)
            for one in due:
                self._start(one)
            if len(due) < _DUE_AT_ONCE:
                return
            seen |= {one.destination for one in due}

    async def stop(self) -> None:
        """Begin no attempt any more, and wait for those that were begun.

        What waited for its turn was not claimed: it stays due, and another process sends it.
        """
        self._stopping = True
        await self.finish()

    async def finish(self) -> None:
        """Wait until nothing is under way and nothing waits for its turn."""
        while self._under_way:
            await asyncio.gather(*self._under_way.values(), return_exceptions=True)


async def sweep_due(
    notifications: Notifications,
    dispatcher: Dispatcher,
    clock: Clock,
    *,
    every_seconds: float,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Start attempts that are due, until cancelled: retries, quiet hours that ended, leftovers of a crash."""
    while True:
        await sleep(every_seconds)
        try:
            await dispatcher.sweep(notifications, clock)
        except TransientError as error:
            _LOG.warning("sweep postponed", reason=str(error))
