"""All parts together: started by stage, recorded for `earshot status`, stopped in reverse."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from deploy.local.supervision.logs import cut_if_large
from deploy.local.supervision.part import Stage
from deploy.local.supervision.policy import RestartPolicy
from deploy.local.supervision.record import write_record
from deploy.local.supervision.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from deploy.local.supervision.part import Part
    from deploy.local.supervision.processes import Processes
    from deploy.local.supervision.supervisor import PartStatus
    from shared.clock import Clock

_LOG = logging.getLogger(__name__)

_LOOK_AT_LOGS_SECONDS = 30.0


class Fleet:
    """Supervises parts. `start` and `stop` are called from one event loop."""

    def __init__(
        self,
        parts: Sequence[Part],
        processes: Processes,
        *,
        clock: Clock,
        run_folder: Path,
        address: str,
        changed: Callable[[PartStatus], None],
        policy: RestartPolicy | None = None,
    ) -> None:
        self._run_folder = run_folder
        self._address = address
        self._tell = changed
        self._supervisors = [
            Supervisor(
                part,
                processes,
                policy=policy or RestartPolicy(),
                clock=clock,
                changed=self._part_changed,
            )
            for part in parts
        ]
        self._lives: dict[str, asyncio.Task[None]] = {}
        self._housekeeping: asyncio.Task[None] | None = None

    def statuses(self) -> list[PartStatus]:
        return [supervisor.status for supervisor in self._supervisors]

    def start(self, stage: Stage) -> None:
        """Begin to run the parts of a stage; returns at once."""
        if self._housekeeping is None:
            self._housekeeping = asyncio.create_task(self._cut_logs(), name="cut logs")
        for supervisor in self._of(stage):
            name = supervisor.part.name
            self._lives[name] = asyncio.create_task(supervisor.run(), name=f"run {name}")

    async def wait_ready(self, stage: Stage) -> None:
        """Return once every part of a stage has been ready at least once."""
        for supervisor in self._of(stage):
            await supervisor.wait_ready()

    async def stop(self) -> None:
        """Stop all parts, the last stage first, those of one stage together."""
        for stage in sorted(Stage, reverse=True):
            await asyncio.gather(*(supervisor.stop() for supervisor in self._of(stage)))
        if self._housekeeping is not None:
            self._housekeeping.cancel()
        await asyncio.gather(*self._lives.values())

    def kill(self) -> None:
        """End all parts at once and for good; `stop` then has nothing left to wait for."""
        for supervisor in self._supervisors:
            supervisor.end_now()

    def _of(self, stage: Stage) -> list[Supervisor]:
        return [supervisor for supervisor in self._supervisors if supervisor.part.stage is stage]

    def _part_changed(self, status: PartStatus) -> None:
        try:
            write_record(self._run_folder, self._address, self.statuses())
        except OSError:
            # A full disk must not take the supervision down with it; `earshot status` shows an older state.
            _LOG.warning("the runner's record could not be written", exc_info=True)
        self._tell(status)

    async def _cut_logs(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_AT_LOGS_SECONDS)
            for supervisor in self._supervisors:
                try:
                    await asyncio.to_thread(cut_if_large, supervisor.part.log_file)
                except OSError:
                    _LOG.warning("a log could not be cut", exc_info=True)
