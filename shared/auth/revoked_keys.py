"""The revoked bearer keys, kept in memory from the compacted topic `access.keys`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.contracts.connections import ApiKeyRevoked
from shared.contracts.topics import ACCESS
from shared.errors import TransientError
from shared.kafka_client import left_at_the_end

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping

    from aiokafka import ConsumerRecord

    from shared.observability.readiness import Readiness

PART = "revoked keys"
"""Its name in `/health/ready`. Ready once the topic was read to its end, and from then on."""

_LOG = structlog.get_logger(__name__)
_PARTITION = TopicPartition(ACCESS.name, 0)
_RETRY_SECONDS = 2.0

_READ_ANEW_SECONDS = 60.0
"""How long a reading of the whole topic may take; it holds a record for each key that was ever revoked."""

_POLL_MILLISECONDS = 1_000
"""How long one question waits for records; more only delays noticing that the end was reached."""


class RevokedKeysFromTopic:
    """A set that follows the topic from its beginning; every replica reads all of it, without a group.

    Until the end that the topic had at the start was reached, `in` raises TransientError: whether a key
    was revoked is not known yet, and a caller has to come again rather than be let in.
    """

    def __init__(
        self,
        bootstrap_servers: str,
        *,
        readiness: Readiness,
        security: Mapping[str, Any] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        consumer: Callable[..., Any] = AIOKafkaConsumer,
    ) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._readiness = readiness
        self._security = security or {}
        self._sleep = sleep
        self._consumer = consumer
        self._revoked: set[str] = set()
        self._complete = False
        readiness.set(PART, ready=False, why="starting")

    def __contains__(self, key_id: object, /) -> bool:
        if not self._complete:
            raise TransientError("Which bearer keys were revoked has not been read from the bus yet.")
        return key_id in self._revoked

    async def on_the_bus(self) -> frozenset[str]:
        """Return the keys that the topic calls revoked now, read anew from its beginning.

        The set itself forgets nothing, so it cannot tell that the topic was lost, or set back.
        Raises TransientError when the topic cannot be read to its end.
        """
        key_ids: set[str] = set()
        consumer = self._new_consumer()
        try:
            async with left_at_the_end(consumer), asyncio.timeout(_READ_ANEW_SECONDS):
                await consumer.start()
                consumer.assign([_PARTITION])
                end = (await consumer.end_offsets([_PARTITION]))[_PARTITION]
                while await consumer.position(_PARTITION) < end:
                    fetched = await consumer.getmany(_PARTITION, timeout_ms=_POLL_MILLISECONDS)
                    key_ids.update(_key_ids(fetched.get(_PARTITION, ())))
        except (KafkaError, TimeoutError) as error:
            raise TransientError(f"Revoked keys cannot be read from the bus: {error!r}") from error
        return frozenset(key_ids)

    async def follow(self) -> None:
        """Read until cancelled; an engine that is away is waited for."""
        while True:
            try:
                async with left_at_the_end(self._new_consumer()) as consumer:
                    await consumer.start()
                    await self._read(consumer)
            except KafkaError as error:
                _LOG.warning("revoked keys cannot be read", reason=repr(error))
                if not self._complete:
                    self._readiness.set(PART, ready=False, why=f"cannot be read ({type(error).__name__})")
                await self._sleep(_RETRY_SECONDS)

    def _new_consumer(self) -> AIOKafkaConsumer:
        consumer: AIOKafkaConsumer = self._consumer(
            bootstrap_servers=self._bootstrap_servers,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            **self._security,
        )
        return consumer

    async def _read(self, consumer: AIOKafkaConsumer) -> None:
        consumer.assign([_PARTITION])
        end = (await consumer.end_offsets([_PARTITION]))[_PARTITION]
        while True:
            # The position, not a record's offset: compaction takes records away, empty ones at the end too.
            if not self._complete and await consumer.position(_PARTITION) >= end:
                self._complete = True
                self._readiness.set(PART, ready=True)
            fetched = await consumer.getmany(_PARTITION, timeout_ms=_POLL_MILLISECONDS)
            self._revoked.update(_key_ids(fetched.get(_PARTITION, ())))


def _key_ids(records: Iterable[ConsumerRecord[Any, bytes]]) -> Iterator[str]:
    for record in records:
        if record.value is None:
            continue
        try:
            yield ApiKeyRevoked.model_validate_json(record.value).key_id
        except ValueError as error:
            # One that stopped here would hide every revocation after it.
            _LOG.error("a revocation cannot be understood", offset=record.offset, reason=str(error)[:300])
