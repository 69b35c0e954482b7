"""The revoked bearer keys, kept in memory from the compacted topic `access.keys`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.contracts.connections import ApiKeyRevoked
from shared.contracts.topics import ACCESS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

_LOG = structlog.get_logger(__name__)
_RETRY_SECONDS = 2.0


class RevokedKeysFromTopic:
    """A set that follows the topic from its beginning; every replica reads all of it, without a group."""

    def __init__(
        self,
        bootstrap_servers: str,
        *,
        security: Mapping[str, Any] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._security = security or {}
        self._sleep = sleep
        self._revoked: set[str] = set()

    def __contains__(self, key_id: object, /) -> bool:
        return key_id in self._revoked

    async def follow(self) -> None:
        """Read until cancelled; an engine that is away is waited for."""
        while True:
            consumer = AIOKafkaConsumer(
                bootstrap_servers=self._bootstrap_servers,
                auto_offset_reset="earliest",
                enable_auto_commit=False,
                **self._security,
            )
            try:
                await consumer.start()
                consumer.assign([TopicPartition(ACCESS.name, 0)])
                async for record in consumer:
                    if record.value is not None:
                        self._revoked.add(ApiKeyRevoked.model_validate_json(record.value).key_id)
            except (KafkaError, ValueError) as error:
                _LOG.warning("revoked keys cannot be read", reason=repr(error))
                await self._sleep(_RETRY_SECONDS)
            finally:
                await consumer.stop()
