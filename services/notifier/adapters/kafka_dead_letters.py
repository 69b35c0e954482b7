"""The newest dead letters, read from Kafka without a consumer group: nobody's place is moved."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from services.notifier.ports import DeadLetterPage, DeadLetterView
from shared.contracts.topics import SERVICES, dead_letter_topic
from shared.errors import TransientError
from shared.kafka_client import left_at_the_end
from shared.messaging.cloudevent import headers_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiokafka import ConsumerRecord

    from shared.contracts.topics import Service

_TIMEOUT_SECONDS = 5.0
_LOOKING_SHARE = 0.6
"""Of that time, after which nothing further back is read: a page with less is better than none."""

_MOST_LOOKED_AT = 2_000
"""Records of one service: letters of other organizations and marks lie between those that are wanted."""

_PREVIEW_BYTES = 2_000
_REDRIVE_MARK = "dlq-mark"
"""Header of the marks that `earshot dlq redrive` leaves beside the letters; they are no letters."""


class KafkaDeadLetterReader:
    def __init__(
        self,
        bootstrap_servers: str,
        security: Mapping[str, Any] | None = None,
        *,
        most_looked_at: int = _MOST_LOOKED_AT,
        timeout_seconds: float = _TIMEOUT_SECONDS,
        consumer: Callable[..., Any] = AIOKafkaConsumer,
    ) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._security = security or {}
        self._most_looked_at = most_looked_at
        self._timeout_seconds = timeout_seconds
        self._consumer = consumer

    async def newest(self, limit: int, organization_id: str) -> dict[str, DeadLetterPage]:
        consumer = self._consumer(
            bootstrap_servers=self._bootstrap_servers.split(","), enable_auto_commit=False, **self._security
        )
        try:
            async with left_at_the_end(consumer), asyncio.timeout(self._timeout_seconds):
                until = asyncio.get_running_loop().time() + _LOOKING_SHARE * self._timeout_seconds
                await consumer.start()
                return {
                    service: await self._newest(consumer, service, limit, organization_id, until)
                    for service in SERVICES
                }
        except (KafkaError, TimeoutError) as error:
            raise TransientError(f"Dead letters could not be read: {type(error).__name__}") from error

    async def _newest(
        self, consumer: AIOKafkaConsumer, service: Service, limit: int, organization_id: str, until: float
    ) -> DeadLetterPage:
        partition = TopicPartition(dead_letter_topic(service).name, 0)
        consumer.assign([partition])
        begin = (await consumer.beginning_offsets([partition]))[partition]
        end = (await consumer.end_offsets([partition]))[partition]
        oldest = max(begin, end - max(self._most_looked_at, limit))
        newest: list[DeadLetterView] = []
        upper, portion = end, limit
        # Backwards, by portions that grow: mostly the first one has what is wanted.
        while upper > oldest and len(newest) < limit:
            if upper < end and asyncio.get_running_loop().time() > until:
                break
            lower = max(oldest, upper - portion)
            letters = await _letters(consumer, service, lower, upper)
            newest += [one for one in reversed(letters) if one.organization_id in {organization_id, None}]
            upper, portion = lower, portion * 2
        is_whole = upper <= begin or len(newest) >= limit
        return DeadLetterPage(tuple(newest[:limit]), None if is_whole else end - upper)


async def _letters(
    consumer: AIOKafkaConsumer, service: Service, lower: int, upper: int
) -> list[DeadLetterView]:
    """Return the letters from one offset to before another, oldest first."""
    partition = TopicPartition(dead_letter_topic(service).name, 0)
    consumer.seek(partition, lower)
    views: list[DeadLetterView] = []
    # The position is asked for, not the records counted: offsets may have gaps.
    while await consumer.position(partition) < upper:
        records = await consumer.getmany(partition, timeout_ms=500, max_records=upper - lower)
        views.extend(
            _view(record, service)
            for record in records.get(partition, ())
            if record.offset < upper and all(name != _REDRIVE_MARK for name, _ in record.headers)
        )
    return views


def _view(record: ConsumerRecord[bytes, bytes], service: Service) -> DeadLetterView:
    headers = headers_of(record.headers)
    original = (
        f"{headers.get('dlq-original-topic', '?')}/{headers.get('dlq-original-partition', '?')}"
        f"@{headers.get('dlq-original-offset', '?')}"
    )
    organization_id = headers.get("ce_organizationid")
    preview = (record.value or b"")[:_PREVIEW_BYTES].decode("utf-8", "backslashreplace")
    return DeadLetterView(
        organization_id=organization_id,
        service=service,
        offset=record.offset,
        at=datetime.fromtimestamp(record.timestamp / 1000, UTC),
        reason=headers.get("dlq-reason", "unknown"),
        error=headers.get("dlq-error", ""),
        attempts=headers.get("dlq-attempts", "?"),
        original=original,
        type=headers.get("ce_type", "unknown"),
        trace_id=headers.get("dlq-trace-id", ""),
        preview=preview if organization_id is not None else "",
    )
