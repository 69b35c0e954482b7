"""Starting real processes: in a session of their own, dying with the runner, writing to their log."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from deploy.local.guard import guarded

if TYPE_CHECKING:
    import signal
    from collections.abc import Mapping

    from deploy.local.supervision.part import Part


class RunningProcess(Protocol):
    """A process that was started."""

    @property
    def pid(self) -> int: ...

    async def wait(self) -> int:
        """Return the exit code once it ended; negative is the signal that ended it."""
        ...

    def send(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens when the process has ended."""
        ...


class Processes(Protocol):
    """Starts processes."""

    async def start(self, part: Part) -> RunningProcess:
        """Start a part. Raises OSError when the system refuses."""
        ...


class _Child:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    async def wait(self) -> int:
        return await self._process.wait()

    def send(self, number: signal.Signals) -> None:
        if self._process.returncode is None:
            self._process.send_signal(number)


class GuardedProcesses:
    """Starts parts as children that the kernel ends when this process is killed (see `guard`).

    Args:
        environment: the variables that every part gets; a part's own come on top.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    async def start(self, part: Part) -> RunningProcess:
        part.log_file.parent.mkdir(parents=True, exist_ok=True)
        # Appending, so that the file can be cut short while the part writes to it (see `logs`).
        with part.log_file.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *guarded(part.command(), signal_number=part.death_signal),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
                env={**self._environment, **part.environment},
                # Ctrl-C reaches the runner alone, which then stops the parts in order.
                start_new_session=True,
            )
        return _Child(process)
