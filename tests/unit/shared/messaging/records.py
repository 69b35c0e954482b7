"""Records as a consumer gets them, for tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aiokafka import ConsumerRecord

from shared.contracts.sync import SyncRequested
from shared.messaging.cloudevent import encode

if TYPE_CHECKING:
    from shared.contracts.event import Event

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def request(request_id: str) -> SyncRequested:
    return SyncRequested(
        organization_id="acme", connection_id="c1", request_id=request_id, reason="manual", requested_at=NOW
    )


def record(
    value: bytes | None, headers: list[tuple[str, bytes]], *, offset: int = 0
) -> ConsumerRecord[bytes, bytes]:
    return ConsumerRecord(
        topic="sync.requests",
        partition=0,
        offset=offset,
        timestamp=int(NOW.timestamp() * 1000),
        timestamp_type=0,
        key=b"c1",
        value=value,
        checksum=None,
        serialized_key_size=2,
        serialized_value_size=len(value or b""),
        headers=tuple(headers),
    )


def record_of(event: Event, *, offset: int = 0) -> ConsumerRecord[bytes, bytes]:
    encoded = encode(event, source="/earshot/connector", time=NOW.isoformat(), traceparent=None)
    return record(encoded.value, encoded.headers, offset=offset)
