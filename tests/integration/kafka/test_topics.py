"""Topics on a real broker: made as the contracts say, found again, and never given other partitions."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from deploy.local.errors import EngineFailed, TopicMismatch
from deploy.local.kafka.topics import ensure_topics
from shared.contracts.topics import DELIVERIES, SIGNALS, Topic


def fresh(topic: Topic) -> Topic:
    return replace(topic, name=f"{topic.name}-{uuid.uuid4().hex}")


async def describe(servers: str, topic: str) -> tuple[int, dict[str, str]]:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    (found,) = await admin.describe_topics([topic])
    (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    await admin.close()
    entries = answer.resources[0][4]
    return len(found["partitions"]), {entry[0]: entry[1] for entry in entries}


async def set_on(servers: str, topic: str) -> dict[str, str]:
    """Return what stands on the topic itself."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    await admin.close()
    return {entry[0]: entry[1] for entry in answer.resources[0][4] if entry[3] == 1}


async def test_topics_are_made_as_the_contracts_say(kafka: str) -> None:
    """Partitions, compaction, retention and size limit are those of the contract."""
    compacted, dropping = fresh(SIGNALS), fresh(DELIVERIES)
    await ensure_topics(kafka, [compacted, dropping])
    partitions, configuration = await describe(kafka, compacted.name)
    assert partitions == 6
    assert configuration["cleanup.policy"] == "compact"
    assert configuration["max.message.bytes"] == "1048576"
    partitions, configuration = await describe(kafka, dropping.name)
    assert partitions == 3
    assert configuration["retention.ms"] == str(30 * 24 * 3_600 * 1_000)


async def test_making_them_again_changes_nothing(kafka: str) -> None:
    """Every start may call it, several at once."""
    topics = [fresh(SIGNALS), fresh(DELIVERIES)]
    await asyncio.gather(*(ensure_topics(kafka, topics) for _ in range(3)))
    before = await describe(kafka, topics[0].name)
    await ensure_topics(kafka, topics)
    assert await describe(kafka, topics[0].name) == before


async def test_a_changed_retention_is_carried_over(kafka: str) -> None:
    """What may change in a contract changes on the broker at the next start."""
    topic = fresh(DELIVERIES)
    await ensure_topics(kafka, [topic])
    await ensure_topics(kafka, [replace(topic, max_message_bytes=2_000_000)])
    # The broker learns of it a moment after its controller; the test's own timeout ends the wait.
    while (await describe(kafka, topic.name))[1]["max.message.bytes"] != "2000000":
        await asyncio.sleep(0.05)


async def test_what_operators_set_on_a_topic_stays(kafka: str) -> None:
    """The contract's own numbers are put right, and nothing that it does not name is touched."""
    topic = fresh(DELIVERIES)
    await ensure_topics(kafka, [topic])
    theirs = {"segment.ms": "3600000", "min.insync.replicas": "1"}
    contracts = {"cleanup.policy": "delete", "retention.ms": "1000"}
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.alter_configs(
        [ConfigResource(ConfigResourceType.TOPIC, topic.name, configs=theirs | contracts)]
    )
    await admin.close()
    while (await describe(kafka, topic.name))[1]["retention.ms"] != "1000":
        await asyncio.sleep(0.05)
    for _ in range(2):
        await ensure_topics(kafka, [topic])
        while (await describe(kafka, topic.name))[1]["retention.ms"] == "1000":
            await asyncio.sleep(0.05)
    assert (await set_on(kafka, topic.name)).items() >= theirs.items()


async def test_other_partitions_are_refused_before_anything_is_made(kafka: str) -> None:
    """A topic is never widened silently, and no other topic is made beside the quarrel."""
    topic, other = fresh(SIGNALS), fresh(DELIVERIES)
    await ensure_topics(kafka, [topic])
    with pytest.raises(TopicMismatch, match=f"{topic.name} has 6 partitions, the contracts say 7"):
        await ensure_topics(kafka, [other, replace(topic, partitions=7)])
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    names = await admin.list_topics()
    await admin.close()
    assert other.name not in names


async def test_a_name_that_kafka_refuses_is_told(kafka: str) -> None:
    """The broker's own words reach the operator."""
    with pytest.raises(EngineFailed, match="not/a/topic"):
        await ensure_topics(kafka, [replace(DELIVERIES, name="not/a/topic")])
