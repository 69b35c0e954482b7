"""One part's life under a clock that the tests move: started, watched, restarted, stopped."""

from __future__ import annotations

import asyncio
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.local.supervision.part import Answer, Part, Stage, Word
from deploy.local.supervision.policy import RestartPolicy
from deploy.local.supervision.supervisor import PartStatus, State, Supervisor
from shared.clock import ManualClock

if TYPE_CHECKING:
    from collections.abc import Callable


class FakeProcess:
    """Ends when it is told to, or when a signal that it heeds arrives."""

    def __init__(self, pid: int, *, heeds_term: bool = True) -> None:
        self.pid = pid
        self.signals: list[int] = []
        self._heeds_term = heeds_term
        self._code: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def wait(self) -> int:
        return await self._code

    def send(self, number: signal.Signals) -> None:
        self.signals.append(number)
        if number == signal.SIGKILL or self._heeds_term:
            self.end(-number)

    def end(self, code: int) -> None:
        if not self._code.done():
            self._code.set_result(code)


class FakeProcesses:
    def __init__(self, *, heeds_term: bool = True, refusals: int = 0) -> None:
        self.started: list[FakeProcess] = []
        self._heeds_term = heeds_term
        self._refusals = refusals

    async def start(self, part: Part) -> FakeProcess:
        if self._refusals:
            self._refusals -= 1
            raise OSError("no memory")
        self.started.append(FakeProcess(100 + len(self.started), heeds_term=self._heeds_term))
        return self.started[-1]


class World:
    """A supervised part whose answers and time the test decides."""

    def __init__(self, processes: FakeProcesses | None = None, *, grace_seconds: float = 5.0) -> None:
        self.clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
        self.processes = processes or FakeProcesses()
        self.answer = Answer(Word.SILENT)
        self.broken_probe = False
        self.pauses: list[float] = []
        self.seen: list[PartStatus] = []
        part = Part(
            name="detector",
            title="Detector",
            stage=Stage.SERVICES,
            command=lambda: ("detector",),
            probe=self._probe,
            log_file=Path("detector.log"),
            grace_seconds=grace_seconds,
        )
        self.supervisor = Supervisor(
            part,
            self.processes,
            policy=RestartPolicy(silence_seconds=100),
            clock=self.clock,
            sleep=self._sleep,
            changed=self.seen.append,
        )
        self.life = asyncio.create_task(self.supervisor.run())

    async def _probe(self) -> Answer:
        if self.broken_probe:
            raise RuntimeError("the driver fell over")
        return self.answer

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.clock.advance(seconds)
        await asyncio.sleep(0)

    async def until(self, condition: Callable[[], bool]) -> None:
        for _ in range(10_000):
            if condition():
                return
            await asyncio.sleep(0)
        raise AssertionError(f"never happened; last: {self.supervisor.status}")

    async def until_state(self, state: State) -> None:
        await self.until(lambda: self.supervisor.status.state is state)

    async def end(self) -> None:
        await self.supervisor.stop()
        await self.life


async def test_a_part_is_ready_when_it_says_so() -> None:
    """It is starting until its probe answers ready."""
    world = World()
    await world.until_state(State.STARTING)
    assert not world.supervisor.status.ready_seconds
    world.answer = Answer(Word.READY)
    await world.until_state(State.READY)
    assert world.supervisor.status.pid == 100
    await world.supervisor.wait_ready()
    await world.end()


async def test_a_killed_part_is_started_again() -> None:
    """After kill -9 a new process takes its place, and what happened is told."""
    world = World()
    world.answer = Answer(Word.READY)
    await world.until_state(State.READY)
    world.processes.started[0].end(-9)
    await world.until(lambda: len(world.processes.started) == 2)
    await world.until_state(State.READY)
    restarting = [status for status in world.seen if status.state is State.RESTARTING]
    assert [status.why for status in restarting] == ["it was ended by SIGKILL"]
    assert world.supervisor.status.restarts == 1
    await world.end()


