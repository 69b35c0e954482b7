"""Continues while some records have to wait: they are kept here, retried, and never committed past.

A handler that has processed all but some records of a batch says so (`PartlyTransientError`). Other records
on those partitions do not wait with them: polling continues, and each poll's records are placed behind those
that wait, so that order is kept. What is kept here is lost with the process and delivered again by Kafka,
since its offsets are not committed. It is bounded: once it is full, nothing more is polled until something
moves.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Protocol, TypeAlias

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from shared.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

    from aiokafka import ConsumerRecord

    Record: TypeAlias = ConsumerRecord[bytes, bytes]
    Process = Callable[[Sequence[Record]], Awaitable[Sequence[Record]]]
    Sleep = Callable[[float], Awaitable[None]]

_LOG = structlog.get_logger(__name__)

RETRY_SECONDS = 1.0
"""How soon waiting records are tried again when nothing else arrives."""

MOST_RECORDS = 2_000
MOST_BYTES = 16_000_000
"""Bytes that may wait at once: a batch of the largest subscription, and little beside what a process
holds."""


class Polled(Protocol):
    """What is needed of aiokafka's consumer."""

    async def getmany(
        self, *, timeout_ms: int, max_records: int | None
    ) -> Mapping[TopicPartition, Sequence[Record]]: ...

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None: ...

    def assignment(self) -> Collection[TopicPartition]: ...

    def seek(self, partition: TopicPartition, offset: int) -> None: ...


class Holding:
    """Takes batches of one subscription through `process`, which returns the records that must wait."""

    def __init__(
        self,
        process: Process,
        *,
        max_records: int,
        sleep: Sleep,
        most_records: int = MOST_RECORDS,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._process = process
        self._max_records = max_records
        self._sleep = sleep
        self._most_records = most_records
        self._most_bytes = most_bytes

    async def take(self, records: Sequence[Record], consumer: Polled, *, running: Callable[[], bool]) -> None:
        """Return when these records, and all that were polled meanwhile, are done.

        Raises what `process` raises, and `TransientError` if the service stops while some wait. Everything
        unfinished is then polled again, because the consumer is positioned before it.
        """
        waiting: Sequence[Record] = ()
        batch = records
        while True:
            tried = [*waiting, *batch]
            before = len(waiting)
            try:
                waiting = await self._process(tried)
                if not waiting:
                    return
                if len(waiting) != before:
                    _LOG.info("records wait beside others", records=len(waiting))
                await _commit(consumer, tried, waiting)
                batch = await self._more(consumer, waiting, running)
            except BaseException:
                _go_back(consumer, tried)
                raise
            waiting = _ours(waiting, batch, consumer.assignment())

    async def _more(
        self, consumer: Polled, waiting: Sequence[Record], running: Callable[[], bool]
    ) -> Sequence[Record]:
        if not running():
            raise TransientError("The service stops; records that wait come again.")
        waiting_bytes = sum(len(record.value or b"") for record in waiting)
        if len(waiting) >= self._most_records or waiting_bytes >= self._most_bytes:
            await self._sleep(RETRY_SECONDS)
            return ()
        polled = await consumer.getmany(timeout_ms=int(RETRY_SECONDS * 1_000), max_records=self._max_records)
        return list(chain.from_iterable(polled.values()))


def _ours(
    waiting: Sequence[Record], batch: Sequence[Record], assigned: Collection[TopicPartition]
) -> Sequence[Record]:
    """Return what still waits here: a partition that moved takes its records along, or brings them again."""
    again = {(_place(record), record.offset) for record in batch}
    return [
        record
        for record in waiting
        if _place(record) in assigned and (_place(record), record.offset) not in again
    ]


async def _commit(consumer: Polled, tried: Sequence[Record], waiting: Sequence[Record]) -> None:
    """Commit up to the first record that waits; a group that is being shared out anew commits later."""
    offsets = {place: offset + 1 for place, offset in _bounds(tried, max).items()} | _bounds(waiting, min)
    mine = consumer.assignment()
    try:
        await consumer.commit({place: offset for place, offset in offsets.items() if place in mine})
    except KafkaError as error:
        _LOG.warning("offsets beside waiting records were not committed", reason=repr(error))


def _go_back(consumer: Polled, tried: Sequence[Record]) -> None:
    for place, offset in _bounds(tried, min).items():
        if place in consumer.assignment():
            try:
                consumer.seek(place, offset)
            except IllegalStateError:
                # It moved to another replica in this moment, which reads from what was committed.
                continue


def _bounds(records: Sequence[Record], choose: Callable[[int, int], int]) -> dict[TopicPartition, int]:
    offsets: dict[TopicPartition, int] = {}
    for record in records:
        place = _place(record)
        offsets[place] = choose(offsets.get(place, record.offset), record.offset)
    return offsets


def _place(record: Record) -> TopicPartition:
    return TopicPartition(record.topic, record.partition)
