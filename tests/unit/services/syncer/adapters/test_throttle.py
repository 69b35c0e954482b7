"""Calls that wait for each other: whoever gets no place passes the turn on."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from services.syncer.adapters.throttle import Throttle
from services.syncer.domain.budget import Need, RateHeaders
from services.syncer.errors import SlowDownError
from shared.clock import ManualClock

_SPENT = RateHeaders(limit=100, remaining=3, reset_in_seconds=8.0, reset_at=1_000.0)
"""What is left is the reserve, so that no further call fits."""


async def test_everybody_who_waits_hears_that_the_budget_is_spent() -> None:
    """More wait than may be in flight at once; the last answer leaves nobody waiting for another one."""
    throttle = Throttle(
        clock=ManualClock(datetime(2026, 3, 1, tzinfo=UTC)), reserve_share=0.03, most_in_flight=2
    )
    hold = asyncio.Event()

    async def call() -> str:
        try:
            async with throttle.call(Need.MANY) as place:
                await hold.wait()
                place.headers = _SPENT
        except SlowDownError:
            return "later"
        return "called"

    calls = [asyncio.create_task(call()) for _ in range(9)]
    await asyncio.sleep(0)
    hold.set()
    for _ in range(50):
        await asyncio.sleep(0)
    assert [one.done() for one in calls] == [True] * 9
    said = [one.result() for one in calls]
    assert (said.count("called"), said.count("later")) == (2, 7)
