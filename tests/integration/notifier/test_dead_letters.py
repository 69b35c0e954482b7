"""Dead letters as the page reads them, in a real Kafka's topics."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka import AIOKafkaProducer

from deploy.local.kafka.topics import ensure_topics
from services.notifier.adapters.kafka_dead_letters import KafkaDeadLetterReader
from services.notifier.ports import DeadLetterPage
from shared.contracts.topics import ALL_TOPICS, Service, dead_letter_topic
from shared.errors import TransientError

_MARK = [("dlq-mark", b"redriven:0:1")]


def _of(organization_id: str) -> list[tuple[str, bytes]]:
    return [("ce_organizationid", organization_id.encode()), ("dlq-reason", b"handler_error")]


@pytest.fixture
async def bootstrap(kafka: str) -> str:
    """A Kafka with all topics, and no letters at first."""
    await ensure_topics(kafka, ALL_TOPICS)
    return kafka


async def _put(bootstrap: str, service: Service, *letters: list[tuple[str, bytes]]) -> None:
    # Idempotent: what a topic that is just being made refuses at first is sent again in order, and once.
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True)
    await producer.start()
    try:
        topic = dead_letter_topic(service).name
        sent = [await producer.send(topic, b"words", headers=headers, partition=0) for headers in letters]
        await asyncio.gather(*sent)
    finally:
        await producer.stop()


def _reader(bootstrap: str, *, most_looked_at: int = 2_000) -> KafkaDeadLetterReader:
    # With patience for a busy machine: how long it looks is not what is tested here.
    return KafkaDeadLetterReader(bootstrap, most_looked_at=most_looked_at, timeout_seconds=120)


def _seen(page: DeadLetterPage) -> list[tuple[int, str | None, str]]:
    return [(letter.offset, letter.organization_id, letter.preview) for letter in page.letters]


@pytest.mark.slow
async def test_letters_are_found_behind_those_of_others(bootstrap: str) -> None:
    """Others' letters and marks fill no place; those that name nobody are shown without words."""
    nobodys = [("dlq-reason", b"broken_bytes")]
    others = [_of("globex")] * 70 + [_MARK] * 5
    await _put(bootstrap, "detector", _of("acme"), *others, nobodys, _of("acme"), *others)
    found = await _reader(bootstrap).newest(20, "acme")
    assert _seen(found["detector"]) == [(77, "acme", "words"), (76, None, ""), (0, "acme", "words")]
    assert found["detector"].looked_at is None
    assert found["syncer"] == DeadLetterPage()
    two = (await _reader(bootstrap).newest(2, "acme"))["detector"]
    assert ([letter.offset for letter in two.letters], two.looked_at) == ([77, 76], None)


@pytest.mark.slow
async def test_what_was_not_looked_at_is_said(bootstrap: str) -> None:
    """With very much of others in front, it is told how far was looked instead of that there is nothing."""
    await _put(bootstrap, "connector", _of("acme"), *([_of("globex")] * 60))
    reader = _reader(bootstrap, most_looked_at=50)
    assert (await reader.newest(20, "acme"))["connector"] == DeadLetterPage((), 50)
    assert len((await reader.newest(20, "globex"))["connector"].letters) == 20


async def test_a_bus_that_is_away_is_trouble_that_passes() -> None:
    """Nobody listens there: the page can say so."""
    with pytest.raises(TransientError):
        await KafkaDeadLetterReader("127.0.0.1:1").newest(20, "acme")
