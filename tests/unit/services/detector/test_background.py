"""Work beside the records gives way to them, and is not starved by them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from services.detector.background import BackgroundWork
from services.detector.detectors import Detectors
from services.detector.metrics import Metrics
from services.detector.settings import Settings
from tests.unit.services.detector.redetection_suite import Hears
from tests.unit.services.detector.rig import CONNECTION, ORG, memory_rig

if TYPE_CHECKING:
    from services.detector.adapters.mongo_connections import MongoConnections
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
    work = BackgroundWork(
        rig.engine,
        cast("MongoConnections", Everywhere(rig)),
        Settings(signing_key=SecretStr("k" * 40)),
        Metrics(CollectorRegistry()),
        sleep,
    )
    with pytest.raises(Enough):
        await work.reread()
    return slept


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
