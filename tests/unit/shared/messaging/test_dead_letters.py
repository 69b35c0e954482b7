"""What is put aside, what of it when it is too large, and what happens when it cannot be."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka.errors import MessageSizeTooLargeError, TopicAuthorizationFailedError
from faststream.kafka import KafkaBroker

from shared.errors import PartlyTransientError, TransientError
from shared.messaging import dead_letters
from shared.messaging.dead_letters import DeadLetter, KafkaDeadLetters, beginning, whole
from tests.unit.shared.messaging.records import record

if TYPE_CHECKING:
    from collections.abc import Sequence

NOISE = random.Random(3).randbytes(1_200_000)
"""Bytes that no compression makes fewer."""


class Topic:
    """A producer in memory, which keeps what it is given unless it was told not to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.kept: list[tuple[bytes, list[tuple[str, bytes]]]] = []
        self.refused: dict[bytes, Exception] = {}
        monkeypatch.setattr(dead_letters, "producer_of", lambda _broker: self)

    async def send(
        self, _topic: str, value: bytes, key: bytes, *, partition: int, headers: list[tuple[str, bytes]]
    ) -> asyncio.Future[None]:
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if value in self.refused:
            answer.set_exception(self.refused[value])
        else:
            self.kept.append((value, headers))
            answer.set_result(None)
        return answer


def letter(value: bytes, headers: Sequence[tuple[str, Any]] = (), offset: int = 0) -> DeadLetter:
    return DeadLetter(record(value, list(headers), offset=offset), "handler_rejected", 1, "no", None)


async def test_nothing_counts_as_put_aside_while_the_bus_is_not_connected() -> None:
    """The caller is told to come again, and which topic's record it was."""
    kept = KafkaDeadLetters(KafkaBroker(), "syncer")
    with pytest.raises(TransientError, match=r"could not be put aside, the first one of sync\.requests"):
        await kept.put(letter(b"{}"), letter(b"{}"))


def test_own_headers_are_kept_byte_for_byte() -> None:
    """Bytes that are no text grow by nothing, repeated and empty ones stay; ours stand beside them."""
    own = [("x", b"\xff" * 300_000), ("x", b"2"), ("empty", None)]
    kept = whole(letter(b"{", [*own, ("dlq-reason", b"an older one")]))
    assert kept.headers[:3] == own
    assert [value for name, value in kept.headers if name == "dlq-reason"] == [b"handler_rejected"]


def test_of_a_large_record_its_beginning_is_kept_and_says_so() -> None:
    """Where it came from, why it is here, how large it was; headers that fit stay whole."""
    kept = beginning(letter(NOISE, [("large", NOISE), ("ce_type", b"t")], offset=7))
    assert kept.value is not None
    assert NOISE.startswith(kept.value)
    assert len(kept.value) == 65_536
    headers = dict(kept.headers)
    assert "large" not in headers
    assert headers["ce_type"] == b"t"
    assert headers["dlq-original-offset"] == b"7"
    assert headers["dlq-reason"] == b"handler_rejected"
    assert int(headers["dlq-truncated"]) == len(b"c1") + 2 * len(NOISE) + len("large") + len("ce_type") + 1


@pytest.mark.parametrize("refused_by", ["ourselves", "the broker"])
async def test_a_record_that_is_too_large_holds_up_no_other(
    refused_by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its beginning is kept in its place, and nobody has to come again."""
    topic = Topic(monkeypatch)
    large = NOISE if refused_by == "ourselves" else b"x" * 70_000
    topic.refused[large] = MessageSizeTooLargeError()
    await KafkaDeadLetters(KafkaBroker(), "syncer").put(letter(b"1"), letter(large), letter(b"3"))
    assert [value for value, _ in topic.kept] == [b"1", b"3", large[:65_536]]
    assert "dlq-truncated" in dict(topic.kept[2][1])


async def test_a_large_record_that_compresses_well_is_kept_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """A topic's limit is about what is left after compression."""
    topic = Topic(monkeypatch)
    await KafkaDeadLetters(KafkaBroker(), "syncer").put(letter(b"x" * 1_120_000))
    assert len(topic.kept[0][0]) == 1_120_000


async def test_those_that_were_not_kept_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the others need not be sent again."""
    topic = Topic(monkeypatch)
    topic.refused = {b"1": TopicAuthorizationFailedError(), b"3": TopicAuthorizationFailedError()}
    with pytest.raises(PartlyTransientError) as raised:
        await KafkaDeadLetters(KafkaBroker(), "syncer").put(*[letter(b"%d" % at) for at in range(4)])
    assert raised.value.waiting == {1, 3}
    assert [value for value, _ in topic.kept] == [b"0", b"2"]
