"""What happens to a batch of records: decode, handle, retry, put aside, or stop (DESIGN §4).

There are three decisions, named by exceptions. `TransientError` is retried with bounded backoff while the
offsets stay. Anything else that a handler raises is narrowed down to the one record that causes it, which is
put aside. Too many records in a row that fail unforeseen stop the service, because then the fault is ours.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from shared.errors import PartlyTransientError, PermanentError, ProcessingStopped, TransientError
from shared.messaging.aside import Aside
from shared.messaging.cloudevent import DECIDING_HEADERS, decode, event_class, headers_of
from shared.messaging.culprits import CulpritSearch
from shared.messaging.dead_letters import DeadLetter
from shared.messaging.received import Received, place_of
from shared.messaging.retrying import Retrying
from shared.observability.tracing import current_trace_id, span

if TYPE_CHECKING:
    import random
    from collections.abc import Awaitable, Callable, Sequence

    from aiokafka import ConsumerRecord

    from shared.contracts.event import Event
    from shared.messaging.dead_letters import DeadLetters
    from shared.messaging.received import Place
    from shared.messaging.retrying import ProcessingState, RetryPolicy, Sleep

    Batch = Sequence[Received[Event]]
    Decoded = tuple[ConsumerRecord[bytes, bytes], Received[Event]]
    BatchHandler = Callable[[Batch], Awaitable[None]]

_LOG = structlog.get_logger(__name__)


class BatchProcessor:
    """Takes records of one subscription through its handler.

    `process` returns when each record was handled or put aside, so that offsets may be committed. The records
    that it returns are exceptions: they must be tried again before any later record of their partitions is
    committed. It raises `TransientError` if the batch must be delivered again, and `ProcessingStopped` if the
    service must end.
    """

    def __init__(
        self,
        *,
        handler: BatchHandler,
        events: Sequence[type[Event]],
        dead_letters: DeadLetters,
        state: ProcessingState,
        retry: RetryPolicy,
        sleep: Sleep,
        rng: random.Random,
    ) -> None:
        self._handler = handler
        self._wanted = frozenset(events)
        self._state = state
        self._unforeseen_limit = retry.unforeseen_limit
        self._retrying = Retrying(retry, state=state, sleep=sleep, rng=rng)
        self._aside = Aside(dead_letters, state=state, retrying=self._retrying)
        # By their places: one record that comes again, since no dead letter can be kept, is one failure.
        self._unforeseen: set[Place] = set()

    async def process(
        self, records: Sequence[ConsumerRecord[bytes, bytes]]
    ) -> list[ConsumerRecord[bytes, bytes]]:
        batch: list[Decoded] = []
        refused: list[DeadLetter] = []
        for record in records:
            try:
                received = self._decode(record)
            except PermanentError as error:
                refused.append(_letter(record, error))
            else:
                if received is not None:
                    batch.append((record, received))
        try:
            waiting = await self._pass_to_handler(batch, refused)
        except ProcessingStopped:
            await self._aside.put(refused)
            raise
        await self._aside.put(refused)
        return waiting

    def _decode(self, record: ConsumerRecord[bytes, bytes]) -> Received[Event] | None:
        if record.value is None:
            return None  # A tombstone: it speaks to compaction, the deletion event came before it.
        headers = headers_of([header for header in record.headers if header[0] in DECIDING_HEADERS])
        kind = event_class(headers)
        if kind not in self._wanted:
            return None
        return Received(
            event=decode(kind, record.value),
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            traceparent=headers.get("ce_traceparent"),
        )

    async def _pass_to_handler(
        self, batch: Sequence[Decoded], refused: list[DeadLetter]
    ) -> list[ConsumerRecord[bytes, bytes]]:
        """Pass a batch to the handler, in order; return what waits; add each culprit to `refused`."""
        waiting: list[ConsumerRecord[bytes, bytes]] = []
        search = CulpritSearch(len(batch))
        while not search.is_over:
            stretch = batch[search.stretch()]
            try:
                waiting += await self._try(stretch)
            except (TransientError, ProcessingStopped):
                raise
            except Exception as error:  # noqa: BLE001 - the bus's boundary: every failure must end in a decision
                if search.failed():
                    refused.append(self._given_up(stretch[0][0], error))
            else:
                search.succeeded()
        return waiting

    async def _try(self, batch: Sequence[Decoded]) -> list[ConsumerRecord[bytes, bytes]]:
        parent = batch[0][1].traceparent
        for attempt in self._retrying.attempts():
            events = [received for _, received in batch]
            if attempt > 1:
                events = [replace(received, attempt=attempt) for received in events]
            try:
                with span("handle", parent):
                    await self._handler(events)
            except PartlyTransientError as error:
                waiting = [batch[place][0] for place in sorted(error.waiting)]
                self._done(len(batch) - len(waiting))
                return waiting
            except TransientError as error:
                await self._retrying.pause(attempt, error, records=len(batch))
            else:
                self._done(len(batch))
                break
        return []

    def _done(self, records: int) -> None:
        self._unforeseen.clear()
        self._state.going_on()
        self._state.handled(records)

    def _given_up(self, record: ConsumerRecord[bytes, bytes], error: Exception) -> DeadLetter:
        letter = _letter(record, error)
        if isinstance(error, PermanentError):
            return letter
        self._unforeseen.add(place_of(record))
        _LOG.error(
            "handler failed",
            topic=record.topic,
            offset=record.offset,
            trace_id=letter.trace_id,
            exc_info=error,
        )
        if len(self._unforeseen) > self._unforeseen_limit:
            raise ProcessingStopped(
                f"{len(self._unforeseen)} records in a row failed in ways nobody foresaw; the last one:"
                f" {type(error).__name__}. Stopping before more is put aside; the log has the tracebacks."
            ) from error
        return letter


def _letter(record: ConsumerRecord[bytes, bytes], error: Exception) -> DeadLetter:
    """Return what is put aside, under the trace that the record came with, or under one of its own."""
    traced = headers_of([header for header in record.headers if header[0] == "ce_traceparent"])
    with span("put aside", traced.get("ce_traceparent")):
        trace_id = current_trace_id()
    if isinstance(error, PermanentError):
        return DeadLetter(record, error.reason, 1, str(error), trace_id)
    return DeadLetter(record, "handler_failed", 1, f"{type(error).__name__}: {error}", trace_id)
