"""Starting and stopping: engines that are not there yet are waited for, background work is watched.

A service serves HTTP at once and becomes ready when its engines answer, so that start-up order does not
matter. On SIGTERM it stops taking, finishes what is under way, and leaves.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import structlog

from shared.errors import TransientError
from shared.kafka_client import unless_told_to_end

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine

    from shared.observability.readiness import Readiness

_LOG = structlog.get_logger(__name__)

_FIRST_RETRY_SECONDS = 0.1
_LONGEST_RETRY_SECONDS = 3.0
"""Engines take seconds to start; asking more often than this costs nothing worth saving."""

_RESTART_SECONDS = 2.0
"""Pause before background work that failed is started again."""

_CANCELLATIONS = 5
"""How often work is told to end before it is left behind."""


class Lifecycle:
    """Collects what a service starts, runs and closes; used as FastAPI's lifespan.

    `start` steps run one after another, each repeated until it succeeds; background work begins after
    the last of them; `close` steps run in reverse order at the end, whatever happened before.
    """

    def __init__(
        self,
        readiness: Readiness,
        *,
        grace_seconds: float,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._readiness = readiness
        self._grace_seconds = grace_seconds
        self._sleep = sleep
        self._starts: list[tuple[str, Callable[[], Awaitable[object]]]] = []
        self._background: list[tuple[str, Callable[[], Coroutine[object, object, None]]]] = []
        self._closes: list[tuple[str, Callable[[], Awaitable[object]], float]] = []

    def start(self, part: str, step: Callable[[], Awaitable[object]]) -> None:
        """Add a step that must succeed before the service is ready; `part` names it in `/health/ready`."""
        self._readiness.set(part, ready=False, why="starting")
        self._starts.append((part, step))

    def background(self, name: str, work: Callable[[], Coroutine[object, object, None]]) -> None:
        """Add work that runs until the service stops; if it fails it is logged and started again."""
        self._background.append((name, work))

    def close(
        self, name: str, step: Callable[[], Awaitable[object]], *, within_seconds: float | None = None
    ) -> None:
        """Add a step for the end; steps run in reverse order of being added.

        It may take the service's grace. Where nothing is under way any more, say less: a client whose engine
        is away may wait for it to the last second, and each step's time is added to the others'.
        """
        self._closes.append((name, step, self._grace_seconds if within_seconds is None else within_seconds))

    @asynccontextmanager
    async def run(self, _app: object = None) -> AsyncIterator[None]:
        starter = asyncio.create_task(self._bring_up(), name="bring up")
        try:
            yield
        finally:
            self._readiness.stopping = self._readiness.stopping or "shutting down"
            await self._cancel([starter])
            await self.end()

    async def end(self) -> None:
        """Take all close steps, whatever was started; `run` does so by itself at its end."""
        for name, step, seconds in reversed(self._closes):
            await self._close(name, step, seconds)

    async def _bring_up(self) -> None:
        for part, step in self._starts:
            await self._until_it_works(part, step)
        tasks = [asyncio.create_task(self._watch(name, work), name=name) for name, work in self._background]
        try:
            await asyncio.gather(*tasks)
        finally:
            await self._cancel(tasks)

    async def _until_it_works(self, part: str, step: Callable[[], Awaitable[object]]) -> None:
        delay = _FIRST_RETRY_SECONDS
        while True:
            try:
                await unless_told_to_end(step())
            except Exception as error:  # noqa: BLE001 - whatever an engine's driver raises while it is away
                why = str(error) if isinstance(error, TransientError) else f"{type(error).__name__}: {error}"
                self._readiness.set(part, ready=False, why=why[:300])
                _LOG.info("waiting for a part to start", part=part, reason=why[:300])
                await self._sleep(delay)
                delay = min(delay * 2, _LONGEST_RETRY_SECONDS)
            else:
                self._readiness.set(part, ready=True)
                return

    async def _watch(self, name: str, work: Callable[[], Coroutine[object, object, None]]) -> None:
        while True:
            try:
                await unless_told_to_end(work())
            except Exception:  # noqa: BLE001 - logged with its traceback, and the work goes on
                if self._readiness.stopping is not None:
                    return
                _LOG.exception("background work failed and starts again", work=name)
                await self._sleep(_RESTART_SECONDS)
            else:
                return

    async def _close(self, name: str, step: Callable[[], Awaitable[object]], seconds: float) -> None:
        try:
            await unless_told_to_end(asyncio.wait_for(step(), seconds))
        except Exception:  # noqa: BLE001 - logged; the parts after it must be closed too
            _LOG.exception("closing failed; going on with the rest", part=name)

    async def _cancel(self, tasks: list[asyncio.Task[None]]) -> None:
        """Cancel until they have ended: a driver may turn a cancellation into an error of its own."""
        pending = {task for task in tasks if not task.done()}
        for _ in range(_CANCELLATIONS):
            if not pending:
                return
            for task in pending:
                task.cancel()
            _, pending = await asyncio.wait(pending, timeout=self._grace_seconds / _CANCELLATIONS)
        for task in pending:
            _LOG.error("work did not end in time and is left behind", work=task.get_name())
