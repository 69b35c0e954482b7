"""One slice of a hint run: read what webhooks named, several conversations at once, and release the run."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from services.syncer.errors import (
    PermissionMissingError,
    PlanRestrictedError,
    RequestRefusedError,
    SourceUnavailableError,
    TokenRejectedError,
)
from services.syncer.use_cases.identity import confirm_token, who_am_i

if TYPE_CHECKING:
    from collections.abc import Sequence

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

_MOST_AT_ONCE = 8
"""Conversations read together: eight times as many as one by one, and few beside a full run's calls."""

_FIRST_AT_ONCE = 3
"""Conversations read together before any answered: no more calls than show that the source is away."""

_NAMED = frozenset({"conversation", "contact"})
"""Resources of which each run tries again those that a gap names; others are met by the walks over them."""


@dataclass(frozen=True, slots=True)
class _Failed:
    """A resource that could not be read in this slice, with all hints that name it."""

    hints: list[Hint]
    error: SourceUnavailableError


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
        failed: list[_Failed] = []
        in_a_row = 0
        waiting = _in_turn(run)
        while waiting:
            if not reading.time_left():
                # A resource that uses up the slice's time before it fails counts as tried, too.
                await self._look_after(run, reading, failed)
                await self._runs.checkpoint(run, wake_at=self._clock.now(), done_hints=run.followed)
                return "sliced"
            most = min(reading.intercom.most_in_flight, _MOST_AT_ONCE)
            together = _together(waiting, most if run.followed else min(most, _FIRST_AT_ONCE))
            for hints, error in await self._all(run, reading, together):
                if error is None:
                    in_a_row = 0
                else:
                    in_a_row += 1
                    failed.append(_Failed(hints, error))
            if in_a_row >= _FAILURES_TO_HALT:
                raise failed[-1].error
        await self._look_after(run, reading, failed)
        run.count_calls(reader.calls)
        await self._reports.completed(run)
        await self._runs.finish(run, interrupted=False, now=self._clock.now(), done_hints=run.followed)
        return "completed"

    async def _all(
        self, run: Run, reading: Reading, together: Sequence[list[Hint]]
    ) -> list[tuple[list[Hint], SourceUnavailableError | None]]:
        """Follow these beside each other; return in their order what could not be read, and why.

        What ends the slice is raised when all of them have ended: what was read is dealt with by then.
        """
        outcomes = await asyncio.gather(
            *(self._follow(hints[0], reading) for hints in together), return_exceptions=True
        )
        ended: BaseException | None = None
        results: list[tuple[list[Hint], SourceUnavailableError | None]] = []
        for hints, outcome in zip(together, outcomes, strict=True):
            if outcome is None:
                _done_with(run, hints)
            if outcome is None or isinstance(outcome, SourceUnavailableError):
                results.append((hints, outcome))
            else:
                ended = ended or outcome
        if ended is not None:
            raise ended
        return results

    async def _look_after(self, run: Run, reading: Reading, failed: Sequence[_Failed]) -> None:
        """Try again later what could not be read; in the end leave it to full runs, where the source answers.

        Otherwise one resource that never answers would keep all later hints of the workspace waiting.
        """
        tried = {name: run.tried.get(name, 0) + 1 for name in (_name(one.hints[0]) for one in failed)}
        if failed and (not run.followed or max(tried.values()) >= _MOST_ATTEMPTS):
            # While the source is away, no attempts are counted and nothing is given up.
            with suppress(PermissionMissingError):
                await who_am_i(reading.intercom)
        run.tried |= tried
        lost = [one for one in failed if tried[_name(one.hints[0])] >= _MOST_ATTEMPTS]
        for one in lost:
            hint = one.hints[0]
            _LOG.warning("hint left to full runs", resource=hint.resource, reason=str(one.error))
            if hint.resource in _NAMED:
                await reading.gap(hint.resource, hint.id, "still_lagging")
            _done_with(run, one.hints)
        waiting = [one for one in failed if one not in lost]
        if waiting:
            if run.followed:
                # The source responds to other requests, so the pause depends on these few resources alone.
                run.attempts = max(tried[_name(one.hints[0])] for one in waiting) - 1
            raise waiting[0].error

    async def _follow(self, hint: Hint, reading: Reading) -> None:
        """Read one; what may not be read is named by full runs, so a hint for it is let go."""
        try:
            await self._readers[hint.resource](reading, hint)
        except (PermissionMissingError, PlanRestrictedError, TokenRejectedError) as refused:
            await confirm_token(reading.intercom, refused)
            _LOG.info("hint cannot be followed", resource=hint.resource, reason=str(refused))
        except RequestRefusedError as refused:
            _LOG.warning("hint refused", resource=hint.resource, reason=str(refused))


def _resource_of(hint: Hint) -> tuple[str, str, str | None]:
    return hint.resource, hint.id, hint.redacted_part


def _name(hint: Hint) -> str:
    return "/".join(part or "" for part in _resource_of(hint))


def _done_with(run: Run, hints: Sequence[Hint]) -> None:
    run.followed += [hint.key for hint in hints]
    run.tried.pop(_name(hints[0]), None)


def _together(waiting: list[list[Hint]], most: int) -> list[list[Hint]]:
    """Take from the front those that may be read beside each other: different conversations, up to `most`.

    Two readings of one conversation would be published in either order. Of other resources one is read at a
    time: a contact's reading may be about another contact, and a list's is about all of it.
    """
    taken = [waiting.pop(0)]
    while (
        waiting and len(taken) < most and {taken[0][0].resource, waiting[0][0].resource} == {"conversation"}
    ):
        if any(waiting[0][0].id == one[0].id for one in taken):
            break
        taken.append(waiting.pop(0))
    return taken


def _in_turn(run: Run) -> list[list[Hint]]:
    """Return the hints by the resource that they name, the one that is to be read with first.

    Conversations come before all others: a change of many contacts at once, as an import makes it, would hold
    up for minutes what somebody has written meanwhile. Each failure lets the next slice begin one resource
    further on: what takes all the time of a slice to fail comes last then, and keeps no others waiting.
    """
    by_resource: dict[tuple[str, str, str | None], list[Hint]] = {}
    # A forced read of a resource publishes everything that an unforced one would.
    for hint in sorted(run.hints, key=lambda hint: (hint.resource != "conversation", not hint.force)):
        by_resource.setdefault(_resource_of(hint), []).append(hint)
    groups = list(by_resource.values())
    turn = run.attempts % max(len(groups), 1)
    return groups[turn:] + groups[:turn]
