"""How large a record may be: a topic's limit applies to the compressed record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiokafka.errors import MessageSizeTooLargeError
from aiokafka.record.default_records import DefaultRecordBatchBuilder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.contracts.topics import Topic

_LZ4 = 3
"""Kafka's number of the compression that `broker.WRITING` names."""


def refuse_too_large(
    topic: Topic, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes]]
) -> None:
    """Raise aiokafka's `MessageSizeTooLargeError` for a record that is too large even when compressed.

    To be called before sending: aiokafka's idempotent producer counts a record that the broker refused as
    sent, so that the broker refuses every record behind it as out of order until the producer is renewed.
    """
    listed = list(headers)
    if DefaultRecordBatchBuilder.estimate_size_in_bytes(key, value, listed) <= topic.max_message_bytes:
        return
    batch = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=_LZ4,
        is_transactional=0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=0,
    )
    batch.append(0, 0, key, value, listed)
    if len(batch.build()) > topic.max_message_bytes:
        raise MessageSizeTooLargeError
