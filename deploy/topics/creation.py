"""Decides how long the brokers are waited for, and passes the cluster's own numbers on."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from aiokafka.errors import KafkaError

from deploy.local.errors import EngineFailed, LocalModeError
from deploy.local.kafka.topics import differences, ensure_topics
from shared.contracts.topics import ALL_TOPICS
from shared.messaging.security import client_security

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from deploy.topics.settings import TopicsSettings

T = TypeVar("T")

_PAUSE_SECONDS = 2.0
"""Brokers need seconds to elect a controller; asking more often only fills their logs."""


class BrokersAway(LocalModeError):
    """No broker could be asked in time; the message says where and why."""


async def create_topics(settings: TopicsSettings) -> int:
    """Create and configure all topics of the contracts. Returns how many there are.

    Raises:
        BrokersAway: Kafka could not be asked within `topics_wait_seconds`.
        TopicMismatch, EngineFailed: as `ensure_topics` says. Waiting would not help.
    """
    await _patiently(settings, partial(ensure_topics, **_asked(settings)))
    return len(ALL_TOPICS)


async def check_topics(settings: TopicsSettings) -> list[str]:
    """Return a sentence for each way in which a topic is not as the contracts say; change nothing.

    Raises:
        BrokersAway: Kafka could not be asked within `topics_wait_seconds`.
        EngineFailed: the broker refused to say.
    """
    return await _patiently(settings, partial(differences, **_asked(settings)))


def _asked(settings: TopicsSettings) -> dict[str, Any]:
    return {
        "bootstrap_servers": settings.kafka_bootstrap_servers,
        "topics": ALL_TOPICS,
        "replication_factor": settings.topics_replication_factor,
        "min_insync_replicas": settings.topics_min_insync_replicas,
        "security": client_security(settings),
    }


async def _patiently(settings: TopicsSettings, act: Callable[[], Awaitable[T]]) -> T:
    clock = asyncio.get_running_loop()
    until = clock.time() + settings.topics_wait_seconds
    while True:
        try:
            return await act()
        except (KafkaError, OSError) as error:
            if isinstance(error, KafkaError) and not error.retriable:
                raise EngineFailed(f"Kafka refused: {error}") from error
            if clock.time() + _PAUSE_SECONDS > until:
                raise BrokersAway(
                    f"Kafka at {settings.kafka_bootstrap_servers} did not answer within "
                    f"{settings.topics_wait_seconds:.0f} s ({error}). Check EARSHOT_KAFKA_BOOTSTRAP_SERVERS, "
                    "and that the network lets this job reach it."
                ) from error
            await asyncio.sleep(_PAUSE_SECONDS)
