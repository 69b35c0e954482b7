"""Readiness follows whether an engine answers now."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from shared.observability.readiness import Readiness
from shared.observability.watching import watch

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


async def told(*answers: Callable[[], Awaitable[object]], patience_seconds: float = 3.0) -> list[bool]:
    """Return readiness after each answer."""
    readiness, seen = Readiness("bus"), []
    left = list(answers)

    async def ask() -> object:
        return await left.pop(0)()

    async def sleep(_: float) -> None:
        seen.append(readiness.ready)
        if not left:
            raise asyncio.CancelledError

    with contextlib.suppress(asyncio.CancelledError):
        await watch("bus", ask, readiness, sleep=sleep, patience_seconds=patience_seconds)
    return seen


async def yes() -> bool:
    return True


async def no() -> bool:
    return False


async def fails() -> None:
    raise OSError("nobody listens")


async def hangs() -> None:
    await asyncio.Event().wait()


async def test_readiness_follows_the_engine() -> None:
    """It drops when the engine refuses or fails, and comes back by itself."""
    assert await told(yes, no, yes, fails, yes) == [True, False, True, False, True]


async def test_silence_is_no_answer() -> None:
    """An engine that takes the question and never answers counts as away."""
    assert await told(hangs, yes, patience_seconds=0) == [False, True]
