"""Who a waiting batch belongs to: once its partitions are another replica's, it waits there and not here.

Without this a replica whose failing partition moved away would call itself not ready until the next batch
of that group comes to it, which for some groups is weeks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiokafka import ConsumerRebalanceListener, TopicPartition

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from aiokafka import ConsumerRecord

    from shared.messaging.retrying import ProcessingState


class Moves(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka ships no types
    """Lets the state of one group go on when what waited is no longer this replica's."""

    def __init__(self, state: ProcessingState) -> None:
        self._state = state

    def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """Decide nothing: most of them come back at once."""

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:  # noqa: ARG002 - aiokafka's
        # What waited and is still ours says so again with its next attempt, some seconds later.
        self._state.going_on()

    def handed_back(
        self, records: Sequence[ConsumerRecord[bytes, bytes]], assigned: Collection[TopicPartition]
    ) -> None:
        """Take note that these are no longer tried, while this replica holds `assigned`."""
        if not any(TopicPartition(record.topic, record.partition) in assigned for record in records):
            self._state.going_on()
