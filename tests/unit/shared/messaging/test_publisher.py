"""What cannot be published now is told from what can never be."""

from __future__ import annotations

import asyncio
import base64
import random
from typing import TYPE_CHECKING

import pytest
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, NotEnoughReplicasError
from faststream.kafka import KafkaBroker

from shared.clock import SystemClock
from shared.errors import PermanentError, TransientError
from shared.messaging import publisher
from shared.messaging.publisher import KafkaEventPublisher
from tests.unit.shared.messaging.records import request

if TYPE_CHECKING:
    from shared.errors import EarshotError


class Producer:
    """Answers every record alike, and counts them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, refusal: KafkaError | None = None) -> None:
        self.sent = 0
        self.is_silent = False
        self._refusal = refusal
        monkeypatch.setattr(publisher, "producer_of", lambda _broker: self)

    async def send(self, *_: object, **__: object) -> asyncio.Future[None]:
        self.sent += 1
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self.is_silent:
            return answer
        if self._refusal is None:
            answer.set_result(None)
        else:
            answer.set_exception(self._refusal)
        return answer


def publishing(silence_seconds: float = 15) -> KafkaEventPublisher:
    return KafkaEventPublisher(
        KafkaBroker(), service="connector", clock=SystemClock(), silence_seconds=silence_seconds
    )


@pytest.mark.parametrize(
    ("refusal", "decision"),
    [(MessageSizeTooLargeError(), PermanentError), (NotEnoughReplicasError(), TransientError)],
)
async def test_a_refusal_of_the_broker_is_told_by_what_it_means(
    refusal: KafkaError, decision: type[EarshotError], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too large stays too large; other refusals pass."""
    Producer(monkeypatch, refusal)
    with pytest.raises(decision):
        await publishing().publish(request("a"))


async def test_a_bus_that_says_nothing_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits, a request of a person or a handler, hears that it has to come again."""
    Producer(monkeypatch).is_silent = True
    async with asyncio.timeout(30):
        with pytest.raises(TransientError, match="No answer"):
            await publishing(0.01).publish(request("a"), request("b"))


async def test_what_the_topic_does_not_take_is_never_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused record would have all behind it refused; what compresses well is sent."""
    producer = Producer(monkeypatch)
    noise = base64.b64encode(random.Random(3).randbytes(1_500_000)).decode()
    with pytest.raises(PermanentError, match=r"larger than sync\.requests takes"):
        await publishing().publish(request("a").model_copy(update={"request_id": noise}))
    assert producer.sent == 0
    await publishing().publish(request("a").model_copy(update={"request_id": "x" * 1_100_000}))
    assert producer.sent == 1
