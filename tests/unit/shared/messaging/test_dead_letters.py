"""What is put aside, and what happens when it cannot be."""

from __future__ import annotations

import pytest
from faststream.kafka import KafkaBroker

from shared.errors import TransientError
from shared.messaging.dead_letters import DeadLetter, KafkaDeadLetters
from tests.unit.shared.messaging.records import record


async def test_nothing_counts_as_put_aside_while_the_bus_is_not_connected() -> None:
    """The caller is told to come again, and which topic's record it was."""
    dead_letters = KafkaDeadLetters(KafkaBroker(), "syncer")
    letter = DeadLetter(record(b"{}", []), "handler_rejected", 1, "no", None)
    with pytest.raises(TransientError, match=r"sync\.requests could not be put aside"):
        await dead_letters.put(letter, letter)
