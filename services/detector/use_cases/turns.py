"""Running coroutines in turn, and side by side."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

T = TypeVar("T")
U = TypeVar("U")


class Turns:
    """Lets the tasks of one process take turns, in the order in which they ask."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._waiting = 0

    @property
    def somebody_waits(self) -> bool:
        """Return whether another task waits for its turn, so that long work should end soon."""
        return self._waiting > 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, and hold it inside the block."""
        self._waiting += 1
        try:
            await self._lock.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._lock.release()


async def side_by_side(
    first: Coroutine[object, object, T], ahead: Coroutine[object, object, U]
) -> tuple[T, U]:
    """Return both results.

    An error of `first` cancels `ahead`; an error of `ahead` waits until `first` is done.
    """
    task = asyncio.create_task(ahead)
    try:
        return await first, await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
