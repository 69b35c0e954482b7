"""Starting waits for engines, background work comes back, closing closes everything."""

from __future__ import annotations

import asyncio

import pytest

from shared.errors import ProcessingStopped, TransientError
from shared.http.lifecycle import Lifecycle
from shared.observability.readiness import Readiness


async def no_sleep(_seconds: float) -> None:
    await asyncio.sleep(0)


async def until(condition: object) -> None:
    for _ in range(1_000):
        if condition():  # type: ignore[operator] # a callable, kept short for the tests below
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came to pass")


async def test_an_engine_that_is_not_there_yet_is_waited_for() -> None:
    """The step is tried until it works; meanwhile readiness says why not."""
    readiness = Readiness()
    lifecycle = Lifecycle(readiness, grace_seconds=1, sleep=no_sleep)
    tries: list[str] = []

    async def connect() -> None:
        tries.append(str(readiness.report().get("bus")))
        if len(tries) < 3:
            raise TransientError("no broker")

    lifecycle.start("bus", connect)
    async with lifecycle.run():
        await until(lambda: readiness.ready)
    assert len(tries) == 3
    assert "no broker" in tries[2]


async def test_a_start_step_that_lets_a_cancellation_out_is_tried_again() -> None:
    """Kafka's client lets out those of its own tasks; taken for ours, the service would never be ready."""
    readiness = Readiness()
    lifecycle = Lifecycle(readiness, grace_seconds=1, sleep=no_sleep)
    tries: list[int] = []

    async def connect() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise asyncio.CancelledError

    lifecycle.start("bus", connect)
    async with lifecycle.run():
        await until(lambda: readiness.ready)
    assert tries == [1, 1]


@pytest.mark.parametrize(
    "error", [KeyError("unforeseen"), ProcessingStopped("too many in a row"), asyncio.CancelledError()]
)
async def test_background_work_that_fails_is_started_again(error: BaseException) -> None:
    """A sweeper that trips over something does not stay down, and takes no other work down with it."""
    lifecycle = Lifecycle(Readiness(), grace_seconds=1, sleep=no_sleep)
    runs: list[int] = []

    async def sweep() -> None:
        runs.append(1)
        raise error

    others: list[str] = []

    async def wait() -> None:
        others.append("began")
        try:
            await asyncio.Event().wait()
        finally:
            others.append("ended")

    lifecycle.background("sweeper", sweep)
    lifecycle.background("waiting", wait)
    async with lifecycle.run():
        await until(lambda: len(runs) >= 3)
        assert others == ["began"]


@pytest.mark.parametrize("error", [RuntimeError("stuck"), asyncio.CancelledError()])
async def test_everything_is_closed_in_reverse_although_one_fails(error: BaseException) -> None:
    """One part that cannot close keeps no other open; nor does Kafka's client, cancelling itself."""
    readiness = Readiness()
    lifecycle = Lifecycle(readiness, grace_seconds=1, sleep=no_sleep)
    closed: list[str] = []

    async def close_documents() -> None:
        closed.append("documents")

    async def close_bus() -> None:
        closed.append("bus")
        raise error

    lifecycle.close("documents", close_documents)
    lifecycle.close("bus", close_bus)
    async with lifecycle.run():
        pass
    assert closed == ["bus", "documents"]
    assert not readiness.ready


async def test_a_client_without_its_engine_keeps_nobody_for_long() -> None:
    """Its step has a bound of its own, below the grace that work under way gets."""
    lifecycle = Lifecycle(Readiness(), grace_seconds=60, sleep=no_sleep)
    closed: list[str] = []

    async def close_documents() -> None:
        closed.append("documents")
        await asyncio.Event().wait()

    async def close_http() -> None:
        closed.append("http")

    lifecycle.close("http", close_http)
    lifecycle.close("documents", close_documents, within_seconds=0.001)
    async with asyncio.timeout(5):
        await lifecycle.end()
    assert closed == ["documents", "http"]


async def test_who_ends_the_closing_is_obeyed() -> None:
    """A cancellation from outside is no failure of a part: nothing more is closed."""
    lifecycle = Lifecycle(Readiness(), grace_seconds=60, sleep=no_sleep)
    closed: list[str] = []

    async def close_documents() -> None:
        closed.append("documents")

    async def close_bus() -> None:
        closed.append("bus")
        await asyncio.Event().wait()

    lifecycle.close("documents", close_documents)
    lifecycle.close("bus", close_bus)
    ending = asyncio.create_task(lifecycle.end())
    await until(lambda: closed)
    ending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ending
    assert closed == ["bus"]


async def test_background_begins_after_the_last_start_step() -> None:
    """Nothing works on an engine that has not answered yet."""
    readiness = Readiness()
    lifecycle = Lifecycle(readiness, grace_seconds=1, sleep=no_sleep)
    order: list[str] = []

    async def start() -> None:
        order.append("start")

    async def work() -> None:
        order.append("work")

    lifecycle.background("work", work)
    lifecycle.start("one", start)
    lifecycle.start("two", start)
    async with lifecycle.run():
        await until(lambda: len(order) == 3)
    assert order == ["start", "start", "work"]


async def test_a_driver_that_swallows_its_cancellation_does_not_keep_the_service() -> None:
    """Database drivers turn a cancellation into an error of their own; stopping still ends."""
    lifecycle = Lifecycle(Readiness(), grace_seconds=1, sleep=no_sleep)
    runs: list[int] = []

    async def stubborn() -> None:
        runs.append(1)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ConnectionError("no server") from None

    lifecycle.background("sweeper", stubborn)
    async with asyncio.timeout(5), lifecycle.run():
        await until(lambda: runs)
    assert runs == [1]
