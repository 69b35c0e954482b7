"""Topics are made from the contracts; one that has other partitions is named and left alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from deploy.local.errors import TopicMismatch
from deploy.local.kafka.topics import refuse_mismatch, topic_configuration
from shared.contracts.topics import ALL_TOPICS, DELIVERIES, SIGNALS


def test_a_compacted_topic_keeps_the_last_of_each_key_for_ever() -> None:
    """It is compacted, has no age limit, and keeps tombstones for those who were away for a week."""
    found = topic_configuration(SIGNALS)
    assert found["cleanup.policy"] == "compact"
    assert "retention.ms" not in found
    assert int(found["delete.retention.ms"]) == timedelta(days=7).total_seconds() * 1_000


def test_a_deleting_topic_drops_by_age() -> None:
    """Its age limit is the contract's, in milliseconds."""
    found = topic_configuration(DELIVERIES)
    assert found["cleanup.policy"] == "delete"
    assert found["retention.ms"] == str(30 * 24 * 3_600 * 1_000)


def test_another_number_of_partitions_is_named() -> None:
    """Every differing topic is told, with what it has and what it should have."""
    with pytest.raises(TopicMismatch, match=r"deliveries has 1 partitions, the contracts say 3; signals"):
        refuse_mismatch([DELIVERIES, SIGNALS], {"deliveries": 1, "signals.customer": 12})


def test_missing_and_right_topics_pass() -> None:
    """What is not there yet differs from nothing."""
    refuse_mismatch(ALL_TOPICS, {"deliveries": DELIVERIES.partitions})
