"""What happens to a batch of records: decode, hand over, retry, put aside, or stop (DESIGN §4).

Three decisions, named by exceptions: `TransientError` is retried with bounded backoff while the offsets
stay; anything else that a handler raises is narrowed down to the one record that causes it, which is put
aside; too many unforeseen failures in a row stop the service, because then the fault is ours.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

import structlog

from shared.errors import PartlyTransientError, PermanentError, ProcessingStopped, TransientError
from shared.messaging.cloudevent import DECIDING_HEADERS, decode, event_class, headers_of
from shared.messaging.dead_letters import DeadLetter
from shared.messaging.received import Received
from shared.observability.tracing import current_trace_id, span

if TYPE_CHECKING:
    import random
    from collections.abc import Awaitable, Callable, Sequence

    from aiokafka import ConsumerRecord

    from shared.contracts.event import Event
    from shared.errors import DeadLetterReason
    from shared.messaging.dead_letters import DeadLetters

    Batch = Sequence[Received[Event]]
    Decoded = tuple[ConsumerRecord[bytes, bytes], Received[Event]]
    BatchHandler = Callable[[Batch], Awaitable[None]]
    Sleep = Callable[[float], Awaitable[None]]

_LOG = structlog.get_logger(__name__)


class ProcessingState(Protocol):
    """Learns how processing goes; readiness and metrics stand behind it."""

    def waiting(self, why: str) -> None: ...

    def going_on(self) -> None: ...

    def put_aside(self, reason: DeadLetterReason) -> None: ...

    def handled(self, records: int) -> None: ...


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long a batch is tried before it is handed back to Kafka.

    The sum of all delays stays well below Kafka's max.poll.interval (five minutes), so that a patient
    consumer is not taken for a dead one.

    Attributes:
        unforeseen_limit: failures that no code expected, one after another, before the service stops.
    """

    attempts: int = 8
    first_delay_seconds: float = 0.2
    longest_delay_seconds: float = 15.0
    unforeseen_limit: int = 20

    def delay_seconds(self, attempt: int, jitter: float) -> float:
        """Return the wait after `attempt` (from 1); `jitter` in [0, 1) spreads it over its upper half."""
        full = min(self.first_delay_seconds * 2.0 ** (attempt - 1), self.longest_delay_seconds)
        return full / 2 + full / 2 * jitter


class BatchProcessor:
    """Takes records of one subscription through its handler.

    `process` returns when each record was handled or put aside, so that offsets may be committed; but for
    those that it returns, which have to come again, before any later record of their partitions is committed.
    It raises `TransientError` when the batch must come again, `ProcessingStopped` when the service must end.
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
        self._dead_letters = dead_letters
        self._state = state
        self._retry = retry
        self._sleep = sleep
        self._rng = rng
        self._unforeseen = 0

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
            waiting = await self._hand_over(batch, refused)
        except ProcessingStopped:
            await self._put_aside(refused)
            raise
        await self._put_aside(refused)
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
            published_at=datetime.fromtimestamp(record.timestamp / 1000, UTC),
            traceparent=headers.get("ce_traceparent"),
        )

    async def _hand_over(
        self, batch: Sequence[Decoded], refused: list[DeadLetter]
    ) -> list[ConsumerRecord[bytes, bytes]]:
        """Take a batch through the handler, in order; return what waits, and add each culprit to `refused`.

        A stretch that fails is halved until a culprit stands alone. Behind it one record more is tried than
        stood before it, and twice as many after each success: one culprit among a thousand costs some twenty
        calls, a thousand in a row cost one each.
        """
        waiting: list[ConsumerRecord[bytes, bytes]] = []
        start, searched_from, size = 0, 0, len(batch)
        failing = 0
        while start < len(batch):
            if failing > start:
                # This stretch failed as a whole; it need not do so again.
                size = max((failing - start) // 2, 1)
            stretch = batch[start : start + size]
            try:
                waiting += await self._try(stretch)
            except (TransientError, ProcessingStopped):
                raise
            except Exception as error:  # noqa: BLE001 - the bus's boundary: every failure must end in a decision
                if len(stretch) > 1:
                    failing = start + len(stretch)
                    continue
                refused.append(self._given_up(stretch[0][0], error))
                size = start - searched_from + 1
                start = searched_from = failing = start + 1
            else:
                start += len(stretch)
                size = 2 * len(stretch)
        return waiting

    async def _try(self, batch: Sequence[Decoded]) -> list[ConsumerRecord[bytes, bytes]]:
        parent = batch[0][1].traceparent
        for attempt in range(1, self._retry.attempts + 1):
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
                self._state.waiting(str(error))
                _LOG.warning("batch waits", attempt=attempt, records=len(batch), reason=str(error))
                if attempt == self._retry.attempts:
                    raise
                planned = self._retry.delay_seconds(attempt, self._rng.random())
                asked = min(error.retry_after_seconds or 0.0, self._retry.longest_delay_seconds)
                await self._sleep(max(planned, asked))
            else:
                self._done(len(batch))
                break
        return []

    def _done(self, records: int) -> None:
        self._unforeseen = 0
        self._state.going_on()
        self._state.handled(records)

    def _given_up(self, record: ConsumerRecord[bytes, bytes], error: Exception) -> DeadLetter:
        letter = _letter(record, error)
        if isinstance(error, PermanentError):
            return letter
        self._unforeseen += 1
        _LOG.error(
            "handler failed",
            topic=record.topic,
            offset=record.offset,
            trace_id=letter.trace_id,
            exc_info=error,
        )
        if self._unforeseen > self._retry.unforeseen_limit:
            raise ProcessingStopped(
                f"{self._unforeseen} records in a row failed in ways nobody foresaw; the last one:"
                f" {type(error).__name__}. Stopping before more is put aside; the log has the tracebacks."
            ) from error
        return letter

    async def _put_aside(self, letters: Sequence[DeadLetter]) -> None:
        """Publish all that a batch put aside and wait once: one by one, a thousand hold up good ones."""
        if not letters:
            return
        await self._dead_letters.put(*letters)
        for letter in letters:
            self._state.put_aside(letter.reason)
            _LOG.warning(
                "record put aside",
                topic=letter.record.topic,
                partition=letter.record.partition,
                offset=letter.record.offset,
                reason=letter.reason,
                trace_id=letter.trace_id,
                error=letter.error,
            )


def _letter(record: ConsumerRecord[bytes, bytes], error: Exception) -> DeadLetter:
    """Return what is put aside, under the trace that the record came with, or under one of its own."""
    traced = headers_of([header for header in record.headers if header[0] == "ce_traceparent"])
    with span("put aside", traced.get("ce_traceparent")):
        trace_id = current_trace_id()
    if isinstance(error, PermanentError):
        return DeadLetter(record, error.reason, 1, str(error), trace_id)
    return DeadLetter(record, "handler_failed", 1, f"{type(error).__name__}: {error}", trace_id)
