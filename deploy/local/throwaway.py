"""A server for as long as a block lasts: for tests, benchmarks and for learning Kafka's start."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from deploy.local.errors import EngineFailed
from deploy.local.guard import guarded

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence
    from pathlib import Path

_START_SECONDS = 90
"""Engines take a second or three; one that recovers on a busy machine can take a minute."""

_PAUSE_SECONDS = 0.05
"""Between two questions while a server starts: a fifth of a second would be seen in the start time."""

_LAST_WORDS = 1_000
"""Characters of a dead server's output that go into the error."""


@contextmanager
def running(
    command: Sequence[str],
    answers: Callable[[], Awaitable[bool]],
    *,
    output: Path,
    stop_seconds: float = 30,
) -> Iterator[int]:
    """Run `command` inside the block, and yield its process id once `answers` says yes.

    What the server prints goes to the file `output`. Raises `EngineFailed` with the end of it when the
    server dies or does not answer within 90 seconds.
    """
    with output.open("wb") as sink:
        process = subprocess.Popen(  # noqa: S603 - callers build the command; nothing of it comes from outside
            guarded(tuple(command), signal_number=signal.SIGTERM),
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        # In a thread of its own, so that callers may be inside an event loop.
        with ThreadPoolExecutor(1) as thread:
            started = thread.submit(lambda: asyncio.run(_answered(process, answers))).result()
        if not started:
            said = output.read_text(encoding="utf-8", errors="replace")[-_LAST_WORDS:].strip()
            raise EngineFailed(f"{command[0]} did not start. Its output, {output}, ends with: {said}")
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(stop_seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


async def _answered(process: subprocess.Popen[bytes], answers: Callable[[], Awaitable[bool]]) -> bool:
    deadline = time.monotonic() + _START_SECONDS
    while not await answers():
        if process.poll() is not None or time.monotonic() > deadline:
            return False
        await asyncio.sleep(_PAUSE_SECONDS)
    return True
