"""`earshot tail` and `earshot dlq` against a real broker."""

from __future__ import annotations

import random
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka import AIOKafkaProducer

from deploy.cli.commands.tail import follow
from deploy.cli.dead_letters import read_letters, redrive
from deploy.cli.engine import Bus, open_consumer, open_producer, partitions_of, read_to_end
from deploy.cli.redriving import send_back
from deploy.local.errors import EngineFailed
from deploy.local.kafka.probe import kafka_answers
from deploy.local.kafka.topics import ensure_topics
from deploy.local.ports import free_ports
from shared.contracts.topics import DELIVERIES, Topic

if TYPE_CHECKING:
    from collections.abc import Mapping

EVENT = [
    ("ce_specversion", b"1.0"),
    ("ce_id", b"1"),
    ("ce_type", b"earshot.example.v1"),
    ("ce_source", b"/earshot/detector"),
    ("content-type", b"application/json"),
]


def topic_named(name: str, partitions: int = 3) -> Topic:
    return Topic(name, partitions, "delete", None, ("detector",), "thing", "For a test.", 1_048_576)


async def put_aside(
    servers: str, service: str, origin: str, key: bytes, value: bytes = b'{"a":1}', **more: str
) -> None:
    """Write a dead letter in the form that services write (shared.messaging.dead_letters)."""
    producer = AIOKafkaProducer(bootstrap_servers=servers)
    await producer.start()
    ours = {
        "dlq-reason": "handler_failed",
        "dlq-attempts": "3",
        "dlq-original-topic": origin,
        "dlq-original-partition": "2",
        "dlq-original-offset": "5",
        "dlq-original-timestamp": "1",
        "dlq-trace-id": "abc",
        "dlq-error": "ValueError: no",
        **{f"dlq-{name}": text for name, text in more.items()},
    }
    headers = [*EVENT, *((name, value.encode()) for name, value in ours.items())]
    await producer.send_and_wait(f"dead-letters.{service}", value, key=key, headers=headers)
    await producer.stop()


@pytest.fixture
async def places(kafka: str) -> tuple[str, str]:
    """Return a service of this test's own, with a dead-letter topic, and a topic that letters come from."""
    service, origin = f"test-{uuid.uuid4().hex}", f"origin-{uuid.uuid4().hex}"
    await ensure_topics(kafka, [topic_named(f"dead-letters.{service}", 1), topic_named(origin)])
    return service, origin


async def test_a_letter_goes_back_to_where_it_came_from_once(kafka: str, places: tuple[str, str]) -> None:
    """Key, value and own headers arrive in the original partition, and it is not offered again."""
    service, origin = places
    await put_aside(kafka, service, origin, b"first")
    await put_aside(kafka, service, origin, b"second")
    letters = await read_letters(Bus(kafka), [service])
    assert [letter.redriven for letter in letters] == [False, False]

    async with open_producer(Bus(kafka)) as producer:
        await redrive(producer, letters[0])

    again = await read_letters(Bus(kafka), [service])
    assert [(letter.name, letter.redriven) for letter in again] == [
        (f"{service}:0", True),
        (f"{service}:1", False),
    ]
    partitions = (await partitions_of(Bus(kafka)))[origin]
    async with open_consumer(Bus(kafka)) as consumer:
        records = [record async for record in read_to_end(consumer, partitions)]
    (record,) = records
    assert (record.partition, record.key, record.value) == (2, b"first", b'{"a":1}')
    assert list(record.headers) == EVENT


async def test_one_broker_of_several_will_do(kafka: str) -> None:
    """Whoever looks for dead letters while a broker is away is answered by the others."""
    (nobody,) = free_ports(1)
    servers = f"127.0.0.1:{nobody}, {kafka}"
    assert await kafka_answers(servers)
    assert await partitions_of(Bus(servers)) == await partitions_of(Bus(kafka))


async def test_a_broker_may_be_named_without_its_port() -> None:
    """As the services take it: Kafka's own port is meant, and here nobody listens."""
    assert not await kafka_answers("127.0.0.1")


