"""Whose a waiting batch is: once its partitions move to another replica, it waits there and not here.

Without this, a replica whose failing partition moved away would report itself not ready until the next batch
of that group reaches it, which for some groups is weeks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiokafka import ConsumerRebalanceListener, TopicPartition

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from aiokafka import ConsumerRecord

    from shared.messaging.retrying import ProcessingState


class Moves(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka ships no types
    """Clears a group's waiting state when what waited no longer belongs to this replica."""

    def __init__(self, state: ProcessingState) -> None:
        self._state = state

    def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """Do nothing: most of the partitions are assigned again at once."""

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:  # noqa: ARG002 - aiokafka's
        # What waited and is still ours says so again with its next attempt, some seconds later.
        self._state.going_on()

    def handed_back(
        self, records: Sequence[ConsumerRecord[bytes, bytes]], assigned: Collection[TopicPartition]
    ) -> None:
        """Note that these are no longer tried here, while this replica holds `assigned`."""
        if not any(TopicPartition(record.topic, record.partition) in assigned for record in records):
            self._state.going_on()
