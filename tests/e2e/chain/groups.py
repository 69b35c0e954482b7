"""The consumer groups of the services, each with its topics, and what each has still to take.

Groups are read from the services' own declarations, so that a new subscription cannot be forgotten here.
"""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

import services.connector.handlers
import services.notifier.handlers
import services.syncer.handlers
from services.detector.handlers.connections import subscribe_connections
from services.detector.handlers.resources import subscribe_resources

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from shared.contracts.topics import Service, Topic

_DECLARATIONS: Mapping[Service, Sequence[Callable[..., None]]] = {
    "connector": (services.connector.handlers.subscribe,),
    "syncer": (services.syncer.handlers.subscribe,),
    "detector": (subscribe_connections, subscribe_resources),
    "notifier": (services.notifier.handlers.subscribe,),
}


class _Declared:
    """Stands where a consumer does, and notes what it is asked to read."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.groups: dict[str, tuple[Topic, ...]] = {}

    def subscribe(self, topics: Sequence[Topic], _: object, *, name: str = "main", **__: Any) -> None:
        self.groups[f"earshot.{self._service}.{name}"] = tuple(topics)


def groups() -> dict[str, tuple[Topic, ...]]:
    """Return the topics that each group of a running installation reads."""
    found: dict[str, tuple[Topic, ...]] = {}
    for service, declarations in _DECLARATIONS.items():
        declared = _Declared(service)
        for declare in declarations:
            # Handlers are only declared and never called, so what they would call need not be there.
            _, *parts = inspect.signature(declare).parameters
            declare(declared, **dict.fromkeys(parts))
        found |= declared.groups
    return found


def behind(bootstrap_servers: str, names: Collection[str]) -> dict[str, int]:
    """Return how many records these groups have still to take, by group and partition; none where none is.

    A partition of which a group has committed nothing is all before it, also for a group that never came.
    """
    return asyncio.run(_behind(bootstrap_servers, {name: groups()[name] for name in names}))


async def _behind(bootstrap_servers: str, read: Mapping[str, Sequence[Topic]]) -> dict[str, int]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        # Before the ends: what is published and taken between the two questions may count, and passes;
        # asked the other way round, what is still to be taken could be missed.
        taken = {name: await admin.list_consumer_group_offsets(name) for name in read}
    finally:
        await admin.close()
    partitions = {
        name: [TopicPartition(topic.name, number) for topic in topics for number in range(topic.partitions)]
        for name, topics in read.items()
    }
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, enable_auto_commit=False) as consumer:
        ends = await consumer.end_offsets(sorted({one for some in partitions.values() for one in some}))
    found = {}
    for name, own in partitions.items():
        for one in own:
            offset = taken[name].get(one)
            left = ends[one] - (offset.offset if offset else 0)
            if left > 0:
                found[f"{name} {one.topic}-{one.partition}"] = left
    return found
