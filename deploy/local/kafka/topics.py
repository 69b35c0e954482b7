"""Makes the topics that the contracts name, and changes none that is there with other partitions."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Literal, Protocol

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import NoError, TopicAlreadyExistsError, for_code

from deploy.local.errors import EngineFailed, TopicMismatch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta

_REPLICAS_BY_BROKER_DEFAULT = -1
"""Asks for the cluster's own default, so that the same call serves one node and a real cluster."""

_TOMBSTONES_KEPT = "604800000"
"""Milliseconds, a week: how long a reader may be away and still learn that a thing was deleted."""

_COMPACT_AT = "0.3"
"""Compact once 30 % of a log is new: restarts read less. Kafka's default is half."""

_SET_ON_THE_TOPIC = 1
"""Kafka's number for a value that stands on the topic itself, and comes from no broker and no default."""

_KNOWN_SECONDS = 30.0
_KNOWN_PAUSE_SECONDS = 0.05


class TopicLike(Protocol):
    """What a topic of the contracts says about itself."""

    @property
    def name(self) -> str: ...
    @property
    def partitions(self) -> int: ...
    @property
    def cleanup(self) -> Literal["compact", "delete"]: ...
    @property
    def retention(self) -> timedelta | None: ...
    @property
    def max_message_bytes(self) -> int | None: ...


async def ensure_topics(
    bootstrap_servers: str,
    topics: Sequence[TopicLike],
    *,
    replication_factor: int | None = None,
    min_insync_replicas: int | None = None,
    security: Mapping[str, Any] | None = None,
) -> None:
    """Create the topics that are missing and give all of them the configuration that the contracts say.

    What else somebody set on a topic stays. Can be called at every start, and by several programs at once.
    `replication_factor` is for new topics only: copies of those that are there are moved by Kafka's own
    tools. Where a number is None, the brokers decide, or who set it on the topic. `security` are a client's
    arguments, for brokers that ask who is there.

    Raises:
        TopicMismatch: a topic exists with another number of partitions. Nothing is created or changed
            then: more partitions would send known keys to new places and break their order.
        EngineFailed: the broker refused a topic, with the broker's word.
        aiokafka.errors.KafkaError: the broker could not be asked.
    """
    client = AIOKafkaAdminClient(
        bootstrap_servers=bootstrap_servers, client_id="earshot-topics", **(security or {})
    )
    await client.start()
    try:
        present = {topic["topic"]: len(topic["partitions"]) for topic in await client.describe_topics()}
        refuse_mismatch(topics, present)
        missing = [topic for topic in topics if topic.name not in present]
        if missing:
            await _create(client, missing, replication_factor, min_insync_replicas)
            await _until_known(client, [topic.name for topic in missing])
        if known := [topic for topic in topics if topic.name in present]:
            await _configure(client, known, min_insync_replicas)
    finally:
        await client.close()


async def differences(
    bootstrap_servers: str,
    topics: Sequence[TopicLike],
    *,
    replication_factor: int | None = None,
    min_insync_replicas: int | None = None,
    security: Mapping[str, Any] | None = None,
) -> list[str]:
    """Return a sentence for each way in which a topic is not as `ensure_topics` would have made it.

    Nothing is changed. Raises EngineFailed and KafkaError, as `ensure_topics` does.
    """
    client = AIOKafkaAdminClient(
        bootstrap_servers=bootstrap_servers, client_id="earshot-topics", **(security or {})
    )
    await client.start()
    try:
        present = {topic["topic"]: topic["partitions"] for topic in await client.describe_topics()}
        known = [topic for topic in topics if topic.name in present]
        held = await _held(client, known)
    finally:
        await client.close()
    found = [f"{topic.name} is missing" for topic in topics if topic.name not in present]
    for topic in known:
        partitions = present[topic.name]
        if len(partitions) != topic.partitions:
            found.append(
                f"{topic.name} has {len(partitions)} partitions, the contracts say {topic.partitions}"
            )
        copies = min(len(partition["replicas"]) for partition in partitions)
        if replication_factor is not None and copies < replication_factor:
            found.append(f"{topic.name} has {copies} copies, {replication_factor} are asked for")
        for name, value in topic_configuration(topic, min_insync_replicas).items():
            if held[topic.name].get(name) != value:
                is_now = held[topic.name].get(name, "the brokers' own")
                found.append(f"{topic.name} has {name} {is_now}, and should have {value}")
    return found


