"""One slice of a hint run: read what webhooks named, one by one, and let go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from services.syncer.errors import (
    PermissionMissingError,
    PlanRestrictedError,
    RequestRefusedError,
    TokenRejectedError,
)
from services.syncer.use_cases.identity import confirm_token

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.syncer.domain.run import Hint, Run
    from services.syncer.ports import IntercomReader, Runs
    from services.syncer.resources.reading import Reading, Resource
    from services.syncer.use_cases.reports import Reports
    from shared.clock import Clock

_LOG = structlog.get_logger(__name__)


class HintRuns:
    """Works slices of the hint lane."""

    def __init__(self, *, runs: Runs, reports: Reports, resources: Sequence[Resource], clock: Clock) -> None:
        self._runs = runs
        self._reports = reports
        self._readers = {resource.type: resource.read_one for resource in resources}
        self._clock = clock

    async def work(self, run: Run, reading: Reading, reader: IntercomReader) -> str:
        """Follow as many hints as there is time for, and release the run. Returns how it ended.

        Several hints for one resource are one reading, but for those that name redacted parts. `run.followed`
        holds what was dealt with, also when an error ends the slice.
        """
        seen: set[tuple[str, str, str | None]] = set()
        # The forced reading of a resource says all that an unforced one would.
        for hint in sorted(run.hints, key=lambda hint: not hint.force):
            this = (hint.resource, hint.id, hint.redacted_part)
            if this not in seen:
                if not reading.time_left():
                    await self._runs.checkpoint(run, wake_at=self._clock.now(), done_hints=run.followed)
                    return "sliced"
                await self._follow(hint, reading)
                seen.add(this)
            run.followed.append(hint.key)
        run.count_calls(reader.calls)
        await self._reports.completed(run)
        await self._runs.finish(run, interrupted=False, now=self._clock.now(), done_hints=run.followed)
        return "completed"

    async def _follow(self, hint: Hint, reading: Reading) -> None:
        """Read one; what may not be read is named by full runs, so a hint for it is let go."""
        try:
            await self._readers[hint.resource](reading, hint)
        except (PermissionMissingError, PlanRestrictedError, TokenRejectedError) as refused:
            await confirm_token(reading.intercom, refused)
            _LOG.info("hint cannot be followed", resource=hint.resource, reason=str(refused))
        except RequestRefusedError as refused:
            _LOG.warning("hint refused", resource=hint.resource, reason=str(refused))
