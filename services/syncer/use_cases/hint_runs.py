"""One slice of a hint run: read what webhooks named, one by one, and let go."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from services.syncer.domain.reads import Call, Read
from services.syncer.errors import (
    PermissionMissingError,
    PlanRestrictedError,
    RequestRefusedError,
    SourceUnavailableError,
    TokenRejectedError,
)
from services.syncer.use_cases.identity import confirm_token

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from services.syncer.domain.run import Hint, Run
    from services.syncer.ports import IntercomReader, Runs
    from services.syncer.resources.reading import Reading, Resource
    from services.syncer.use_cases.reports import Reports
    from shared.clock import Clock

_LOG = structlog.get_logger(__name__)


_MOST_ATTEMPTS = 4
"""Slices that try to read what a hint names while the source answers otherwise."""

_FAILURES_TO_HALT = 3
"""Resources in a row that could not be read: the source is away, and more calls would not help it."""

_NAMED = frozenset({"conversation", "contact"})
"""Resources of which each run tries again those that a gap names; others are met by the walks over them."""

_This = tuple[str, str, str | None]


@dataclass(frozen=True, slots=True)
class _Failed:
    """What could not be read in this slice, with the keys of all hints that name it."""

    hint: Hint
    error: SourceUnavailableError
    keys: list[str]


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
        seen: set[_This] = set()
        failed: dict[_This, _Failed] = {}
        in_a_row = 0
        # The forced reading of a resource says all that an unforced one would.
        for hint in sorted(run.hints, key=lambda hint: not hint.force):
            this = (hint.resource, hint.id, hint.redacted_part)
            if this in failed:
                failed[this].keys.append(hint.key)
                continue
            if this not in seen:
                if not reading.time_left():
                    await self._runs.checkpoint(run, wake_at=self._clock.now(), done_hints=run.followed)
                    return "sliced"
                try:
                    await self._follow(hint, reading)
                except SourceUnavailableError as error:
                    in_a_row += 1
                    if in_a_row >= _FAILURES_TO_HALT:
                        raise
                    failed[this] = _Failed(hint, error, [hint.key])
                    continue
                in_a_row = 0
                seen.add(this)
            run.followed.append(hint.key)
        await self._look_after(run, reading, failed.values())
        run.count_calls(reader.calls)
        await self._reports.completed(run)
        await self._runs.finish(run, interrupted=False, now=self._clock.now(), done_hints=run.followed)
        return "completed"

    async def _look_after(self, run: Run, reading: Reading, failed: Collection[_Failed]) -> None:
        """Try again later what could not be read; in the end leave it to full runs, where the source answers.

        Otherwise one resource that never answers would keep all later hints of the workspace waiting.
        """
        for one in failed:
            if run.attempts + 1 < _MOST_ATTEMPTS:
                raise one.error
        if not failed:
            return
        with suppress(PermissionMissingError):
            await reading.intercom.read(Call(Read.ME))
        for one in failed:
            _LOG.warning("hint left to full runs", resource=one.hint.resource, reason=str(one.error))
            if one.hint.resource in _NAMED:
                await reading.gap(one.hint.resource, one.hint.id, "still_lagging")
            run.followed += one.keys

    async def _follow(self, hint: Hint, reading: Reading) -> None:
        """Read one; what may not be read is named by full runs, so a hint for it is let go."""
        try:
            await self._readers[hint.resource](reading, hint)
        except (PermissionMissingError, PlanRestrictedError, TokenRejectedError) as refused:
            await confirm_token(reading.intercom, refused)
            _LOG.info("hint cannot be followed", resource=hint.resource, reason=str(refused))
        except RequestRefusedError as refused:
            _LOG.warning("hint refused", resource=hint.resource, reason=str(refused))
