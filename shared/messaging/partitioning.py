"""Which partition a record belongs to, by Kafka's own default hash, so that any client can compute it."""

from __future__ import annotations

from functools import lru_cache

from aiokafka.partitioner import murmur2

_POSITIVE = 0x7FFFFFFF
_REMEMBERED = 4_096
"""Keys: a workspace or a conversation appears many times in a row, and the hash is written in Python."""


@lru_cache(_REMEMBERED)
def partition_for(partition_key: str, partitions: int) -> int:
    """Return the partition in [0, partitions) that Kafka's default partitioner gives this key."""
    return int((murmur2(partition_key.encode()) & _POSITIVE) % partitions)
