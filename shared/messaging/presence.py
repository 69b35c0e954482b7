"""Whether the topics are there: a consumer of a missing topic gets nothing, and no error either."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from shared.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.contracts.topics import Topic


async def expect_topics(
    bootstrap_servers: str, topics: Sequence[Topic], security: Mapping[str, Any] | None = None
) -> None:
    """Return if all topics exist with the partitions of the contracts.

    Raises:
        TransientError: the bus does not answer, or a topic is missing or has other partitions; the
            message names it, and what creates topics.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, **(security or {}))
    try:
        await admin.start()
        described = await admin.describe_topics([topic.name for topic in topics])
    except KafkaError as error:
        raise TransientError(f"Kafka does not answer at {bootstrap_servers}: {error!r}") from error
    finally:
        await admin.close()
    partitions = {description["topic"]: len(description["partitions"]) for description in described}
    missing = sorted(topic.name for topic in topics if not partitions.get(topic.name))
    if missing:
        raise TransientError(
            f"Missing topics: {', '.join(missing)}. Local mode and the topics job of the deployment create"
            " them; this service waits."
        )
    for topic in topics:
        if partitions[topic.name] != topic.partitions:
            raise TransientError(
                f"Topic {topic.name} has {partitions[topic.name]} partitions and must have"
                f" {topic.partitions}: records are placed by that number."
            )
