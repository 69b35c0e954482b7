"""Conversations that wait to be fetched: a slice that ends early ends, however many of them there are."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx

from deploy.simulator.settings import SimulatorSettings
from services.syncer.adapters.http_intercom import ReadOnlyTransport
from shared.errors import TransientError
from tests.unit.services.syncer.rig import Rig

if TYPE_CHECKING:
    from collections.abc import Coroutine

_TURNS = 5_000
"""Turns of the event loop, in which a slice has read ahead as far as it will."""

_PATIENCE_SECONDS = 5.0
"""Until a slice counts as one that never ends; nothing waits for so long when it does end."""


class Stuck(httpx.ASGITransport):
    """The simulated workspace, where each closed conversation is refused, once `answering` is set."""

    def __init__(self, rig: Rig) -> None:
        super().__init__(rig.simulator.app)
        self._closed = {
            f"/conversations/{id_}"
            for id_, row in rig.truth("conversations").items()
            if row["state"] == "closed"
        }
        self.answering = asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path not in self._closed:
            return await super().handle_async_request(request)
        await self.answering.wait()
        errors = [{"code": "api_plan_restricted", "message": "No."}]
        return httpx.Response(403, json={"type": "error.list", "errors": errors})


async def stuck_while_reading_ahead() -> tuple[Rig, Stuck, asyncio.Task[str | None]]:
    """Return a slice under way that waits for its first conversations, and for room for more of them."""
    rig = Rig(
        SimulatorSettings(
            workspace="generated",
            conversations=600,
            parts=1,
            contacts=5,
            companies=2,
            days=30,
            pace="paused",
            webhook_url=None,
            second_workspace=False,
        )
    )
    stuck = Stuck(rig)
    rig.intercom._transport = ReadOnlyTransport(stuck)
    await rig.connect()
    await rig.request("initial")
    working = asyncio.ensure_future(rig.slice("main"))
    for _ in range(_TURNS):
        await asyncio.sleep(0)
    assert not working.done()
    return rig, stuck, working


async def ends(work: Coroutine[Any, Any, Any] | asyncio.Task[Any]) -> bool:
    task = asyncio.ensure_future(work)
    done, _ = await asyncio.wait({task}, timeout=_PATIENCE_SECONDS)
    return bool(done)


async def test_a_slice_that_is_cancelled_ends() -> None:
    """As at the end of the process, or when its lease was lost: nobody empties the queue any more."""
    _, _, working = await stuck_while_reading_ahead()
    working.cancel()
    assert await ends(working)
    assert working.cancelled()


async def test_a_slice_ends_when_a_store_is_away() -> None:
    """Whoever reads ahead must not wait for room that nobody will make."""
    rig, stuck, working = await stuck_while_reading_ahead()

    async def away(*_arguments: Any, **_named: Any) -> None:
        raise TransientError("The database did not answer.")

    rig.gaps.open = away  # type: ignore[method-assign]
    stuck.answering.set()
    assert await ends(working)
    assert working.result() == "put_off"
