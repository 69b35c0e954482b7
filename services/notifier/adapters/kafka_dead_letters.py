"""The newest dead letters, read from Kafka without a consumer group: nobody's place is moved."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from services.notifier.ports import DeadLetterView
from shared.contracts.topics import SERVICES, dead_letter_topic
from shared.errors import TransientError
from shared.messaging.cloudevent import headers_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiokafka import ConsumerRecord

    from shared.contracts.topics import Service

_TIMEOUT_SECONDS = 5.0
_PREVIEW_BYTES = 2_000
_REDRIVE_MARK = "dlq-mark"
"""Header of the marks that `earshot dlq redrive` leaves beside the letters; they are no letters."""


class KafkaDeadLetterReader:
    def __init__(self, bootstrap_servers: str, security: Mapping[str, Any] | None = None) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._security = security or {}

    async def newest(self, limit: int, organization_id: str) -> dict[str, list[DeadLetterView]]:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap_servers.split(","), enable_auto_commit=False, **self._security
        )
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                await consumer.start()
                return {
                    service: [
                        letter
                        for letter in await _newest(consumer, service, limit)
                        if letter.organization_id in {organization_id, None}
                    ]
                    for service in SERVICES
                }
        except (KafkaError, TimeoutError) as error:
            raise TransientError(f"Dead letters could not be read: {type(error).__name__}") from error
        finally:
            await consumer.stop()


async def _newest(consumer: AIOKafkaConsumer, service: Service, limit: int) -> list[DeadLetterView]:
    partition = TopicPartition(dead_letter_topic(service).name, 0)
    consumer.assign([partition])
    begin = (await consumer.beginning_offsets([partition]))[partition]
    end = (await consumer.end_offsets([partition]))[partition]
    start = max(begin, end - limit)
    consumer.seek(partition, start)
    found: list[DeadLetterView] = []
    # The position is asked for, not the records counted: offsets may have gaps.
    while start < end and await consumer.position(partition) < end:
        records = await consumer.getmany(partition, timeout_ms=500, max_records=limit)
        found.extend(
            _view(record, service)
            for record in records.get(partition, ())
            if all(name != _REDRIVE_MARK for name, _ in record.headers)
        )
    return found[::-1]


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
