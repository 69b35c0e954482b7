"""The job that creates topics, on a real Kafka."""

from __future__ import annotations

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from deploy.topics.creation import BrokersAway, create_topics
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


async def test_brokers_that_stay_away_are_named() -> None:
    """Without a broker the job ends, with the address and what to check."""
    settings = TopicsSettings(kafka_bootstrap_servers="127.0.0.1:1", topics_wait_seconds=0)
    with pytest.raises(BrokersAway, match=r"127\.0\.0\.1:1 did not answer"):
        await create_topics(settings)
