"""Resources of which it is unknown which state was published last; they are read once more.

That happens when two readers cross, because whoever came second has published all the same, and when a slice
dies or fails between publishing and remembering. A doubtful resource is published whole when it is read
again, or deleted with every part that may ever have been published.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from services.syncer.domain.fingerprint import UNSURE, Fingerprint
from services.syncer.domain.run import Hint
from shared.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from services.syncer.domain.run import Run
    from services.syncer.metrics import SyncerMetrics
    from services.syncer.ports import Fingerprints, Runs
    from shared.clock import Clock
    from shared.contracts.sync import ResourceType

_LOG = structlog.get_logger(__name__)

_TRIES = 5
"""Writers that may interfere before a resource is left to the next slice instead."""

_LONGEST_NAME = 256


class Doubts:
    """Marks resources as doubtful on behalf of one slice."""

    def __init__(
        self, run: Run, *, fingerprints: Fingerprints, runs: Runs, metrics: SyncerMetrics, clock: Clock
    ) -> None:
        self._run = run
        self._fingerprints = fingerprints
        self._runs = runs
        self._metrics = metrics
        self._clock = clock
        self._writes = 0

    def writer(self) -> str:
        """Return a name for one write to the fingerprints, never given before."""
        self._writes += 1
        return f"{self._run.run_id}:{self._run.lane}:{self._run.fence}:{self._writes}"

    async def recover(self) -> None:
        """Mark what the previous slice may have published without remembering it."""
        unsure = self._run.unsure
        for intent in unsure:
            await self._doubt(Fingerprint(intent.resource, intent.id, UNSURE, None, open=True), intent.parts)
        await self._ask_again(
            "unsure", list(dict.fromkeys((intent.resource, intent.id) for intent in unsure))
        )
        unsure.clear()

    async def crossed(self, records: Sequence[Fingerprint]) -> None:
        """Mark what was published although somebody else had published it meanwhile."""
        for record in records:
            self._metrics.crossed.labels(record.resource).inc()
            await self._doubt(record, record.parts)
        _LOG.info("two readers crossed; reading again", resources=len(records))
        await self._ask_again(f"crossed:{self._writes}", [(record.resource, record.id) for record in records])

    async def _doubt(self, record: Fingerprint, parts: Iterable[str]) -> None:
        """Remember the doubt beside whatever is remembered now."""
        for _ in range(_TRIES):
            known = await self._fingerprints.of(self._run.key, record.resource, [record.id])
            doubted = known.get(record.id, replace(record, revision=0)).doubted(parts, record.read_at)
            if not await self._fingerprints.store(self._run.key, [doubted], writer=self.writer()):
                return
        raise TransientError(f"{record.resource} {record.id} kept changing while it was looked after.")

    async def _ask_again(self, why: str, things: Sequence[tuple[ResourceType, str]]) -> None:
        if not things:
            return
        request_id = f"{why}:{self._run.lane}:{self._run.fence}:{self._run.run_id}"[:_LONGEST_NAME]
        hints = [
            Hint(f"{request_id}:{number}", resource, id_, force=True)
            for number, (resource, id_) in enumerate(things)
        ]
        if not await self._runs.hint(self._run.key, hints, request_id=request_id, now=self._clock.now()):
            # They stay doubted, so the next walk over the whole list reads them.
            _LOG.warning("too many hints wait; left to the next reconcile", resources=len(things))
