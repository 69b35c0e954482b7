"""Work beside the records gives way to them, and is not starved by them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from services.detector.background import BackgroundWork
from services.detector.detectors import Detectors
from services.detector.metrics import Metrics
from services.detector.settings import Settings
from tests.unit.services.detector.failing import failing
from tests.unit.services.detector.redetection_suite import Hears
from tests.unit.services.detector.rig import CONNECTION, ORG, memory_rig

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from services.detector.adapters.mongo_connections import MongoConnections
    from services.detector.adapters.mongo_old_people import MongoOldPeople
    from services.detector.domain.mirror import ConnectionView
    from tests.unit.services.detector.rig import Rig


class Enough(Exception):
    """The loop has shown what it does."""


class Everywhere:
    """The connections that a starting service asks for."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig

    async def everywhere(self) -> list[ConnectionView]:
        return await self._rig.stores.connections.all_of(ORG)


class OldPeople:
    """Three slices of people to fill in, and then nobody."""

    def __init__(self) -> None:
        self._left = 3

    async def fill(self) -> bool:
        self._left -= 1
        return self._left >= 0


async def breaths_before_the_first_slice(busy_for: int) -> int:
    """Return how often the loop slept before a slice, while records were taken in for so many breaths."""
    rig = memory_rig(Detectors(conversation=(Hears("1", "contract"),)))
    await rig.connect()
    await rig.tell(*rig.said("k1", "About our contract."))
    slept = 0

    async def sleep(seconds: float) -> None:
        nonlocal slept
        (progress,) = await rig.stores.rereads.latest(ORG)
        if progress.finished_at is not None:
            raise Enough
        slept += 1
        if slept == busy_for:
            rig.engine.admission._under_way = 0
        await asyncio.sleep(0)

    rig.engine.admission._under_way = 1
    with pytest.raises(Enough):
        await work_of(rig, sleep).reread()
    return slept


def work_of(rig: Rig, sleep: Callable[[float], Awaitable[None]]) -> BackgroundWork:
    return BackgroundWork(
        rig.engine,
        cast("MongoConnections", Everywhere(rig)),
        cast("MongoOldPeople", OldPeople()),
        Settings(signing_key=SecretStr("k" * 40)),
        Metrics(CollectorRegistry()),
        sleep,
    )


async def is_reviewed(rig: Rig) -> bool:
    """Return whether nobody is due any more after one round of the loop."""

    async def sleep(_: float) -> None:
        raise Enough

    with pytest.raises(Enough):
        await work_of(rig, sleep).due_subjects()
    return not await rig.stores.due.due(rig.clock.now(), rig.clock.now(), 10)


async def rig_with_somebody_due() -> Rig:
    """Return a rig that has just read a conversation, whose writer is not reviewed yet."""
    rig = memory_rig(Detectors(conversation=(Hears("1", "contract"),)))
    await rig.connect()
    await rig.engine.admission.conversations(rig.said("k1", "About our contract."))
    return rig


async def rests_before_health(busy_for: int) -> int:
    """Return how often the loop waited for a rest before a round of health, and came out of it."""
    rig, slept, rounds = memory_rig(), 0, 0
    health: Any = rig.engine.health

    async def sleep(_: float) -> None:
        nonlocal slept
        if rounds:
            raise Enough
        slept += 1
        if slept > busy_for:
            rig.engine.admission._under_way = 0

    async def measured(*_: object) -> int:
        nonlocal rounds
        rounds += 1
        return 0

    health.round = measured
    rig.engine.admission._under_way = 1
    with pytest.raises(Enough):
        await work_of(rig, sleep).health()
    return slept - 1


async def test_a_connection_that_cannot_be_asked_stops_no_re_reading() -> None:
    """At the start every other connection is asked for what newer detectors change, and slices are read."""
    rig = memory_rig(Detectors(conversation=(Hears("1", "contract"),)))
    await rig.connect()
    await rig.connect(connection_id="con2", workspace_id="ws2")
    await rig.tell(*rig.said("k1", "About our contract."))
    broken = failing(rig, "rereads", "latest", ORG)

    async def sleep(_: float) -> None:
        if all(one.finished_at is not None for one in await rig.stores.rereads.latest(ORG)):
            raise Enough

    with pytest.raises(Enough):
        await work_of(broken, sleep).reread()
    assert broken.left_out == ["asking_anew", "asking_anew"]


async def test_records_go_first() -> None:
    """While a batch is taken in no slice is begun."""
    assert await breaths_before_the_first_slice(busy_for=7) == 7


async def test_a_stream_without_end_does_not_stop_it() -> None:
    """After two seconds of waiting a slice is read although records go on coming."""
    assert await breaths_before_the_first_slice(busy_for=10_000) == 40


async def test_a_batch_that_fails_leaves_the_way_clear() -> None:
    """An admission that raises is over."""
    rig = memory_rig()
    with pytest.raises(Exception, match=CONNECTION):
        await rig.tell(*rig.said("k1", "Hello."))
    assert rig.engine.admission.is_busy is False


async def test_who_is_quiet_is_reviewed_at_rest() -> None:
    """Half a second without records of a customer is enough where nobody else's come."""
    rig = await rig_with_somebody_due()
    assert not await is_reviewed(rig)
    rig.clock.advance(0.6)
    assert await is_reviewed(rig)


async def test_between_the_batches_of_a_stream_nobody_is_quiet() -> None:
    """While records are taken in, and in the moment after, nobody is reviewed: more may be on its way."""
    rig = await rig_with_somebody_due()
    rig.clock.advance(0.6)
    rig.engine.admission._under_way = 1
    assert not await is_reviewed(rig)
    rig.engine.admission._under_way = 0
    await rig.engine.admission.conversations([])
    assert not await is_reviewed(rig)
    rig.clock.advance(0.3)
    assert await is_reviewed(rig)


async def test_a_stream_without_end_does_not_put_reviews_off_for_ever() -> None:
    """Whoever has been due for fifteen seconds is reviewed while records go on coming."""
    rig = await rig_with_somebody_due()
    rig.engine.admission._under_way = 1
    rig.clock.advance(15)
    assert await is_reviewed(rig)


async def test_health_is_measured_at_rest() -> None:
    """A round waits while records are taken in, and not at all when none are."""
    assert await rests_before_health(busy_for=0) == 0
    assert await rests_before_health(busy_for=7) == 7


async def test_a_stream_without_end_does_not_stop_health() -> None:
    """After half a minute of waiting customers are measured although records go on coming."""
    assert await rests_before_health(busy_for=10_000) == 120


async def test_people_of_an_earlier_build_are_filled_in_and_looked_for_again() -> None:
    """Slice after slice with a breath between them, then every ten minutes."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 5:
            raise Enough

    with pytest.raises(Enough):
        await work_of(memory_rig(), sleep).fill_people()
    assert slept == [0.05, 0.05, 0.05, 600.0, 600.0]
