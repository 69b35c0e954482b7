"""A thousand records that are no events of ours on every topic: each is put aside, nothing is held up."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import random
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import MessageSizeTooLargeError

from shared.contracts.topics import (
    ACCESS,
    ALL_TOPICS,
    CONNECTIONS,
    DEAD_LETTERS,
    DELIVERIES,
    REMOVALS,
    SIGNALS,
    SYNC_PROGRESS,
    SYNC_REQUESTS,
    Topic,
)
from tests.e2e.chain.installation import TookTooLongError, eventually
from tests.e2e.torture.run import stand

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

_EACH = 1_000
_READERS = {
    CONNECTIONS.name: 2,  # syncer and detector
    SYNC_REQUESTS.name: 1,
    SYNC_PROGRESS.name: 1,
    SIGNALS.name: 1,
    REMOVALS.name: 4,
    DELIVERIES.name: 0,
    ACCESS.name: 0,  # followed without a group; a record that is no event is passed over
}
"""Groups of ours that read a topic; resource topics have the detector's."""

_POISONED = [topic for topic in ALL_TOPICS if topic not in DEAD_LETTERS]
_MARK = b"poison"
_PUT_ASIDE_SECONDS = 300

Poison = tuple[bytes, list[tuple[str, bytes]]]


def _event(kind: str, body: bytes) -> Poison:
    return body, [("ce_specversion", b"1.0"), ("ce_type", kind.encode()), ("ce_id", b"poison")]


_KINDS: tuple[tuple[str, Poison], ...] = (
    ("invalid_event", (b'{"no": "event"}', [])),
    ("invalid_event", (b"\xff\xfe\x00", [("ce_type", b"\xff\xfe")])),
    ("invalid_event", (b"x" * 1_000_000, [])),
    ("unknown_type", _event("earshot.nonsense.v1", b"{}")),
    ("unknown_type", _event("'; DROP TABLE signals; --", b"{}")),
    ("unknown_version", _event("earshot.sync.requested.v99", b"{}")),
    ("broken_bytes", _event("earshot.sync.requested.v1", b'{"half": ')),
    ("broken_bytes", _event("earshot.signal.detected.v1", b"[" * 100_000)),
    ("invalid_event", _event("earshot.signal.detected.v1", b'{"organization_id": 7, "signal_id": []}')),
    ("invalid_event", _event("earshot.sync.requested.v1", b"null")),
)
"""Expected reason, and record. The third comes close to the broker's limit, and is sent seldom."""

_LARGE = 2
_LARGE_EVERY = 250


def _poisons() -> list[tuple[str, Poison]]:
    small = [kind for number, kind in enumerate(_KINDS) if number != _LARGE]
    return [
        _KINDS[_LARGE] if number % _LARGE_EVERY == 0 else small[number % len(small)]
        for number in range(_EACH)
    ]


async def _poison(servers: str, topics: list[Topic]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=servers, max_request_size=3_000_000) as producer:
        with pytest.raises(MessageSizeTooLargeError):
            await producer.send_and_wait(topics[0].name, b"x" * 2_000_000, key=_MARK)
        for topic in topics:
            sent = [
                await producer.send(topic.name, value, key=_MARK, partition=0, headers=headers)
                for _, (value, headers) in _poisons()
            ]
            await asyncio.gather(*sent)


async def _dead(servers: str) -> Counter[tuple[str, str]]:
    """Return how many dead letters there are by original topic and reason."""
    found: Counter[tuple[str, str]] = Counter()
    places = [TopicPartition(topic.name, 0) for topic in DEAD_LETTERS]
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, auto_offset_reset="earliest")
    async with consumer:
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        while any([await consumer.position(place) < ends[place] for place in places]):
            for batch in (await consumer.getmany(timeout_ms=500)).values():
                for record in batch:
                    headers = dict(record.headers)
                    found[headers["dlq-original-topic"].decode(), headers["dlq-reason"].decode()] += 1
    return found


def test_poison_is_put_aside_and_holds_nothing_up(tmp_path: Path) -> None:
    """Every record is in the dead-letter topic of each of its readers; facts behind it arrive once."""
    with stand(tmp_path, random.Random(13), each_second=1) as ground:
        servers = ground.cluster.bootstrap_servers
        ground.connect()
        asyncio.run(_poison(servers, _POISONED))
        facts = ground.writer.write(5)
        ground.evidence = dataclasses.replace(ground.evidence, explained=lambda key, _: key == _MARK.decode())
        expected: Counter[tuple[str, str]] = Counter()
        for topic in _POISONED:
            for reason, _ in _poisons():
                expected[topic.name, reason] += _READERS.get(topic.name, 1)
        missing: Counter[tuple[str, str]] = Counter()

        def put_aside() -> bool:
            missing.clear()
            missing.update(+expected)
            missing.subtract(asyncio.run(_dead(servers)))
            return not any(missing.values())

        try:
            eventually("every poison is put aside", put_aside, seconds=_PUT_ASIDE_SECONDS, every=2)
        except TookTooLongError as error:
            raise AssertionError({name: count for name, count in missing.items() if count}) from error
        told = eventually(
            "facts behind the poison arrive",
            lambda: len({id_ for _, id_ in ground.receiver.told()}) >= len(facts),
            seconds=120,
        )
        assert told
        assert json.dumps(ground.cluster.unready(ground.cluster.first())) == "{}"
        for name in ("connector", "syncer", "detector", "notifier"):
            assert ground.cluster.parts[name].starts == 1
