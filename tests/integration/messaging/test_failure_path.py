"""The failure path on a real broker: the broken is put aside, what passes comes again, nothing is lost."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections import Counter
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from confluent_kafka import ConsumerGroupState
from confluent_kafka.admin import AdminClient
from prometheus_client import CollectorRegistry

from deploy.cli.dead_letters import read_letters, redrive
from deploy.cli.engine import Bus, open_producer
from deploy.local.kafka.topics import ensure_topics
from shared.clock import SystemClock
from shared.config import ServiceSettings
from shared.contracts.sync import SyncRequested
from shared.contracts.topics import ALL_TOPICS, SYNC_REQUESTS
from shared.errors import PartlyTransientError, PermanentError, TransientError
from shared.messaging.broker import create_broker
from shared.messaging.cloudevent import encode, headers_of
from shared.messaging.consumer import Consumer
from shared.messaging.dead_letters import DeadLetter, KafkaDeadLetters
from shared.messaging.partitioning import partition_for
from shared.messaging.publisher import KafkaEventPublisher
from shared.messaging.retrying import RetryPolicy
from shared.messaging.state import ReportedStates
from shared.observability.readiness import Readiness

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from faststream.kafka import KafkaBroker

    from deploy.cli.dead_letters import Letter
    from shared.contracts.event import Event
    from shared.messaging.received import Received

_PATIENCE_SECONDS = 60.0
_MANY = 1_000
_QUICK = RetryPolicy(attempts=2, first_delay_seconds=0.01, longest_delay_seconds=0.02, unforeseen_limit=3)


class Harness:
    """One consuming service on the broker, with a connection id of its own so that tests share topics."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self.mark = f"c-{uuid.uuid4().hex[:12]}"
        self.suffix = f".{self.mark}"
        self.seen: list[str] = []
        self.failures: dict[str, list[BaseException]] = {}
        self.waiting: set[str] = set()
        self.stopped: list[str] = []
        self.readiness = Readiness()
        self.settings = ServiceSettings.model_validate(
            {"http_port": 8702, "signing_key": "k" * 48, "kafka_bootstrap_servers": bootstrap}
        )

    async def handle(self, batch: Sequence[Received[Event]]) -> None:
        waiting = [place for place, received in enumerate(batch) if received.event.fact() in self.waiting]
        for place, received in enumerate(batch):
            event = received.event
            if event.connection_id != self.mark or place in waiting:
                continue
            name = event.fact()
            if self.failures.get(name):
                raise self.failures[name].pop(0)
            self.seen.append(name)
        if waiting:
            raise PartlyTransientError("they wait", waiting=waiting)

    @asynccontextmanager
    async def consuming(self, dead_letters: Any = None) -> AsyncIterator[KafkaBroker]:
        broker = create_broker(self.settings, service="syncer")
        consumer = Consumer(
            service="syncer",
            broker=broker,
            dead_letters=dead_letters or KafkaDeadLetters(broker, "syncer"),
            state_of=ReportedStates(self.readiness, CollectorRegistry()).of_group,
            on_stop=self.stopped.append,
            sleep=asyncio.sleep,
            rng=random.Random(1),
            retry=_QUICK,
            group_suffix=self.suffix,
        )
        consumer.subscribe([SYNC_REQUESTS], self.handle, events=[SyncRequested], name="failure")
        await broker.start()
        try:
            yield broker
        finally:
            await broker.stop()

    def request(self, name: str) -> SyncRequested:
        return SyncRequested(
            organization_id="acme",
            connection_id=self.mark,
            request_id=f"{self.mark}-{name}",
            reason="manual",
            requested_at=datetime(2026, 3, 1, tzinfo=UTC),
        )

    def name(self, short: str) -> str:
        return f"{self.mark}-{short}"

    async def put(self, *records: tuple[bytes | None, list[tuple[str, bytes]]]) -> None:
        # Another's producer: it sends what grows small enough for the broker's limit.
        producer = AIOKafkaProducer(
            bootstrap_servers=self.bootstrap, compression_type="lz4", max_request_size=3_000_000
        )
        await producer.start()
        try:
            sent = [
                await producer.send(
                    SYNC_REQUESTS.name,
                    value,
                    key=self.mark.encode(),
                    partition=partition_for(self.mark, SYNC_REQUESTS.partitions),
                    headers=headers,
                )
                for value, headers in records
            ]
            await asyncio.gather(*sent)
        finally:
            await producer.stop()

    def good(self, name: str) -> tuple[bytes, list[tuple[str, bytes]]]:
        record = encode(self.request(name), source="/earshot/connector", time="2026-03-01T00:00:00Z")
        return record.value, record.headers

    async def until_seen(self, *names: str) -> None:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while not {self.name(name) for name in names} <= set(self.seen):
                await asyncio.sleep(0.02)

    async def offered(self, bus: Bus) -> list[Letter]:
        """Return the dead letters of this harness that an operator may still feed back."""
        letters = await read_letters(bus, ["syncer"])
        return [one for one in letters if one.record.key == self.mark.encode() and not one.redriven]

    async def dead_letters(self, count: int) -> list[dict[str, str]]:
        """Wait for that many dead letters of this harness and return their headers, oldest first."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap, auto_offset_reset="earliest", enable_auto_commit=False
        )
        await consumer.start()
        consumer.assign([TopicPartition("dead-letters.syncer", 0)])
        found: list[dict[str, str]] = []
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                while len(found) < count:
                    record = await consumer.getone()
                    if record.key == self.mark.encode():
                        found.append(headers_of(record.headers))
        finally:
            await consumer.stop()
        return found


@pytest.fixture
async def harness(kafka: str) -> Harness:
    await ensure_topics(kafka, ALL_TOPICS)
    return Harness(kafka)


async def test_broken_records_reach_the_dead_letters_and_good_ones_behind_them_are_handled(
    harness: Harness,
) -> None:
    """Broken bytes, headers that are no text, a missing field, an unknown version: each with its reason."""
    value, headers = harness.good("a")
    versioned = [(k, b"earshot.sync.requested.v7" if k == "ce_type" else v) for k, v in headers]
    async with harness.consuming():
        await harness.put(
            (b"\xff\x00", headers),
            (value, [("ce_type", b"\xff\xfe")]),
            (b'{"organization_id": "acme"}', headers),
            (value, versioned),
            harness.good("a"),
        )
        await harness.until_seen("a")
        letters = await harness.dead_letters(4)
    assert [letter["dlq-reason"] for letter in letters] == [
        "broken_bytes",
        "invalid_event",
        "invalid_event",
        "unknown_version",
    ]
    assert all(letter["dlq-original-topic"] == SYNC_REQUESTS.name for letter in letters)
    assert letters[3]["ce_type"] == "earshot.sync.requested.v7"


async def test_records_that_are_large_for_a_dead_letter_hold_nothing_up(harness: Harness) -> None:
    """A long header that is no text, and two megabytes that the broker took compressed: each once."""
    _, headers = harness.good("a")
    async with harness.consuming():
        await harness.put(
            (b"\xff", [*headers, ("x", b"\xff" * 300_000)]), (b"\xff" * 2_000_000, headers), harness.good("a")
        )
        await harness.until_seen("a")
        await harness.put((b"\xff\x00", headers), harness.good("b"))
        await harness.until_seen("b")
        letters = await harness.dead_letters(3)
    assert [letter["dlq-reason"] for letter in letters] == ["broken_bytes"] * 3
    assert [int(letter.get("dlq-truncated", 0)) > 2_000_000 for letter in letters] == [False, True, False]
    assert harness.readiness.ready


async def test_a_domain_error_takes_only_its_own_record_along(harness: Harness) -> None:
    """The neighbours of a refused record are handled."""
    harness.failures[harness.name("b")] = [PermanentError("not for us")] * 10
    async with harness.consuming():
        await harness.put(harness.good("a"), harness.good("b"), harness.good("c"))
        await harness.until_seen("a", "c")
        (letter,) = await harness.dead_letters(1)
    assert (letter["dlq-reason"], letter["dlq-error"]) == ("handler_rejected", "not for us")
    assert harness.name("b") not in harness.seen


async def test_a_transient_error_that_heals_loses_nothing(harness: Harness) -> None:
    """Retries inside the process, then handing back to Kafka, end with every record handled."""
    harness.failures[harness.name("a")] = [TransientError("away")] * 5
    async with harness.consuming():
        await harness.put(harness.good("a"), harness.good("b"))
        await harness.until_seen("a", "b")
    assert harness.readiness.ready


async def test_others_go_on_beside_records_that_wait(harness: Harness) -> None:
    """One record of a partition waits; those beside it are handled, and it is not committed past."""
    harness.waiting = {harness.name("b")}
    async with harness.consuming():
        await harness.put(harness.good("a"), harness.good("b"), harness.good("c"))
        await harness.until_seen("a", "c")
        await harness.put(harness.good("d"))
        await harness.until_seen("d")
    assert harness.name("b") not in harness.seen
    assert harness.readiness.ready
    # Another process of the group begins at the record that waited, and need not wait any more.
    harness.seen.clear()
    harness.waiting = set()
    async with harness.consuming():
        await harness.put(harness.good("e"))
        await harness.until_seen("e")
    assert harness.seen == [harness.name(short) for short in "bcde"]


async def test_a_record_that_waited_is_handled_when_it_can_be(harness: Harness) -> None:
    """Nothing else needs to arrive for it to be tried again, and then all is committed."""
    harness.waiting = {harness.name("a")}
    async with harness.consuming():
        await harness.put(harness.good("a"), harness.good("b"))
        await harness.until_seen("b")
        harness.waiting = set()
        await harness.until_seen("a")
    harness.seen.clear()
    async with harness.consuming():
        await harness.put(harness.good("c"))
        await harness.until_seen("c")
    assert harness.seen == [harness.name("c")]


async def test_a_transient_error_that_stays_keeps_the_offset_and_drops_readiness(harness: Harness) -> None:
    """Nothing is committed; another process with the same group gets the record."""
    harness.failures[harness.name("a")] = [TransientError("away")] * 10_000
    async with harness.consuming():
        await harness.put(harness.good("a"))
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while harness.readiness.ready:
                await asyncio.sleep(0.02)
    harness.failures.clear()
    async with harness.consuming():
        await harness.until_seen("a")


async def test_a_dead_letter_that_cannot_be_published_is_not_lost(harness: Harness) -> None:
    """While the dead-letter topic is away, the record stays uncommitted and is tried again."""
    kept: list[DeadLetter] = []
    taken = asyncio.Event()

    class Flaky:
        tries = 0

        async def put(self, *letters: DeadLetter) -> None:
            mine = [letter for letter in letters if letter.record.key == harness.mark.encode()]
            if not mine:
                return  # what other tests left on the topic
            self.tries += 1
            if self.tries < 3:
                raise TransientError("no dead-letter topic")
            kept.extend(mine)
            taken.set()

    _, headers = harness.good("a")
    async with harness.consuming(Flaky()):
        await harness.put((b"\xff", headers), harness.good("b"))
        await harness.until_seen("b")
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await taken.wait()
    assert [letter.reason for letter in kept] == ["broken_bytes"]


async def test_a_process_killed_before_its_commit_gets_the_record_again(harness: Harness) -> None:
    """Cancellation in the middle of a handler commits nothing."""
    reached = asyncio.Event()
    blocked = True

    async def hang(batch: Sequence[Received[Event]]) -> None:
        if any(received.event.connection_id == harness.mark for received in batch) and blocked:
            reached.set()
            await asyncio.Event().wait()
        await Harness.handle(harness, batch)

    harness.handle = hang  # type: ignore[method-assign] # the handler of this test's first process
    harness.settings = harness.settings.model_copy(update={"shutdown_grace_seconds": 0.1})
    async with asyncio.timeout(_PATIENCE_SECONDS * 2):
        consuming = harness.consuming()
        broker = await consuming.__aenter__()
        await harness.put(harness.good("a"))
        await reached.wait()
        for subscriber in broker.subscribers:
            for task in getattr(subscriber, "tasks", []):
                task.cancel()
        await consuming.__aexit__(None, None, None)
        assert harness.name("a") not in harness.seen
        blocked = False
        async with harness.consuming():
            await harness.until_seen("a")


async def test_a_stopped_consumer_has_committed_and_left_its_group(harness: Harness) -> None:
    """Nobody waits for its session to end, and its successor is given nothing a second time."""
    async with harness.consuming():
        await harness.put(harness.good("a"))
        await harness.until_seen("a")
    group = f"earshot.syncer.failure{harness.suffix}"
    admin = AdminClient({"bootstrap.servers": harness.bootstrap})
    described = await asyncio.to_thread(admin.describe_consumer_groups([group])[group].result)
    assert (described.state, described.members) == (ConsumerGroupState.EMPTY, [])
    async with harness.consuming():
        await harness.put(harness.good("b"))
        await harness.until_seen("b")
    assert harness.seen == [harness.name("a"), harness.name("b")]


async def test_too_many_unforeseen_failures_stop_the_consumer(harness: Harness) -> None:
    """The service is told to end, and what came last is still there for the next process."""
    # Good records that other tests left on the topic come in between; so there are more than the limit.
    names = "abcdefghijklmnop"
    for name in names:
        harness.failures[harness.name(name)] = [KeyError("bug")] * 100
    async with harness.consuming():
        await harness.put(*(harness.good(name) for name in names))
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while not harness.stopped:
                await asyncio.sleep(0.02)
    harness.failures.clear()
    async with harness.consuming():
        await harness.until_seen(names[-1])


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_what_was_put_aside_is_handled_once_after_a_fix(harness: Harness) -> None:
    """Hundreds of refused records hold nothing up; fed back after a fix, each is handled once."""
    names = [f"refused-{number}" for number in range(_MANY)]
    for name in names:
        harness.failures[harness.name(name)] = [PermanentError("our fault")] * 50
    async with harness.consuming():
        await harness.put(*map(harness.good, names), harness.good("behind"))
        await harness.until_seen("behind")
        letters = await harness.dead_letters(_MANY)
    assert {letter["dlq-reason"] for letter in letters} == {"handler_rejected"}
    assert harness.seen == [harness.name("behind")]
    harness.failures.clear()
    bus = Bus(harness.bootstrap)
    async with harness.consuming(), open_producer(bus) as producer:
        await asyncio.gather(*[redrive(producer, letter) for letter in await harness.offered(bus)])
        await harness.until_seen(*names)
    assert Counter(harness.seen) == dict.fromkeys(map(harness.name, [*names, "behind"]), 1)
    assert await harness.offered(bus) == []


async def test_tombstones_pass_and_published_events_arrive(harness: Harness) -> None:
    """Our publisher's records and tombstones go through a real broker; handlers see the events only."""
    async with harness.consuming() as broker:
        publisher = KafkaEventPublisher(broker, service="connector", clock=SystemClock())
        await publisher.publish(harness.request("a"))
        await publisher.publish_tombstones(harness.request("a"))
        await publisher.publish(harness.request("b"))
        await harness.until_seen("a", "b")
    assert harness.seen == [harness.name("a"), harness.name("b")]
