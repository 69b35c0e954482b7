"""One slice of a run: lease the credential, read for some seconds, publish, remember, checkpoint."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from services.syncer.domain.fresh import Scope
from services.syncer.domain.run import pause_seconds
from services.syncer.errors import (
    AccessError,
    CredentialWithheldError,
    DisconnectedError,
    LeaseLostError,
    QuestionUnknownError,
    SlowDownError,
    SourceUnavailableError,
    TokenRejectedError,
)
from services.syncer.resources.reading import Reading
from services.syncer.use_cases.changes import PublishedChanges
from services.syncer.use_cases.doubts import Doubts
from services.syncer.use_cases.identity import confirm_workspace
from services.syncer.use_cases.lease import Lease
from shared.errors import TransientError
from shared.observability.tracing import span

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Coroutine

    from services.syncer.domain.connection import Connection
    from services.syncer.domain.run import Run
    from services.syncer.metrics import SyncerMetrics
    from services.syncer.ports import Credential, Credentials, Intercom, IntercomReader
    from services.syncer.resources.reading import ReadingRules
    from services.syncer.use_cases.full_runs import FullRuns
    from services.syncer.use_cases.hint_runs import HintRuns
    from services.syncer.use_cases.removal import Removal
    from services.syncer.use_cases.reports import Reports
    from services.syncer.use_cases.stores import Stores
    from shared.clock import Clock
    from shared.messaging.publisher import EventPublisher

_LOG = structlog.get_logger(__name__)

_UNKNOWN_CONNECTION_SECONDS = 600.0
"""How long a run waits for its connection to become known: the two topics are read independently of each
other."""

_UNREADABLE_CONNECTION_SECONDS = 60.0
"""How long a run waits for a connection that is said to be disconnected, for the same reason."""

_FAILURES_TO_SHOW = 3

_UPGRADE_PATIENCE = 3
"""Times the failures that make a source unreachable: with a minute's pause at most, a rolling upgrade of the
connector has about twenty of them."""


class Slices:
    """Executes claimed runs, one slice each time. Safe to call for many runs at once.

    It decides what errors mean for a run; `FullRuns` and `HintRuns` decide what a slice does.
    """

    def __init__(
        self,
        *,
        stores: Stores,
        credentials: Credentials,
        intercom: Intercom,
        publisher: EventPublisher,
        reports: Reports,
        full_runs: FullRuns,
        hint_runs: HintRuns,
        rules: ReadingRules,
        metrics: SyncerMetrics,
        clock: Clock,
        rng: random.Random,
        slice_seconds: float,
        lease_seconds: float,
        unreachable_after_failures: int,
        stopping: Callable[[], bool],
        removal: Removal,
    ) -> None:
        self._stores = stores
        self._runs = stores.runs
        self._credentials = credentials
        self._intercom = intercom
        self._publisher = publisher
        self._reports = reports
        self._full_runs = full_runs
        self._hint_runs = hint_runs
        self._rules = rules
        self._metrics = metrics
        self._clock = clock
        self._rng = rng
        self._slice_seconds = slice_seconds
        self._lease_seconds = lease_seconds
        self._unreachable_after = unreachable_after_failures
        self._stopping = stopping
        self._removal = removal

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
            ended = await self._decided(run, lease)
            try:
                await self._removal.after_slice(run.key)
            except TransientError as away:
                _LOG.warning("slice not tidied up", reason=str(away))
            return ended

    async def _decided(self, run: Run, lease: Lease) -> str:
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
        connection = await self._stores.connections.get(run.key)
        if connection is None:
            return await self._wait_for_connection(run, _UNKNOWN_CONNECTION_SECONDS, "Nobody told of it.")
        if not connection.readable:
            # A disconnect ends all runs, so this one was requested afterwards, perhaps by connecting again.
            why = f"The connection is {connection.state}."
            return await self._wait_for_connection(run, _UNREADABLE_CONNECTION_SECONDS, why)
        run.connection_revision = connection.revision
        credential = await self._credentials.lease(run.key)
        reader = self._intercom.reader(credential, urgent=run.lane == "hints", calls_before=run.calls)
        try:
            workspace_id = await confirm_workspace(connection, credential, reader, self._stores.connections)
            doubts = Doubts(
                run,
                fingerprints=self._stores.fingerprints,
                runs=self._runs,
                metrics=self._metrics,
                clock=self._clock,
            )
            await doubts.recover()
            reading = await self._reading(run, connection, workspace_id, reader, lease, doubts)
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

    async def _wait_for_connection(self, run: Run, most_seconds: float, why: str) -> str:
        now = self._clock.now()
        if (now - run.started_at).total_seconds() > most_seconds:
            raise DisconnectedError(why)
        await self._runs.checkpoint(run, wake_at=now + timedelta(seconds=1))
        return "waiting"

    async def _reading(
        self,
        run: Run,
        connection: Connection,
        workspace_id: str,
        reader: IntercomReader,
        lease: Lease,
        doubts: Doubts,
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
                reader=reader,
                lease=lease,
                publisher=self._publisher,
                fingerprints=self._stores.fingerprints,
                runs=self._runs,
                doubts=doubts,
                metrics=self._metrics,
                clock=self._clock,
            ),
            fingerprints=self._stores.fingerprints,
            cursors=self._stores.cursors,
            known_cursors=await self._stores.cursors.all(run.key),
            gaps=self._stores.gaps,
            rules=self._rules,
            clock=self._clock,
            deadline=self._clock.monotonic() + self._slice_seconds,
            stopping=self._stopping,
            on_gap=lambda reason: self._metrics.gaps_opened.labels(reason).inc(),
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
            return await self._hint_runs.work(run, reading, reader)
        return await self._full_runs.work(run, reading, reader)

    async def _interrupt(self, run: Run, refused: AccessError) -> str:
        _LOG.warning("run interrupted", reason=refused.REASON, detail=str(refused))
        await self._reports.interrupted(run, refused)
        self._metrics.interruptions.labels(refused.REASON).inc()
        await self._runs.finish(run, interrupted=True, now=self._clock.now())
        return "interrupted"

    async def _put_off(self, run: Run, later: TransientError) -> str:
        """Put the whole run off: connector, bus, a store, /me or a hint's reading did not work."""
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
            if self._hopeless(run, later):
                return await self._give_up(run, later)
            if run.lane == "main" and isinstance(later, SourceUnavailableError):
                await self._full_runs.tell_put_off(run, wake_at)
            await self._runs.checkpoint(run, wake_at=wake_at, done_hints=run.followed)
        except TransientError as away:
            # The store or the bus is away as well; the lease runs out, and the slice is tried again.
            _LOG.warning("slice abandoned", reason=str(away))
        return "put_off"

    def _hopeless(self, run: Run, later: TransientError) -> bool:
        """Tell whether a person should hear of it: what we depend on ourselves is not theirs to mend.

        Hints wait: the full runs of the same connection meet the same trouble, and tell it once.
        """
        theirs = isinstance(later, SourceUnavailableError | CredentialWithheldError)
        patience = _UPGRADE_PATIENCE if isinstance(later, QuestionUnknownError) else 1
        return theirs and run.lane == "main" and run.attempts >= self._unreachable_after * patience

    async def _give_up(self, run: Run, later: TransientError) -> str:
        """Report that reading cannot even begin. The run keeps its position, as after any interruption."""
        detail = f"Reading could not begin {run.attempts} times in a row. {later}"
        await self._reports.interrupted_because(run, "unreachable", detail)
        self._metrics.interruptions.labels("unreachable").inc()
        run.attempts = 0
        await self._runs.finish(run, interrupted=True, now=self._clock.now())
        return "interrupted"
