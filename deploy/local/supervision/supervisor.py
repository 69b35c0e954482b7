"""One part's life: started, asked, restarted when it ends or hangs, until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from deploy.local.supervision.part import Answer, Word

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from deploy.local.supervision.part import Part
    from deploy.local.supervision.policy import RestartPolicy
    from deploy.local.supervision.processes import Processes, RunningProcess
    from shared.clock import Clock

_ASK_WHILE_STARTING_SECONDS = 0.15
_ASK_WHILE_READY_SECONDS = 5.0
_MOST_WORDS = 200


class State(StrEnum):
    """Where a part is in its life."""

    NOT_STARTED = "not started"
    STARTING = "starting"
    READY = "ready"
    WAITING = "waiting"
    """It runs, and says that it cannot work now: an engine is away, or it does not answer."""
    RESTARTING = "restarting"
    STOPPING = "stopping"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class PartStatus:
    """A part at a moment. `ready_seconds` is how long its last start took."""

    name: str
    title: str
    state: State
    why: str = ""
    pid: int | None = None
    restarts: int = 0
    ready_seconds: float | None = None


class Supervisor:
    """Keeps one part running. `run` is its whole life; `stop` ends it."""

    def __init__(
        self,
        part: Part,
        processes: Processes,
        *,
        policy: RestartPolicy,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        changed: Callable[[PartStatus], None] = lambda _status: None,
    ) -> None:
        self.part = part
        self.status = PartStatus(part.name, part.title, State.NOT_STARTED)
        self._processes = processes
        self._policy = policy
        self._clock = clock
        self._sleep = sleep
        self._changed = changed
        self._process: RunningProcess | None = None
        self._stopping = asyncio.Event()
        self._ended = asyncio.Event()
        self._ready = asyncio.Event()

    async def run(self) -> None:
        """Run the part until `stop`; never returns while it only fails."""
        failures = 0
        try:
            while not self._stopping.is_set():
                began = self._clock.monotonic()
                ended_why = await self._run_once()
                if self._stopping.is_set():
                    return
                failures = self._policy.failures_after(failures, ran_seconds=self._clock.monotonic() - began)
                delay = self._policy.delay(failures)
                self._show(State.RESTARTING, why=ended_why, pid=None, restarts=self.status.restarts + 1)
                await self._sleep_unless_stopped(delay)
        finally:
            self._show(State.STOPPED, why="", pid=None)
            self._ended.set()

    async def wait_ready(self) -> None:
        """Return once the part has said for the first time that it is ready."""
        await self._ready.wait()

    async def stop(self) -> None:
        """Ask the part to end, insist when its grace is over, and return when it has ended."""
        self._stopping.set()
        if self.status.state is State.NOT_STARTED:
            return
        if self._process is not None:
            self._show(State.STOPPING, why="")
            self._process.send(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._ended.wait(), self.part.grace_seconds)
        except TimeoutError:
            self.kill()
            await self._ended.wait()

    def kill(self) -> None:
        """End the part at once; what it was doing is lost. It is started again unless `stop` was called."""
        if self._process is not None:
            self._process.send(signal.SIGKILL)

    def end_now(self) -> None:
        """End the part at once and for good, without its grace."""
        self._stopping.set()
        self.kill()

    async def _run_once(self) -> str:
        self._show(State.STARTING, why=self.status.why, ready_seconds=None)
        try:
            self._process = await self._processes.start(self.part)
        except OSError as error:
            return f"it could not be started: {error}"
        self._show(State.STARTING, why=self.status.why, pid=self._process.pid)
        if self._stopping.is_set():
            # Told to stop between the decision to start and the start itself.
            self._process.send(signal.SIGTERM)
        watch = asyncio.create_task(self._watch(), name=f"watch {self.part.name}")
        try:
            code = await self._process.wait()
        finally:
            self._process = None
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch
        return _ending(code)

    async def _watch(self) -> None:
        began = heard = self._clock.monotonic()
        while True:
            answer = await self._ask()
            now = self._clock.monotonic()
            if answer.word is not Word.SILENT:
                heard = now
            if self._stopping.is_set():
                return
            if now - heard > self._policy.silence_seconds:
                # Ending it is all that is left; `run` starts it anew.
                self.kill()
                return
            self._show_answer(answer.word, answer.why, seconds=now - began)
            settled = answer.word is Word.READY
            await self._sleep(_ASK_WHILE_READY_SECONDS if settled else _ASK_WHILE_STARTING_SECONDS)

    async def _ask(self) -> Answer:
        try:
            return await self.part.probe()
        except Exception as error:  # noqa: BLE001 - whatever a driver raises, the part goes on being watched
            return Answer(Word.SILENT, f"{type(error).__name__}: {error}"[:_MOST_WORDS])

    def _show_answer(self, word: Word, why: str, *, seconds: float) -> None:
        if word is Word.READY:
            took = seconds if self.status.ready_seconds is None else self.status.ready_seconds
            self._show(State.READY, why="", ready_seconds=took)
            self._ready.set()
        elif self.status.ready_seconds is None:
            self._show(State.STARTING, why=why or self.status.why)
        else:
            self._show(State.WAITING, why=why or "it does not answer")

    def _show(self, state: State, **changes: object) -> None:
        status = replace(self.status, state=state, **changes)  # type: ignore[arg-type] # fields by name
        if status != self.status:
            self.status = status
            self._changed(status)

    async def _sleep_unless_stopped(self, seconds: float) -> None:
        pause = asyncio.ensure_future(self._sleep(seconds))
        stopped = asyncio.create_task(self._stopping.wait())
        _, late = await asyncio.wait({pause, stopped}, return_when=asyncio.FIRST_COMPLETED)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


def _ending(code: int) -> str:
    if code < 0:
        try:
            return f"it was ended by {signal.Signals(-code).name}"
        except ValueError:
            return f"it was ended by signal {-code}"
    return f"it ended with exit code {code}"