async def test_a_crash_loop_slows_down() -> None:
    """Pauses grow with each failure in a row."""
    world = World()
    for number in range(4):
        await world.until(lambda number=number: len(world.processes.started) == number + 1)  # type: ignore[misc]
        world.processes.started[-1].end(1)
    await world.until(lambda: len(world.processes.started) == 5)
    restarts = [pause for pause in world.pauses if pause in (0.25, 0.5, 1.0, 2.0)]
    assert restarts == [0.25, 0.5, 1.0, 2.0]
    assert "exit code 1" in world.supervisor.status.why
    await world.end()


async def test_a_start_that_the_system_refuses_is_tried_again() -> None:
    """Not enough memory to start is no reason to give up."""
    world = World(FakeProcesses(refusals=2))
    await world.until(lambda: len(world.processes.started) == 1)
    assert [status.why for status in world.seen if status.state is State.RESTARTING] == [
        "it could not be started: no memory",
        "it could not be started: no memory",
    ]
    await world.end()


async def test_a_part_that_waits_for_an_engine_is_not_restarted() -> None:
    """A service that says it cannot work now is shown as waiting, with its reason, and left alone."""
    world = World()
    world.answer = Answer(Word.READY)
    await world.until_state(State.READY)
    world.answer = Answer(Word.WAITING, "bus: away")
    await world.until_state(State.WAITING)
    assert world.supervisor.status.why == "bus: away"
    pauses = len(world.pauses)
    await world.until(lambda: len(world.pauses) > pauses + 2_000)
    assert len(world.processes.started) == 1
    await world.end()


async def test_a_part_that_hangs_is_ended_and_started_again() -> None:
    """One that answers nothing for the whole silence is killed."""
    world = World()
    world.answer = Answer(Word.READY)
    await world.until_state(State.READY)
    world.answer = Answer(Word.SILENT)
    await world.until(lambda: len(world.processes.started) == 2)
    assert world.processes.started[0].signals == [signal.SIGKILL]
    await world.end()


async def test_a_probe_that_breaks_does_not_end_the_watch() -> None:
    """Whatever a driver raises counts as silence."""
    world = World()
    world.broken_probe = True
    await world.until(lambda: "the driver fell over" in world.supervisor.status.why)
    world.broken_probe = False
    world.answer = Answer(Word.READY)
    await world.until_state(State.READY)
    await world.end()


async def test_stopping_asks_and_waits() -> None:
    """SIGTERM, and the part counts as stopped once it ended; it is not started again."""
    world = World()
    world.answer = Answer(Word.READY)
    await world.until_state(State.READY)
    await world.end()
    assert world.processes.started[0].signals == [signal.SIGTERM]
    assert world.supervisor.status.state is State.STOPPED
    assert len(world.processes.started) == 1


async def test_stopping_insists_after_the_grace() -> None:
    """A part that ignores SIGTERM is killed when its grace is over."""
    world = World(FakeProcesses(heeds_term=False), grace_seconds=0)
    await world.until_state(State.STARTING)
    await world.until(lambda: bool(world.processes.started))
    await world.end()
    assert world.processes.started[0].signals == [signal.SIGTERM, signal.SIGKILL]


async def test_stopping_ends_the_pause_before_a_restart() -> None:
    """Nobody waits half a minute for a part that is only waiting to be restarted."""
    world = World()
    pause = asyncio.Event()

    async def forever(_seconds: float) -> None:
        pause.set()
        await asyncio.Event().wait()

    await world.until(lambda: bool(world.processes.started))
    world.supervisor._sleep = forever
    world.processes.started[0].end(1)
    await pause.wait()
    await world.until_state(State.RESTARTING)
    await world.end()
    assert world.supervisor.status.state is State.STOPPED


async def test_a_part_that_never_started_stops_at_once() -> None:
    """Stopping early waits for nobody."""
    world = World()
    world.life.cancel()
    await asyncio.gather(world.life, return_exceptions=True)
    await world.supervisor.stop()
    assert world.processes.started == []


async def test_ending_now_does_not_restart() -> None:
    """A second Ctrl-C kills, and nothing comes back."""
    world = World(FakeProcesses(heeds_term=False))
    await world.until(lambda: bool(world.processes.started))
    world.supervisor.end_now()
    await world.life
    assert world.processes.started[0].signals == [signal.SIGKILL]
    assert len(world.processes.started) == 1
    assert world.supervisor.status.state is State.STOPPED
