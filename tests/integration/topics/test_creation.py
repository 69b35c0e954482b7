"""The job that creates topics, on a real Kafka."""

from __future__ import annotations

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from deploy.topics.creation import BrokersAway, check_topics, create_topics
from deploy.topics.settings import TopicsSettings
from shared.contracts.topics import ALL_TOPICS


async def test_topics_are_as_the_contracts_say(kafka: str) -> None:
    """All topics have their partitions and the cluster's own numbers; a second run changes nothing."""
    settings = TopicsSettings(
        kafka_bootstrap_servers=kafka, topics_replication_factor=1, topics_min_insync_replicas=1
    )
    assert await create_topics(settings) == len(ALL_TOPICS)
    assert await create_topics(settings) == len(ALL_TOPICS)
    client = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await client.start()
    try:
        found = {topic["topic"]: len(topic["partitions"]) for topic in await client.describe_topics()}
        answers = await client.describe_configs(
            [ConfigResource(ConfigResourceType.TOPIC, topic.name) for topic in ALL_TOPICS]
        )
    finally:
        await client.close()
    assert {topic.name: topic.partitions for topic in ALL_TOPICS}.items() <= found.items()
    held = {
        resource[3]: {entry[0]: entry[1] for entry in resource[4]}
        for answer in answers
        for resource in answer.resources
    }
    for topic in ALL_TOPICS:
        assert held[topic.name]["cleanup.policy"] == topic.cleanup
        assert held[topic.name]["min.insync.replicas"] == "1"


async def test_what_somebody_changed_is_named_and_left(kafka: str) -> None:
    """A topic that forgets, instead of keeping the last state of each thing, is found before it is missed."""
    settings = TopicsSettings(
        kafka_bootstrap_servers=kafka, topics_replication_factor=1, topics_min_insync_replicas=1
    )
    await create_topics(settings)
    assert await check_topics(settings) == []
    topic = next(topic for topic in ALL_TOPICS if topic.cleanup == "compact")
    client = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await client.start()
    try:
        forgetting = {"cleanup.policy": "delete", "retention.ms": "60000"}
        await client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic.name, configs=forgetting)])
    finally:
        await client.close()
    # The broker that is asked learns it from its controller, a moment later.
    while not (found := await check_topics(settings)):
        pass
    assert f"{topic.name} has cleanup.policy delete, and should have compact" in found
    assert f"{topic.name} has min.insync.replicas the brokers' own, and should have 1" in found
    assert found == await check_topics(settings)
    more = TopicsSettings(kafka_bootstrap_servers=kafka, topics_replication_factor=3)
    assert f"{topic.name} has 1 copies, 3 are asked for" in await check_topics(more)
    await create_topics(settings)
    while await check_topics(settings):
        pass


async def test_brokers_that_stay_away_are_named() -> None:
    """Without a broker the job ends, with the address and what to check."""
    settings = TopicsSettings(kafka_bootstrap_servers="127.0.0.1:1", topics_wait_seconds=0)
    for act in (create_topics, check_topics):
        with pytest.raises(BrokersAway, match=r"127\.0\.0\.1:1 did not answer"):
            await act(settings)
