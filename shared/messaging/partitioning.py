"""Which partition a record belongs to, by Kafka's own default hash, so that any client can compute it."""

from __future__ import annotations

from aiokafka.partitioner import murmur2

_POSITIVE = 0x7FFFFFFF


def partition_for(partition_key: str, partitions: int) -> int:
    """Return the partition in [0, partitions) that Kafka's default partitioner gives this key."""
    return int((murmur2(partition_key.encode()) & _POSITIVE) % partitions)