async def test_letters_that_cannot_be_sent_hold_up_no_other(kafka: str, places: tuple[str, str]) -> None:
    """One that the topic refuses and one that was cut off are named with the reason; the last one goes."""
    service, _ = places
    narrow = Topic(
        f"narrow-{uuid.uuid4().hex}", 3, "delete", None, ("detector",), "thing", "For a test.", 9_000
    )
    await ensure_topics(kafka, [narrow])
    await put_aside(kafka, service, narrow.name, b"large", random.Random(3).randbytes(20_000))
    await put_aside(kafka, service, narrow.name, b"cut", truncated="2000000")
    await put_aside(kafka, service, narrow.name, b"good")

    outcomes = await send_back(Bus(kafka), await read_letters(Bus(kafka), [service]))

    refused, cut, sent = (one.why for one in outcomes)
    assert refused is not None
    assert f"{service}:0 was refused by {narrow.name}" in refused
    assert cut is not None
    assert "only the beginning of a record of 2000000 bytes" in cut
    assert f"{narrow.name}/2, offset 5" in cut
    assert sent is None
    letters = await read_letters(Bus(kafka), [service])
    assert [letter.redriven for letter in letters] == [False, False, True]


async def test_a_letter_that_was_overtaken_stays(kafka: str, places: tuple[str, str]) -> None:
    """A newer record, a tombstone, or an original that compaction took: sent back it would undo them.

    What is still the last of its key is sent, also a second time; elsewhere than in compacted topics nothing
    is looked at.
    """
    service, _ = places
    origin = f"compacted-{uuid.uuid4().hex}"
    await ensure_topics(kafka, [Topic(origin, 3, "compact", None, ("detector",), "thing", "For a test.")])
    async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
        for key, value in [(b"renewed", b"1"), (b"deleted", b"1"), (b"last", b"1")]:
            await producer.send_and_wait(origin, value, key=key, partition=2, headers=EVENT)
        await producer.send_and_wait(origin, b"2", key=b"renewed", partition=2, headers=EVENT)
        await producer.send_and_wait(origin, None, key=b"deleted", partition=2)
    for offset, key in enumerate([b"renewed", b"deleted", b"last", b"gone"]):
        await put_aside(kafka, service, origin, key, b"1", **{"original-offset": str(offset)})

    letters = await read_letters(Bus(kafka), [service])
    outcomes = await send_back(Bus(kafka), letters, compacted=[origin])
    assert [one.is_overtaken for one in outcomes] == [True, True, False, True]
    assert "a newer record of the same key is at offset 3" in str(outcomes[0].why)
    assert "a tombstone of the same key is at offset 4" in str(outcomes[1].why)
    assert outcomes[2].why is None
    assert "its original is gone" in str(outcomes[3].why)

    (again,) = await send_back(Bus(kafka), letters[2:3], compacted=[origin])
    assert again.why is None
    assert all(one.why is None for one in await send_back(Bus(kafka), letters, compacted=[]))


async def test_all_events_from_the_beginning_are_shown(kafka: str, places: tuple[str, str]) -> None:
    """Everything that lies there comes, as CloudEvents, and the command ends at its limit."""
    service, origin = places
    await put_aside(kafka, service, origin, b"first")
    shown: list[Mapping[str, Any]] = []
    await follow(Bus(kafka), [f"dead-letters.{service}"], shown.append, from_beginning=True, limit=1)
    assert shown[0]["type"] == "earshot.example.v1"
    assert shown[0]["data"] == {"a": 1}
    assert shown[0]["partitionkey"] == "first"


async def test_an_empty_topic_has_no_letters(kafka: str, places: tuple[str, str]) -> None:
    """Nothing to read is an answer, not a wait."""
    assert await read_letters(Bus(kafka), [places[0]]) == []


async def test_no_kafka_is_told_with_what_to_start() -> None:
    """Nobody has to read a stack trace to learn that Kafka is not there."""
    servers = f"127.0.0.1:{free_ports(1)[0]}"
    with pytest.raises(EngineFailed, match="earshot up"):
        await follow(Bus(servers), [DELIVERIES.name], lambda _event: None, from_beginning=False, limit=1)
