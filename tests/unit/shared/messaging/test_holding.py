"""Records that wait beside others: who goes on, what is committed, and what comes again."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from shared.errors import TransientError
from shared.messaging.holding import RETRY_SECONDS, Holding
from tests.unit.shared.messaging.records import record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aiokafka import ConsumerRecord

    Record: TypeAlias = ConsumerRecord[bytes, bytes]

PLACE = TopicPartition("sync.requests", 0)


class Partition:
    """One partition's consumer: gives out what it was told to, and remembers what it is asked."""

    def __init__(self, *polls: Sequence[Record]) -> None:
        self.polls = list(polls)
        self.committed: list[int] = []
        self.position: int | None = None
        self.mine = {PLACE}
        self.failure: Exception | None = None

    async def getmany(
        self, *, timeout_ms: int, max_records: int | None
    ) -> Mapping[TopicPartition, Sequence[Record]]:
        assert (timeout_ms, max_records) == (RETRY_SECONDS * 1_000, 10)
        return {PLACE: self.polls.pop(0)} if self.polls else {}

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        if self.failure is not None:
            raise self.failure
        self.committed += offsets.values()

    def assignment(self) -> set[TopicPartition]:
        return self.mine

    def seek(self, partition: TopicPartition, offset: int) -> None:
        if partition not in self.mine:
            raise IllegalStateError
        self.position = offset


class Bench:
    """A holding whose handler lets records of some values wait until they have come often enough."""

    def __init__(self, *polls: Sequence[Record], waits: dict[bytes, int], most_records: int = 100) -> None:
        self.consumer = Partition(*polls)
        self.waits = waits
        self.calls: list[list[bytes]] = []
        self.slept: list[float] = []
        self.stops_after = 100
        self.holding = Holding(
            self.process, max_records=10, sleep=self.sleep, most_records=most_records, most_bytes=50
        )

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def process(self, records: Sequence[Record]) -> list[Record]:
        self.calls.append([one.value or b"" for one in records])
        waiting = [one for one in records if self.waits.get(one.value or b"", 0) > 0]
        for one in waiting:
            self.waits[one.value or b""] -= 1
        return waiting

    async def take(self, *records: Record) -> None:
        await self.holding.take(records, self.consumer, running=lambda: len(self.calls) < self.stops_after)


def at(offset: int, value: bytes) -> Record:
    return record(value, [], offset=offset)


async def test_others_go_on_while_one_waits() -> None:
    """What is polled meanwhile is handled at once, behind what waits, and nothing past that is committed."""
    bench = Bench([at(7, b"c")], [at(8, b"d")], waits={b"a": 2})
    await bench.take(at(5, b"a"), at(6, b"b"))
    assert bench.calls == [[b"a", b"b"], [b"a", b"c"], [b"a", b"d"]]
    assert bench.consumer.committed == [5, 5]


async def test_a_batch_without_waiting_records_is_left_to_who_commits() -> None:
    """The ordinary case costs one call and no offset of its own."""
    bench = Bench(waits={})
    await bench.take(at(5, b"a"))
    assert bench.calls == [[b"a"]]
    assert bench.consumer.committed == []


async def test_what_stands_before_the_waiting_record_is_committed() -> None:
    """Another replica would not repeat it."""
    bench = Bench(waits={b"b": 1})
    await bench.take(at(5, b"a"), at(6, b"b"), at(7, b"c"))
    assert bench.consumer.committed == [6]


@pytest.mark.parametrize("waiting", [[b"a", b"b"], [b"x" * 60]], ids=["number", "bytes"])
async def test_what_waits_is_bounded(waiting: list[bytes]) -> None:
    """When as much waits as may, nothing more is polled until it moves."""
    bench = Bench([at(9, b"z")], waits=dict.fromkeys(waiting, 1), most_records=2)
    await bench.take(*(at(offset, value) for offset, value in enumerate(waiting)))
    assert bench.slept == [RETRY_SECONDS]
    assert bench.calls == [waiting, waiting]


async def test_a_failure_brings_everything_again() -> None:
    """The consumer stands before what waits and what was polled behind it, and the failure is told."""
    bench = Bench([at(6, b"b")], waits={b"a": 100})
    process = bench.process

    async def fails_on_b(records: Sequence[Record]) -> list[Record]:
        if records[-1].value == b"b":
            raise TransientError("the database is away")
        return await process(records)

    holding = Holding(fails_on_b, max_records=10, sleep=bench.sleep)
    with pytest.raises(TransientError, match="away"):
        await holding.take([at(5, b"a")], bench.consumer, running=lambda: True)
    assert bench.consumer.position == 5


async def test_a_service_that_stops_hands_waiting_records_back() -> None:
    """Nobody waits for a minute at the end; the offsets stay where the records begin."""
    bench = Bench(waits={b"a": 100})
    bench.stops_after = 2
    with pytest.raises(TransientError, match="stops"):
        await bench.take(at(5, b"a"))
    assert bench.consumer.position == 5
    assert set(bench.consumer.committed) == {5}


async def test_a_partition_that_moved_takes_its_records_along() -> None:
    """Whoever has it now reads them; here they are neither tried again nor committed."""
    bench = Bench(waits={b"a": 100})
    poll = bench.consumer.getmany

    async def moves(*, timeout_ms: int, max_records: int | None) -> Mapping[TopicPartition, Sequence[Record]]:
        bench.consumer.mine = set()
        return await poll(timeout_ms=timeout_ms, max_records=max_records)

    bench.consumer.getmany = moves  # type: ignore[method-assign] # a group that is shared out anew
    await bench.take(at(5, b"a"))
    assert bench.calls == [[b"a"], []]


async def test_a_record_that_comes_again_is_not_tried_twice() -> None:
    """A partition that left and came back brings its records along."""
    bench = Bench([at(5, b"a"), at(6, b"b")], waits={b"a": 1})
    await bench.take(at(5, b"a"))
    assert bench.calls == [[b"a"], [b"a", b"b"]]


async def test_offsets_that_cannot_be_committed_now_are_no_failure() -> None:
    """A group that is being shared out refuses them; the work goes on."""
    bench = Bench(waits={b"a": 1})
    bench.consumer.failure = KafkaError("rebalancing")
    await bench.take(at(5, b"a"))
    assert bench.calls == [[b"a"], [b"a"]]
