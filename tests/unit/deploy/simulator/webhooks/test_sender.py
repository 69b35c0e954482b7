"""What becomes of a notification, by a clock that is moved by hand."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import pytest

from deploy.simulator.app import Simulator, create_simulator
from deploy.simulator.settings import SimulatorSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from shared.clock import ManualClock


class Receiver:
    """Answers as told, then 200."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.got = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.got += 1
        return httpx.Response(self.statuses.pop(0) if self.statuses else 200)


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
async def simulator(clock: ManualClock, receiver: Receiver) -> AsyncIterator[Simulator]:
    settings = SimulatorSettings(
        workspace="generated", conversations=20, webhook_url="http://earshot/hook", pace="paused"
    )
    made = create_simulator(settings, clock, httpx.MockTransport(receiver))
    made.sender.start()
    yield made
    await made.sender.stop()


async def until(reached: Callable[[], bool]) -> None:
    while not reached():
        await asyncio.sleep(0)


async def test_a_throttled_notification_is_sent_when_the_minute_is_over(
    simulator: Simulator, receiver: Receiver, clock: ManualClock
) -> None:
    """It waits, what comes meanwhile waits with it, and both arrive."""
    receiver.statuses = [429]
    simulator.pacer.step()
    await until(lambda: simulator.sender.waiting == 1)
    simulator.pacer.step()
    await until(lambda: simulator.sender.waiting == 2)
    assert simulator.sender.state == "throttled"
    clock.advance(59)
    simulator.sender.release_due()
    assert receiver.got == 1
    clock.advance(1)
    simulator.sender.release_due()
    await until(lambda: simulator.sender.counts["delivered"] == 2)


async def test_a_notification_that_is_throttled_too_long_is_dropped(
    simulator: Simulator, receiver: Receiver, clock: ManualClock
) -> None:
    """After two hours of nothing but 429s."""
    receiver.statuses = [429] * 50
    simulator.pacer.step()
    for _ in range(10):
        await until(lambda: simulator.sender.waiting + simulator.sender.counts["dropped"] == 1)
        clock.advance(max(0.0, simulator.sender.subscription.resumes_at - clock.now().timestamp()))
        simulator.sender.release_due()
        if simulator.sender.counts["dropped"]:
            break
    assert simulator.sender.counts["dropped"] == 1


async def test_a_failed_one_is_retried_after_a_minute(
    simulator: Simulator, receiver: Receiver, clock: ManualClock
) -> None:
    """Once; and the pause goes by the simulation's clock."""
    receiver.statuses = [500]
    simulator.pacer.step()
    await until(lambda: simulator.sender.waiting == 1)
    clock.advance(60)
    simulator.sender.release_due()
    await until(lambda: simulator.sender.counts["delivered"] == 1)
    assert simulator.sender.deliveries[0].attempts == ["500", "200"]


async def test_what_happens_during_a_pause_is_never_sent(
    simulator: Simulator, receiver: Receiver, clock: ManualClock
) -> None:
    """It is counted as dropped; after the pause, or Set live, sending goes on."""
    for _ in range(1_001):
        simulator.sender.subscription.answered(500, clock.now().timestamp())
    simulator.pacer.step()
    assert simulator.sender.state == "paused"
    assert simulator.sender.counts["dropped"] == 1
    simulator.sender.set_live()
    simulator.pacer.step()
    await until(lambda: receiver.got == 1)
