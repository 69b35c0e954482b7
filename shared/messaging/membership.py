"""How consumers belong to their groups: every choice of consumer settings, with its reason."""

from __future__ import annotations

from typing import Any

from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor

_SESSION_TIMEOUT_MS = 10_000
"""Milliseconds without heartbeat until a killed replica's partitions move to another. Shorter ones take a
machine that stalls for a dead one; then its work is done twice (and stored once), for nothing."""

_HEARTBEAT_MS = 3_000
"""Milliseconds between heartbeats: three may be lost before the session ends. Also how soon a member
learns that the group is rebalancing."""

_MAX_POLL_INTERVAL_MS = 300_000
"""Milliseconds between polls before the group gives our partitions away. A batch that is retried to the end
takes about a minute (`RetryPolicy`), and as long again when what it puts aside cannot be kept, so only a
process that hangs is taken for dead."""

_FETCH_MAX_WAIT_MS = 500
"""Milliseconds the broker holds an empty fetch. A new record ends the wait; shorter ones only cost work."""

_BATCH_TIMEOUT_MS = 200
"""Milliseconds a poll waits for a first record; records that are there return at once."""


def membership(group: str, instance: str | None) -> dict[str, Any]:
    """Return how a subscriber of `group` takes part in it.

    With an instance name the member is static: when its process dies and comes back within the session
    timeout, it has its partitions again at once, and nobody else's work is interrupted. Without one it is
    dynamic: it leaves when it is stopped in order, and a killed one's partitions move after the session
    timeout. Static is right where a process comes back under its own name (local mode, a StatefulSet),
    dynamic where a new one with a new name takes its place (a Deployment): there nobody would ever come
    back to claim the old name, and a stopped replica's partitions would wait out the session.
    """
    return {
        "group_id": group,
        "group_instance_id": instance,
        # What is on the bus before a group's first member joins is part of the picture: resource topics
        # are compacted so that a new reader can rebuild everything.
        "auto_offset_reset": "earliest",
        # Spreads all partitions of all topics of a group evenly. Range gives the first replica the first
        # partition of every topic; sticky keeps what no process of ours gains from: none holds state by
        # partition, so a partition that moves costs nothing but the move.
        "partition_assignment_strategy": (RoundRobinPartitionAssignor,),
        # Nothing of ours writes in transactions: a fact is stored once by guards and ids, not by them.
        # Waiting for the last stable offset would let somebody's hung transaction hold our groups up.
        "isolation_level": "read_uncommitted",
        "session_timeout_ms": _SESSION_TIMEOUT_MS,
        "heartbeat_interval_ms": _HEARTBEAT_MS,
        "max_poll_interval_ms": _MAX_POLL_INTERVAL_MS,
        "fetch_max_wait_ms": _FETCH_MAX_WAIT_MS,
        "batch_timeout_ms": _BATCH_TIMEOUT_MS,
    }
