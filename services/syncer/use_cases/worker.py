"""Finds due runs and works on several at once, for ever."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from shared.errors import TransientError

if TYPE_CHECKING:
    from services.syncer.domain.run import Lane, Run
    from services.syncer.metrics import SyncerMetrics
    from services.syncer.ports import Runs
    from services.syncer.use_cases.slices import Slices
    from shared.clock import Clock

_LOG = structlog.get_logger(__name__)


class Worker:
    """Works one lane. Runs are claimed oldest first, so that no connection starves another."""

    def __init__(
        self,
        *,
        lane: Lane,
        runs: Runs,
        slices: Slices,
        metrics: SyncerMetrics,
        clock: Clock,
        at_once: int,
        lease_seconds: float,
        poll_seconds: float,
        grace_seconds: float,
    ) -> None:
        self._lane = lane
        self._runs = runs
        self._slices = slices
        self._metrics = metrics
        self._clock = clock
        self._at_once = at_once
        self._lease_seconds = lease_seconds
        self._poll_seconds = poll_seconds
        self._grace_seconds = grace_seconds
        self._woken = asyncio.Event()
        self._working: set[asyncio.Task[None]] = set()
        self._stopping = False

    def wake(self) -> None:
        """Look for due runs now instead of at the next poll."""
        self._woken.set()

    @property
    def stopping(self) -> bool:
        return self._stopping

    async def run(self) -> None:
        """Claim and start slices until cancelled or stopped; `stop` ends those under way."""
        while not self._stopping:
            self._woken.clear()
            if len(self._working) >= self._at_once or not await self._start_one():
                await self._pause()

    async def stop(self) -> None:
        """Claim nothing more; let slices under way save their position, and cancel those that take long."""
        self._stopping = True
        self._woken.set()
        left = set(self._working)
        if left:
            _, left = await asyncio.wait(left, timeout=self._grace_seconds)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _start_one(self) -> bool:
        now = self._clock.now()
        try:
            run = await self._runs.claim(
                self._lane, now=now, until=now + timedelta(seconds=self._lease_seconds)
            )
        except TransientError as error:
            _LOG.warning("cannot look for runs", lane=self._lane, reason=str(error))
            return False
        if run is None:
            return False
        task = asyncio.create_task(self._work(run))
        self._working.add(task)
        task.add_done_callback(self._ended)
        return True

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._working.discard(task)
        self._woken.set()

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(self._poll_seconds):
                await self._woken.wait()
        except TimeoutError:
            return

    async def _work(self, run: Run) -> None:
        began = self._clock.monotonic()
        if run.due_at is not None:
            lag = (self._clock.now() - run.due_at).total_seconds()
            self._metrics.due_lag_seconds.labels(self._lane).observe(max(lag, 0))
        self._metrics.running.labels(self._lane).inc()
        outcome = "failed"
        try:
            outcome = await self._slices.execute(run)
        except TransientError as error:
            _LOG.warning("slice abandoned", run_id=run.run_id, reason=str(error))
            outcome = "abandoned"
        except Exception:  # noqa: BLE001 - see below
            # The loop's boundary: one connection's bug must not stop the others. The lease runs out,
            # and the slice is tried again after it, no faster.
            _LOG.exception("slice failed", run_id=run.run_id, connection_id=run.key.connection_id)
        finally:
            self._metrics.running.labels(self._lane).dec()
            self._metrics.slices.labels(self._lane, outcome).inc()
            self._metrics.slice_seconds.labels(self._lane).observe(self._clock.monotonic() - began)