def refuse_mismatch(topics: Sequence[TopicLike], present: dict[str, int]) -> None:
    """Raise `TopicMismatch` naming each topic that has another number of partitions than it should."""
    differing = [
        f"{topic.name} has {present[topic.name]} partitions, the contracts say {topic.partitions}"
        for topic in topics
        if present.get(topic.name, topic.partitions) != topic.partitions
    ]
    if differing:
        raise TopicMismatch(
            f"{'; '.join(differing)}. The number is part of where each key lies, so it is not changed under "
            "way. Move the data folder aside, or make the topics anew with the right number."
        )


def topic_configuration(topic: TopicLike, min_insync_replicas: int | None = None) -> dict[str, str]:
    """Return the broker's configuration of a topic; durations in milliseconds, as Kafka wants them."""
    entries: dict[str, str] = {"cleanup.policy": topic.cleanup}
    if topic.cleanup == "compact":
        entries |= {"delete.retention.ms": _TOMBSTONES_KEPT, "min.cleanable.dirty.ratio": _COMPACT_AT}
    if topic.retention is not None:
        entries["retention.ms"] = str(int(topic.retention.total_seconds() * 1_000))
    if topic.max_message_bytes is not None:
        entries["max.message.bytes"] = str(topic.max_message_bytes)
    if min_insync_replicas is not None:
        entries["min.insync.replicas"] = str(min_insync_replicas)
    return entries


async def _create(
    client: AIOKafkaAdminClient,
    topics: Sequence[TopicLike],
    replication_factor: int | None,
    min_insync_replicas: int | None,
) -> None:
    wanted = [
        NewTopic(
            topic.name,
            topic.partitions,
            replication_factor or _REPLICAS_BY_BROKER_DEFAULT,
            # aiokafka lets the broker choose only where an assignment, even an empty one, is given; with a
            # number of ours it takes none.
            replica_assignments={} if replication_factor is None else None,
            topic_configs=topic_configuration(topic, min_insync_replicas),
        )
        for topic in topics
    ]
    answer = await client.create_topics(wanted)
    refused = [
        f"{name}: {message or for_code(code).__name__}"
        for name, code, message in answer.topic_errors
        if for_code(code) not in (NoError, TopicAlreadyExistsError)
    ]
    if refused:
        raise EngineFailed(f"Kafka refused to make topics. {'; '.join(refused)}")


async def _until_known(client: AIOKafkaAdminClient, names: Sequence[str]) -> None:
    """Wait until the broker itself, which learns of topics after its controller, can be asked for them."""
    try:
        async with asyncio.timeout(_KNOWN_SECONDS):
            while not all(_usable(topic) for topic in await client.describe_topics(list(names))):  # noqa: ASYNC110 - the broker tells nobody when it knows
                await asyncio.sleep(_KNOWN_PAUSE_SECONDS)
    except TimeoutError:
        raise EngineFailed(
            f"Kafka made topics and does not serve them after {_KNOWN_SECONDS:.0f} s. Its log says why."
        ) from None


def _usable(topic: Mapping[str, Any]) -> bool:
    led = all(partition["leader"] >= 0 for partition in topic["partitions"])
    return topic["error_code"] == 0 and bool(topic["partitions"]) and led


async def _configure(
    client: AIOKafkaAdminClient, topics: Sequence[TopicLike], min_insync_replicas: int | None
) -> None:
    held = await _held(client, topics)
    wanted = {topic.name: topic_configuration(topic, min_insync_replicas) for topic in topics}
    resources = [
        # Kafka puts back to its default what such a request leaves out, and aiokafka knows no other request.
        ConfigResource(ConfigResourceType.TOPIC, name, configs=held[name] | entries)
        for name, entries in wanted.items()
        if not entries.items() <= held[name].items()
    ]
    if not resources:
        return
    for answer in await client.alter_configs(resources):
        _refuse(answer.resources, "configure")


async def _held(client: AIOKafkaAdminClient, topics: Sequence[TopicLike]) -> dict[str, dict[str, str]]:
    """Return what is set on each topic itself, by whomever."""
    held: dict[str, dict[str, str]] = {}
    for answer in await client.describe_configs(
        [ConfigResource(ConfigResourceType.TOPIC, topic.name) for topic in topics]
    ):
        _refuse([resource[:4] for resource in answer.resources], "describe")
        for _code, _message, _kind, name, entries in answer.resources:
            held[name] = {
                key: value for key, value, _fixed, source, *_ in entries if source == _SET_ON_THE_TOPIC
            }
    return held


def _refuse(resources: Sequence[tuple[int, str | None, int, str]], what: str) -> None:
    refused = [
        f"{name}: {message or for_code(code).__name__}"
        for code, message, _kind, name in resources
        if for_code(code) is not NoError
    ]
    if refused:
        raise EngineFailed(f"Kafka refused to {what} topics. {'; '.join(refused)}")
