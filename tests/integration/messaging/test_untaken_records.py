"""What the torture's verdict says of groups that took nothing, on a real Kafka."""

from __future__ import annotations

import asyncio

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from deploy.local.kafka.topics import ensure_topics
from shared.contracts.topics import ALL_TOPICS, SIGNALS, SYNC_REQUESTS
from tests.e2e.chain.groups import behind, groups

_MAIN, _REQUESTS = "earshot.notifier.main", "earshot.syncer.requests"


async def test_what_no_group_committed_is_behind(kafka: str) -> None:
    """A group that never came has all before it; one that committed some partitions has the others too."""
    await ensure_topics(kafka, ALL_TOPICS)
    async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
        for topic, partition in ((SIGNALS, 0), (SIGNALS, 0), (SIGNALS, 1), (SYNC_REQUESTS, 2)):
            await producer.send_and_wait(topic.name, b"{}", key=b"one", partition=partition)
    async with AIOKafkaConsumer(
        bootstrap_servers=kafka, group_id=_MAIN, enable_auto_commit=False
    ) as consumer:
        first = TopicPartition(SIGNALS.name, 0)
        consumer.assign([first])
        await consumer.commit({first: 1})
    assert await asyncio.to_thread(behind, kafka, groups()) == {
        f"{_MAIN} {SIGNALS.name}-0": 1,
        f"{_MAIN} {SIGNALS.name}-1": 1,
        f"{_REQUESTS} {SYNC_REQUESTS.name}-2": 1,
    }
