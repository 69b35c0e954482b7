"""One slice of a full run: advance its steps in turn, put off what must wait, name what cannot be read."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from services.syncer.domain.pace import paced
from services.syncer.domain.run import pause_seconds
from services.syncer.errors import (
    AccessError,
    PermissionMissingError,
    PlanRestrictedError,
    RequestRefusedError,
    ScrollTakenError,
    SlowDownError,
    SourceUnavailableError,
    TokenRejectedError,
    WalkRefusedError,
)
from services.syncer.resources.reading import Circumstances
from services.syncer.use_cases.identity import confirm_token
from shared.errors import TransientError

if TYPE_CHECKING:
    import random
    from datetime import datetime

    from services.syncer.domain.run import Run, StepState
    from services.syncer.metrics import SyncerMetrics
    from services.syncer.ports import IntercomReader
    from services.syncer.resources.reading import Reading, ReadingRules
    from services.syncer.use_cases.planning import Planner
    from services.syncer.use_cases.reports import Reports
    from services.syncer.use_cases.stores import Stores
    from shared.clock import Clock
    from shared.contracts.sync import ResourceType

_LOG = structlog.get_logger(__name__)

_REPORT_EVERY_SECONDS = 0.5
"""Progress goes out twice a second at most: smooth to the eye, nothing to the bus."""

_WAITING = {
    "rate_limit": "Intercom's rate limit",
    "scroll": "another app's walk over the companies",
    "source": "Intercom to answer",
}


class FullRuns:
    """Works slices of the main lane."""

    def __init__(
        self,
        *,
        stores: Stores,
        reports: Reports,
        planner: Planner,
        rules: ReadingRules,
        metrics: SyncerMetrics,
        clock: Clock,
        rng: random.Random,
        scroll_wait_seconds: float,
        unreachable_after_failures: int,
    ) -> None:
        self._stores = stores
        self._reports = reports
        self._planner = planner
        self._rules = rules
        self._metrics = metrics
        self._clock = clock
        self._rng = rng
        self._scroll_wait_seconds = scroll_wait_seconds
        self._unreachable_after = unreachable_after_failures

    async def work(self, run: Run, reading: Reading, reader: IntercomReader) -> str:
        """Advance the run as far as this slice goes, and release it. Returns how it ended.

        Raises AccessError when a person must act, and TransientError when the bus or a store is away.
        """
        if not run.planned or not self._planner.knows(run):
            self._plan(run, reading)
        while reading.time_left() and (step := self._planner.next_step(run, self._clock.now())) is not None:
            await self._advance(run, reading, reader, step)
            await self._give_up_hopeless(run, reading)
        run.count_calls(reader.calls)
        run.attempts = 0
        return await self._pause(run) if run.open_steps() else await self._complete(run)

    def _plan(self, run: Run, reading: Reading) -> None:
        run.steps = self._planner.plan(
            Circumstances(
                reason=run.reason,
                connection=reading.connection,
                cursors={kind.type: reading.cursor(kind.type) for kind in self._planner.resources},
                rules=self._rules,
                now=reading.now(),
            )
        )
        # All are named from the beginning: a share of what was met so far would jump back with each more.
        for step in run.steps:
            run.count_of(self._planner.step(step.name).resource)
        run.planned = True

    async def _advance(self, run: Run, reading: Reading, reader: IntercomReader, state: StepState) -> None:
        step = self._planner.step(state.name)
        state.slices += 1
        state.waiting_for = None
        reporting = asyncio.ensure_future(self._report(run, step.resource, reader))
        useful = reading.useful_answers
        since, before = self._clock.now(), run.count_of(step.resource).done
        try:
            state.done = await step.advance(reading, state)
        except (PermissionMissingError, PlanRestrictedError, TokenRejectedError) as refused:
            await self._skip(run, reading, state, refused)
        except WalkRefusedError as stuck:
            _LOG.warning("step given up", step=state.name, reason=str(stuck))
            await self._end_incomplete(reading, state, "still_lagging")
        except (SlowDownError, ScrollTakenError, SourceUnavailableError, RequestRefusedError) as later:
            # Only failures without anything in between add up: a source that answers now and then is reached.
            state.failures = 0 if reading.useful_answers > useful else state.failures
            self._park(state, later)
        else:
            state.failures = 0
            state.wake_at = None
            if state.done and state.incomplete is not None:
                await self._end_incomplete(reading, state, state.incomplete)
        finally:
            self._keep_pace(run, step.resource, run.count_of(step.resource).done - before, since)
            self._nothing_left(run, reading, step.resource)
            state.resumed = False
            reporting.cancel()
            await asyncio.gather(reporting, return_exceptions=True)

    def _nothing_left(self, run: Run, reading: Reading, resource: ResourceType) -> None:
        """Let a resource that nobody counted count for what was read, once all its steps are done."""
        left = any(self._planner.step(step.name).resource == resource for step in run.open_steps())
        if not left and run.count_of(resource).total is None:
            reading.all_met(resource)

    def _keep_pace(self, run: Run, resource: ResourceType, amount: int, since: datetime) -> None:
        pace = paced(run.paces.get(resource), amount, since=since, now=self._clock.now())
        if pace is not None:
            run.paces[resource] = pace

    async def _report(self, run: Run, resource: ResourceType, reader: IntercomReader) -> None:
        while True:
            await asyncio.sleep(_REPORT_EVERY_SECONDS)
            with suppress(TransientError):
                run.count_calls(reader.calls)
                await self._reports.progressed(run, resource, failures=self._planner.failures(run))

    async def _skip(self, run: Run, reading: Reading, state: StepState, refused: AccessError) -> None:
        """Name what was not granted and go on with the rest; when nothing is granted, nothing can go on.

        A 401 that /me does not confirm is a permission in disguise (FACTS §3).
        """
        await confirm_token(reading.intercom, refused)
        plan_restricted = isinstance(refused, PlanRestrictedError)
        await self._end_incomplete(
            reading, state, "plan_restricted" if plan_restricted else "permission_missing"
        )
        if all(step.incomplete == state.incomplete for step in run.steps):
            run.planned = False
            kind = PlanRestrictedError if plan_restricted else PermissionMissingError
            raise kind(f"No resource may be read. {refused}")

    async def _end_incomplete(self, reading: Reading, state: StepState, reason: str) -> None:
        state.done, state.incomplete = True, reason
        step = self._planner.step(state.name)
        await reading.gap(step.resource, None, reason, aspect=step.aspect)
        if step.of_walk:
            # Due again at once, also where it was asked for before its time: a run that asks for changes
            # alone would not reach what this one left, and would close its gap.
            await reading.save_cursor(replace(reading.cursor(step.resource), walked_at=None))

    def _park(self, state: StepState, later: Exception) -> None:
        """Put a step off until its reason may have passed; nothing sleeps meanwhile (DESIGN §4)."""
        match later:
            case SlowDownError():
                wait, why = later.seconds, "rate_limit"
            case ScrollTakenError():
                wait, why = self._scroll_wait_seconds + self._rng.random(), "scroll"
            case _:
                state.failures += 1
                wait, why = pause_seconds(state.failures, self._rng.random()), "source"
                _LOG.warning("step put off", step=state.name, failures=state.failures, reason=str(later))
        state.wake_at = self._clock.now() + timedelta(seconds=wait)
        state.waiting_for = _WAITING[why]
        self._metrics.retries.labels(why).inc()

    async def _give_up_hopeless(self, run: Run, reading: Reading) -> None:
        """End steps that fail for ever beside others that went well: a named gap, tried by the next run."""
        if not any(step.done and step.incomplete is None for step in run.steps):
            return
        for state in run.open_steps():
            if state.failures >= self._unreachable_after:
                await self._end_incomplete(reading, state, "still_lagging")

    async def _complete(self, run: Run) -> str:
        await self._close_gaps(run)
        if run.steps:
            await self._reports.progressed(run, self._planner.step(run.steps[-1].name).resource)
        complete_up_to = await self._reports.completed(run)
        if complete_up_to is not None:
            behind = (self._clock.now() - complete_up_to).total_seconds()
            self._metrics.behind_seconds.observe(max(behind, 0))
        await self._stores.runs.finish(run, interrupted=False, now=self._clock.now())
        return "completed"

    async def _close_gaps(self, run: Run) -> None:
        """Close the gaps of whole resources that this run has read completely; name those it has not."""
        steps = [(self._planner.step(state.name), state.incomplete) for state in run.steps]
        read = {(step.resource, step.aspect) for step, _ in steps}
        trouble = {(step.resource, step.aspect, incomplete) for step, incomplete in steps}
        for gap in await self._stores.gaps.whole(run.key):
            what = (gap.resource, gap.aspect)
            if what in read and (*what, gap.reason) not in trouble:
                await self._stores.gaps.close(run.key, gap.resource, None, [gap.reason], aspect=gap.aspect)

    async def _pause(self, run: Run) -> str:
        now = self._clock.now()
        worst = max(run.open_steps(), key=lambda step: step.failures)
        if worst.failures >= self._unreachable_after:
            return await self._unreachable(run, worst)
        wake_at = self._planner.wake_of(run, now)
        await self._tell_pause(run, wake_at if wake_at > now else None)
        await self._stores.runs.checkpoint(run, wake_at=wake_at)
        return "parked" if wake_at > now else "sliced"

    async def _unreachable(self, run: Run, worst: StepState) -> str:
        await self._reports.interrupted_because(
            run,
            "unreachable",
            f"Intercom gave no usable answer {worst.failures} times in a row while reading {worst.name}.",
        )
        self._metrics.interruptions.labels("unreachable").inc()
        for step in run.steps:
            step.failures, step.wake_at = 0, None
        await self._stores.runs.finish(run, interrupted=True, now=self._clock.now())
        return "interrupted"

    async def _tell_pause(self, run: Run, until: datetime | None) -> None:
        current = self._planner.current(run)
        await self._reports.progressed(
            run,
            self._planner.step(current.name).resource,
            waiting_until=until,
            waiting_for=current.waiting_for if until is not None else None,
            failures=self._planner.failures(run),
        )

    async def tell_put_off(self, run: Run, until: datetime) -> None:
        """Tell that the source gives no answer to what the whole run begins with."""
        begun = run.open_steps() and self._planner.knows(run)
        resource = (
            self._planner.step(self._planner.current(run).name).resource
            if begun
            else self._planner.resources[0].type
        )
        with suppress(TransientError):
            await self._reports.progressed(
                run, resource, waiting_until=until, waiting_for=_WAITING["source"], failures=run.attempts
            )
