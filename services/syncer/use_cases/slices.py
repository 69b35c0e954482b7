"""One slice of a run: lease the credential, read for a few seconds, publish, remember, checkpoint, let go."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from services.syncer.domain.fresh import Scope
from services.syncer.domain.progress import smoothed
from services.syncer.domain.run import pause_seconds
from services.syncer.errors import (
    AccessError,
    DisconnectedError,
    LeaseLostError,
    PermissionMissingError,
    PlanRestrictedError,
    RequestRefusedError,
    ScrollTakenError,
    SlowDownError,
    TokenRejectedError,
)
from services.syncer.resources import all_resources
from services.syncer.resources.reading import Circumstances, Reading
from services.syncer.use_cases.changes import PublishedChanges
from services.syncer.use_cases.identity import confirm_token, confirm_workspace
from services.syncer.use_cases.lease import Lease
from services.syncer.use_cases.planning import next_step, plan, step_named, wake_of
from shared.errors import TransientError
from shared.observability.tracing import span

if TYPE_CHECKING:
    import random
    from collections.abc import Awaitable, Callable, Coroutine
    from datetime import datetime

    from services.syncer.domain.connection import Connection
    from services.syncer.domain.run import Hint, Run, StepState
    from services.syncer.metrics import SyncerMetrics
    from services.syncer.ports import (
        Connections,
        Credential,
        Credentials,
        Cursors,
        Fingerprints,
        Gaps,
        Intercom,
        IntercomReader,
        Runs,
    )
    from services.syncer.resources.reading import ReadingRules
    from services.syncer.use_cases.reports import Reports
    from shared.clock import Clock
    from shared.contracts.sync import ResourceType
    from shared.messaging.publisher import EventPublisher

    ReadOne = Callable[[Reading, Hint], Awaitable[None]]

_LOG = structlog.get_logger(__name__)

_REPORT_EVERY_SECONDS = 0.5
"""Progress goes out twice a second at most: smooth to the eye, nothing to the bus."""

_UNKNOWN_CONNECTION_SECONDS = 600.0
"""How long a run waits to hear of its connection: the two topics are read independently of each other."""

_FAILURES_TO_SHOW = 3


class Slices:
    """Executes claimed runs, one slice each time. Safe to call for many runs at once."""

    def __init__(
        self,
        *,
        connections: Connections,
        credentials: Credentials,
        intercom: Intercom,
        runs: Runs,
        fingerprints: Fingerprints,
        cursors: Cursors,
        gaps: Gaps,
        publisher: EventPublisher,
        reports: Reports,
        rules: ReadingRules,
        metrics: SyncerMetrics,
        clock: Clock,
        rng: random.Random,
        slice_seconds: float,
        lease_seconds: float,
        scroll_wait_seconds: float,
        unreachable_after_failures: int,
        stopping: Callable[[], bool],
    ) -> None:
        self._connections = connections
        self._credentials = credentials
        self._intercom = intercom
        self._runs = runs
        self._fingerprints = fingerprints
        self._cursors = cursors
        self._gaps = gaps
        self._publisher = publisher
        self._reports = reports
        self._rules = rules
        self._metrics = metrics
        self._clock = clock
        self._rng = rng
        self._slice_seconds = slice_seconds
        self._lease_seconds = lease_seconds
        self._scroll_wait_seconds = scroll_wait_seconds
        self._unreachable_after = unreachable_after_failures
        self._stopping = stopping

    async def execute(self, run: Run) -> str:
        """Work one slice and release the run. Returns how it ended, in one word for the metrics.

        Raises only what no code foresees; the lease then runs out, and the slice is tried again.
        """
        lease = Lease(run, runs=self._runs, clock=self._clock, seconds=self._lease_seconds)
        with (
            span("sync slice", run.traceparent),
            structlog.contextvars.bound_contextvars(
                organization_id=run.key.organization_id,
                connection_id=run.key.connection_id,
                run_id=run.run_id,
            ),
        ):
            try:
                return await self._guarded(run, lease)
            except LeaseLostError as lost:
                _LOG.info("slice dropped", reason=str(lost))
                await self._runs.released(run)
                return "lost"
            except DisconnectedError as gone:
                _LOG.info("run ended", reason=str(gone))
                await self._runs.finish(run, interrupted=True, now=self._clock.now())
                return "disconnected"
            except AccessError as refused:
                return await self._interrupt(run, refused)
            except TransientError as later:
                return await self._put_off(run, later)

    async def _guarded(self, run: Run, lease: Lease) -> str:
        connection = await self._connections.get(run.key)
        if connection is None:
            return await self._wait_for_connection(run)
        if not connection.readable:
            raise DisconnectedError(f"The connection is {connection.state}.")
        credential = await self._credentials.lease(run.key)
        reader = self._intercom.reader(credential, urgent=run.lane == "hints")
        try:
            workspace_id = await confirm_workspace(connection, credential, reader, self._connections)
            reading = await self._reading(run, connection, workspace_id, reader, lease)
            ended = await self._beside_renewal(lease, self._work(run, reading, reader))
        except TokenRejectedError:
            await self._check_rotation(credential)
            raise
        finally:
            run.count_calls(reader.calls)
        run.attempts = 0
        return ended

    async def _check_rotation(self, used: Credential) -> None:
        """Lease again. A token other than the refused one was put in meanwhile, and deserves its own try."""
        self._credentials.drop(used.key)
        fresh = await self._credentials.lease(used.key)
        if fresh.access_token != used.access_token:
            raise TransientError("The token was replaced; going on with the new one.")

    async def _wait_for_connection(self, run: Run) -> str:
        now = self._clock.now()
        if (now - run.started_at).total_seconds() > _UNKNOWN_CONNECTION_SECONDS:
            raise DisconnectedError("Nobody told of this connection.")
        await self._runs.checkpoint(run, wake_at=now + timedelta(seconds=1))
        return "waiting"

    async def _reading(
        self, run: Run, connection: Connection, workspace_id: str, reader: IntercomReader, lease: Lease
    ) -> Reading:
        return Reading(
            run=run,
            connection=connection,
            scope=Scope(
                run.key.organization_id, run.key.connection_id, workspace_id, connection.app_base_url
            ),
            intercom=reader,
            changes=PublishedChanges(
                run=run,
                workspace_id=workspace_id,
                lease=lease,
                publisher=self._publisher,
                fingerprints=self._fingerprints,
                runs=self._runs,
                metrics=self._metrics,
                clock=self._clock,
            ),
            fingerprints=self._fingerprints,
            cursors=self._cursors,
            known_cursors=await self._cursors.all(run.key),
            gaps=self._gaps,
            rules=self._rules,
            clock=self._clock,
            deadline=self._clock.monotonic() + self._slice_seconds,
            stopping=self._stopping,
        )

    @staticmethod
    async def _beside_renewal(lease: Lease, work: Coroutine[None, None, str]) -> str:
        """Run the work while the lease is kept; whichever fails first ends both."""
        working = asyncio.ensure_future(work)
        keeping = asyncio.ensure_future(lease.keep())
        try:
            await asyncio.wait({working, keeping}, return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                return working.result()
            keeping.result()
            raise LeaseLostError("The lease ended.")
        finally:
            for task in (working, keeping):
                task.cancel()
            await asyncio.gather(working, keeping, return_exceptions=True)

    async def _work(self, run: Run, reading: Reading, reader: IntercomReader) -> str:
        if run.lane == "hints":
            return await self._follow_hints(run, reading, reader)
        if not run.planned:
            self._plan(run, reading)
        began, step = self._clock.monotonic(), None
        while reading.time_left() and (step := next_step(run, self._clock.now())) is not None:
            await self._advance(run, reading, reader, step)
        run.rate = smoothed(run.rate, reader.calls, self._clock.monotonic() - began)
        run.count_calls(reader.calls)
        run.attempts = 0
        return await self._pause(run) if run.open_steps() else await self._complete(run)

    def _plan(self, run: Run, reading: Reading) -> None:
        run.steps = plan(
            Circumstances(
                reason=run.reason,
                connection=reading.connection,
                cursors={kind.type: reading.cursor(kind.type) for kind in all_resources()},
                rules=self._rules,
                now=reading.now(),
            )
        )
        run.planned = True

    async def _advance(self, run: Run, reading: Reading, reader: IntercomReader, state: StepState) -> None:
        step = step_named(state.name)
        state.slices += 1
        state.waiting_for = None
        reporting = asyncio.ensure_future(self._report(run, step.resource, reader))
        answers = reader.answers
        try:
            state.done = await step.advance(reading, state)
        except (PermissionMissingError, PlanRestrictedError, TokenRejectedError) as refused:
            await self._skip(run, reading, state, refused)
        except TransientError as later:
            # Only failures without anything in between add up: a source that answers now and then is reached.
            state.failures = 0 if reader.answers > answers else state.failures
            self._park(state, later)
        except RequestRefusedError as refused:
            _LOG.error("request refused", step=state.name, reason=str(refused))
            self._park(state, TransientError(str(refused)))
        else:
            state.failures = 0
            state.wake_at = None
            if state.done:
                await reading.no_gap(step.resource, None, "permission_missing", "plan_restricted")
        finally:
            reporting.cancel()
            await asyncio.gather(reporting, return_exceptions=True)

    async def _report(self, run: Run, resource: ResourceType, reader: IntercomReader) -> None:
        while True:
            await asyncio.sleep(_REPORT_EVERY_SECONDS)
            with suppress(TransientError):
                run.count_calls(reader.calls)
                await self._reports.progressed(run, resource)

    async def _skip(self, run: Run, reading: Reading, state: StepState, refused: AccessError) -> None:
        """Name what was not granted and go on with the rest; when nothing is granted, nothing can go on.

        A 401 that /me does not confirm is a permission in disguise (FACTS §3).
        """
        await confirm_token(reading.intercom, refused)
        reason = "plan_restricted" if isinstance(refused, PlanRestrictedError) else "permission_missing"
        await reading.gap(step_named(state.name).resource, None, reason)
        self._metrics.gaps_opened.labels(reason).inc()
        state.done = True
        state.waiting_for = _REFUSED
        if all(step.waiting_for == _REFUSED for step in run.steps):
            run.planned = False
            raise (
                PlanRestrictedError(str(refused))
                if isinstance(refused, PlanRestrictedError)
                else PermissionMissingError(f"No resource may be read. {refused}")
            )

    def _park(self, state: StepState, later: TransientError) -> None:
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

    async def _follow_hints(self, run: Run, reading: Reading, reader: IntercomReader) -> str:
        readers = {resource.type: resource.read_one for resource in all_resources()}
        done: list[str] = []
        seen: set[tuple[str, str]] = set()
        try:
            # The forced reading of a resource says all that an unforced one would.
            for hint in sorted(run.hints, key=lambda hint: not hint.force):
                if (hint.resource, hint.id) not in seen:
                    if not reading.time_left():
                        break
                    await self._follow(readers[hint.resource], hint, reading)
                    seen.add((hint.resource, hint.id))
                done.append(hint.key)
        except TransientError as later:
            return await self._put_off(run, later, done_hints=done)
        if len(done) < len(run.hints):
            await self._runs.checkpoint(run, wake_at=self._clock.now(), done_hints=done)
            return "sliced"
        run.count_calls(reader.calls)
        await self._reports.completed(run)
        await self._runs.finish(run, interrupted=False, now=self._clock.now(), done_hints=done)
        return "completed"

    async def _complete(self, run: Run) -> str:
        if run.steps:
            await self._reports.progressed(run, step_named(run.steps[-1].name).resource)
        await self._reports.completed(run)
        await self._runs.finish(run, interrupted=False, now=self._clock.now())
        return "completed"

    async def _pause(self, run: Run) -> str:
        now = self._clock.now()
        wake_at = wake_of(run, now)
        unreachable = self._unreachable(run)
        if unreachable is not None:
            await self._reports.interrupted_because(run, "unreachable", unreachable)
            self._metrics.interruptions.labels("unreachable").inc()
            for step in run.steps:
                step.failures, step.wake_at = 0, None
            await self._runs.finish(run, interrupted=True, now=now)
            return "interrupted"
        await self._tell_pause(run, wake_at if wake_at > now else None)
        await self._runs.checkpoint(run, wake_at=wake_at)
        return "parked" if wake_at > now else "sliced"

    def _unreachable(self, run: Run) -> str | None:
        worst = max(run.open_steps(), key=lambda step: step.failures)
        if worst.failures < self._unreachable_after:
            return None
        return f"Intercom gave no usable answer {worst.failures} times in a row while reading {worst.name}."

    async def _tell_pause(self, run: Run, until: datetime | None) -> None:
        waiting = next((step for step in run.open_steps() if step.waiting_for), None)
        current = waiting or max(run.steps, key=lambda step: step.slices)
        await self._reports.progressed(
            run,
            step_named(current.name).resource,
            waiting_until=until,
            waiting_for=waiting.waiting_for if waiting is not None and until is not None else None,
        )

    async def _interrupt(self, run: Run, refused: AccessError) -> str:
        _LOG.warning("run interrupted", reason=refused.REASON, detail=str(refused))
        await self._reports.interrupted(run, refused)
        self._metrics.interruptions.labels(refused.REASON).inc()
        await self._runs.finish(run, interrupted=True, now=self._clock.now())
        return "interrupted"

    async def _put_off(self, run: Run, later: TransientError, *, done_hints: list[str] | None = None) -> str:
        """Put the whole run off: connector, bus, /me or a hint's reading did not work."""
        if isinstance(later, SlowDownError):
            wait, why = later.seconds, "rate_limit"
        else:
            run.attempts += 1
            wait, why = pause_seconds(run.attempts, self._rng.random()), "run"
            if run.attempts >= _FAILURES_TO_SHOW:
                _LOG.warning("run put off", attempts=run.attempts, reason=str(later))
        self._metrics.retries.labels(why).inc()
        wake_at = self._clock.now() + timedelta(seconds=wait)
        try:
            await self._runs.checkpoint(run, wake_at=wake_at, done_hints=done_hints or ())
        except TransientError as away:
            # The store is away as well; the lease runs out, and the slice is tried again.
            _LOG.warning("slice abandoned", reason=str(away))
        return "put_off"

    @staticmethod
    async def _follow(read_one: ReadOne, hint: Hint, reading: Reading) -> None:
        """Read one; what may not be read is named by full runs, so a hint for it is let go."""
        try:
            await read_one(reading, hint)
        except (PermissionMissingError, PlanRestrictedError, TokenRejectedError) as refused:
            await confirm_token(reading.intercom, refused)
            _LOG.info("hint cannot be followed", resource=hint.resource, reason=str(refused))
        except RequestRefusedError as refused:
            _LOG.warning("hint refused", resource=hint.resource, reason=str(refused))


_REFUSED = "a permission"
_WAITING = {
    "rate_limit": "Intercom's rate limit",
    "scroll": "another app's walk over the companies",
    "source": "Intercom to answer",
}
