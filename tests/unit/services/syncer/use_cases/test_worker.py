"""The loop that finds due runs: several at once, one's failure is not another's, stopping is orderly."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry

from services.syncer.domain.connection import ConnectionKey
from services.syncer.metrics import SyncerMetrics
from services.syncer.use_cases.worker import Worker
from shared.clock import ManualClock
from shared.errors import TransientError
from tests.unit.services.syncer.fakes import MemoryRuns
from tests.unit.services.syncer.store_suite import NOW

if TYPE_CHECKING:
    from services.syncer.domain.run import Run


class Slices:
    """Stands in for the real ones: ends each run at once, or as told by its connection's name."""

    def __init__(self, runs: MemoryRuns) -> None:
        self.runs = runs
        self.worked: list[str] = []
        self.hold = asyncio.Event()
        self.at_once = 0
        self.most_at_once = 0

    async def execute(self, run: Run) -> str:
        name = run.key.connection_id
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if name.startswith("slow"):
                await self.hold.wait()
            if name.startswith("away"):
                raise TransientError("the store is away")
            if name.startswith("bug"):
                raise ValueError("nobody foresaw this")
            self.worked.append(name)
            await self.runs.finish(run, interrupted=False, now=NOW)
            return "completed"
        finally:
            self.at_once -= 1


class Stage:
    def __init__(self, *, at_once: int = 2, grace_seconds: float = 5) -> None:
        self.clock = ManualClock(NOW)
        self.runs = MemoryRuns()
        self.slices = Slices(self.runs)
        self.registry = CollectorRegistry()
        slices: Any = self.slices
        self.worker = Worker(
            lane="main",
            runs=self.runs,
            slices=slices,
            metrics=SyncerMetrics(self.registry),
            clock=self.clock,
            at_once=at_once,
            lease_seconds=30,
            poll_seconds=60,
            grace_seconds=grace_seconds,
        )

    async def ask(self, *names: str) -> None:
        for number, name in enumerate(names):
            now = NOW - timedelta(seconds=60 - number)
            await self.runs.request(ConnectionKey("org", name), request_id="r", reason="manual", now=now)
        self.worker.wake()

    async def settle(self) -> None:
        for _ in range(50):
            await asyncio.sleep(0)

    def outcomes(self, outcome: str) -> float:
        found = self.registry.get_sample_value(
            "earshot_syncer_slices_total", {"lane": "main", "outcome": outcome}
        )
        return found or 0


async def test_works_on_what_is_due_oldest_first() -> None:
    """A waiting worker is woken by a request and takes the one that waited longest."""
    stage = Stage(at_once=1)
    loop = asyncio.create_task(stage.worker.run())
    await stage.settle()
    await stage.ask("a", "b", "c")
    await stage.settle()
    assert stage.slices.worked == ["a", "b", "c"]
    await stage.worker.stop()
    await loop
    assert stage.worker.stopping


async def test_never_more_at_once_than_told() -> None:
    """Slices beyond the bound wait for one to end; that bounds memory."""
    stage = Stage(at_once=2)
    loop = asyncio.create_task(stage.worker.run())
    await stage.ask("slow-1", "slow-2", "slow-3")
    await stage.settle()
    assert stage.slices.most_at_once == 2
    stage.slices.hold.set()
    await stage.settle()
    assert sorted(stage.slices.worked) == ["slow-1", "slow-2", "slow-3"]
    assert stage.slices.most_at_once == 2
    await stage.worker.stop()
    await loop


async def test_one_failure_is_not_anothers() -> None:
    """A bug and an absent store end their slice; the others go on, and both can be seen in the metrics."""
    stage = Stage()
    loop = asyncio.create_task(stage.worker.run())
    await stage.ask("bug", "away", "fine")
    await stage.settle()
    assert stage.slices.worked == ["fine"]
    assert (stage.outcomes("failed"), stage.outcomes("abandoned"), stage.outcomes("completed")) == (1, 1, 1)
    await stage.worker.stop()
    await loop


async def test_a_store_that_is_away_is_asked_again() -> None:
    """Failing to look for runs is no end of looking."""
    stage = Stage()
    claim = stage.runs.claim
    runs: Any = stage.runs

    async def away(*_: Any, **__: Any) -> None:
        raise TransientError("away")

    runs.claim = away
    loop = asyncio.create_task(stage.worker.run())
    await stage.ask("a")
    await stage.settle()
    runs.claim = claim
    stage.worker.wake()
    await stage.settle()
    assert stage.slices.worked == ["a"]
    await stage.worker.stop()
    await loop


async def test_stopping_lets_slices_end() -> None:
    """Nothing new is claimed, and what is under way saves its place."""
    stage = Stage()
    loop = asyncio.create_task(stage.worker.run())
    await stage.ask("slow-1")
    await stage.settle()
    stopping = asyncio.create_task(stage.worker.stop())
    await stage.ask("late")
    await stage.settle()
    assert not stopping.done()
    stage.slices.hold.set()
    await stopping
    await loop
    assert stage.slices.worked == ["slow-1"]


async def test_stopping_does_not_wait_for_ever() -> None:
    """A slice that does not end within the grace is dropped; its lease runs out."""
    stage = Stage(grace_seconds=0.01)
    loop = asyncio.create_task(stage.worker.run())
    await stage.ask("slow-1")
    await stage.settle()
    await stage.worker.stop()
    await loop
    assert stage.slices.worked == []
    assert stage.slices.at_once == 0
