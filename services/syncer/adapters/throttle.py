"""Makes calls wait for each other: within the budget, and no more at once than the source copes with."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.syncer.domain.budget import Need, RateBudget
from services.syncer.domain.concurrency import Concurrency
from services.syncer.errors import SlowDownError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from services.syncer.domain.budget import RateHeaders
    from services.syncer.domain.connection import ConnectionKey
    from shared.clock import Clock

_MOST_THROTTLES = 20_000
"""Connections whose throttle is kept, about a kilobyte each; the least recently used goes first."""


@dataclass(slots=True)
class Place:
    """One call in flight; its caller stores here what the response said about the budget and the time."""

    headers: RateHeaders | None = None
    served_at: int | None = None


class Throttle:
    """Admits the calls of one connection in this process, shared by its full run and its hint run."""

    def __init__(self, *, clock: Clock, reserve_share: float, most_in_flight: int) -> None:
        self._clock = clock
        self.budget = RateBudget(reserve_share=reserve_share)
        self.concurrency = Concurrency(most=most_in_flight)
        self._clock_ahead: float | None = None
        self._waiting: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def call(self, need: Need) -> AsyncIterator[Place]:
        """Hold one of the places for calls.

        Raises SlowDownError if the budget is spent until its window ends.
        """
        await self._take(need)
        place = Place()
        try:
            yield place
        finally:
            self.budget.answered(self._clock.monotonic(), place.headers)
            self._wake()

    def refused(self, seconds: float) -> None:
        self.budget.refused(self._clock.monotonic(), seconds)
        self.concurrency.strained()

    def source_now(self, served_at: float) -> float:
        """Return the source's clock now, finer than the whole seconds of its Date header.

        A Date is rounded down, so the largest lead ever seen over our own clock is the closest to the truth.
        """
        now = self._clock.now().timestamp()
        ahead = served_at - now
        if self._clock_ahead is None or ahead > self._clock_ahead or ahead < self._clock_ahead - 2:
            self._clock_ahead = ahead
        return now + self._clock_ahead

    async def _take(self, need: Need) -> None:
        while True:
            if need is Need.HINT or self.budget.in_flight < self.concurrency.allowed:
                wait = self.budget.take(self._clock.monotonic(), need)
                if wait is None:
                    return
                if wait > 0:
                    # With nothing in flight nobody else would wake those who wait, and they could be more
                    # than the last answer had places for.
                    self._wake()
                    raise SlowDownError("The budget of calls is spent.", seconds=wait)
            place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(place)
            try:
                await place
            except asyncio.CancelledError:
                # A caller that gives up after being woken wakes the next, or it would wait for ever.
                if place.done() and not place.cancelled():
                    self._wake()
                raise

    def _wake(self) -> None:
        free = max(self.concurrency.allowed - self.budget.in_flight, 1)
        while free and self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                free -= 1


class Throttles:
    """The throttle of each connection, made when first needed."""

    def __init__(self, *, clock: Clock, reserve_share: float, most_in_flight: int) -> None:
        self._clock = clock
        self._reserve_share = reserve_share
        self._most_in_flight = most_in_flight
        self._throttles: OrderedDict[ConnectionKey, Throttle] = OrderedDict()

    def of(self, key: ConnectionKey) -> Throttle:
        throttle = self._throttles.get(key)
        if throttle is None:
            throttle = Throttle(
                clock=self._clock,
                reserve_share=self._reserve_share,
                most_in_flight=self._most_in_flight,
            )
            self._throttles[key] = throttle
        self._throttles.move_to_end(key)
        if len(self._throttles) > _MOST_THROTTLES:
            self._throttles.popitem(last=False)
        return throttle
