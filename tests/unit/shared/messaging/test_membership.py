"""How a consumer belongs to its group: times that fit each other, static only under a name."""

from __future__ import annotations

from shared.messaging.membership import membership
from shared.messaging.retrying import RetryPolicy


def test_a_patient_batch_is_not_taken_for_a_dead_member() -> None:
    """All delays of a batch that is retried to the end fit between two polls, with half to spare."""
    policy = RetryPolicy()
    waits = sum(policy.delay_seconds(attempt, jitter=1.0) for attempt in range(1, policy.attempts))
    assert waits * 2 < membership("g", None)["max_poll_interval_ms"] / 1_000


def test_three_heartbeats_may_be_lost() -> None:
    """A session outlives three heartbeats that do not arrive."""
    settings = membership("g", None)
    assert settings["heartbeat_interval_ms"] * 3 < settings["session_timeout_ms"]


def test_members_are_static_under_a_name_alone() -> None:
    """Without a name nobody waits for a replica that never comes back."""
    assert membership("g", None)["group_instance_id"] is None
    assert membership("g", "syncer")["group_instance_id"] == "syncer"
