"""Whether Kafka or MongoDB still responds: asked again and again, so that readiness stays true."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from shared.observability.readiness import Readiness

_LOG = structlog.get_logger(__name__)

_EVERY_SECONDS = 2.0
"""Pause between two questions. With one that gets no answer, readiness is at most 5 s late."""

_PATIENCE_SECONDS = 3.0
"""Patience for one answer; Kafka and MongoDB take milliseconds."""


async def watch(
    part: str,
    ask: Callable[[], Awaitable[object]],
    readiness: Readiness,
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    patience_seconds: float = _PATIENCE_SECONDS,
) -> None:
    """Ask until cancelled.

    `ask` raises, returns False, or takes too long while the other side is unavailable.
    """
    was_there = True
    while True:
        why = await _why_not(ask, patience_seconds)
        readiness.set(part, ready=why is None, why=why or "")
        if (why is None) != was_there:
            was_there = why is None
            if was_there:
                _LOG.info("engine is back", part=part)
            else:
                _LOG.warning("engine is away", part=part, reason=why)
        await sleep(_EVERY_SECONDS)


async def _why_not(ask: Callable[[], Awaitable[object]], patience_seconds: float) -> str | None:
    try:
        async with asyncio.timeout(patience_seconds):
            answered = await ask()
    except Exception as error:  # noqa: BLE001 - whatever a driver raises, the engine does not answer
        return f"does not answer ({type(error).__name__})"
    return "does not answer" if answered is False else None
