"""Dead letters are asked for while Kafka dies: the answer is trouble that passes, not a cut request."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError

from services.notifier.adapters.kafka_dead_letters import KafkaDeadLetterReader
from shared.errors import TransientError


class Consumer:
    """One whose broker is away: it does not start, or never answers; stopped, it cancels within itself."""

    def __init__(self, *, starts: bool) -> None:
        self._starts = starts
        self.left: list[str] = []

    async def start(self) -> None:
        if not self._starts:
            raise KafkaConnectionError
        await asyncio.Event().wait()

    async def stop(self) -> None:
        self.left.append("consumer")
        raise asyncio.CancelledError

    @property
    def _client(self) -> Consumer:
        return self

    async def close(self) -> None:
        self.left.append("client")


def reader(consumer: Consumer, timeout_seconds: float) -> KafkaDeadLetterReader:
    def made(**_settings: Any) -> Consumer:
        return consumer

    return KafkaDeadLetterReader("kafka:9092", timeout_seconds=timeout_seconds, consumer=made)


@pytest.mark.parametrize("starts", [False, True])
async def test_a_client_that_stops_badly_is_trouble_that_passes(starts: bool) -> None:
    """Whoever asked hears that the bus does not answer; the client's connections are closed."""
    consumer = Consumer(starts=starts)
    with pytest.raises(TransientError):
        await reader(consumer, timeout_seconds=0).newest(20, "acme")
    assert consumer.left == ["consumer", "client"]


async def test_whoever_ends_the_request_is_obeyed() -> None:
    """A cancellation from outside is not taken for the client's own."""
    consumer = Consumer(starts=True)
    asking = asyncio.create_task(reader(consumer, timeout_seconds=60).newest(20, "acme"))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert "consumer" in consumer.left
