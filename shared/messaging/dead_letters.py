"""Putting records aside: the original, why, how often it was tried, and the trace it belongs to."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from aiokafka.errors import KafkaError
from faststream.exceptions import IncorrectState

from shared.contracts.topics import dead_letter_topic
from shared.errors import TransientError
from shared.messaging.broker import producer_of
from shared.messaging.cloudevent import headers_of

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from aiokafka import ConsumerRecord
    from faststream.kafka import KafkaBroker

    from shared.contracts.topics import Service
    from shared.errors import DeadLetterReason

_MOST_ERROR_TEXT = 1_000
"""Characters of an error's message kept in a header; the log has the rest, found by the trace id."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that could not be processed, and why."""

    record: ConsumerRecord[bytes, bytes]
    reason: DeadLetterReason
    attempts: int
    error: str
    trace_id: str | None


class DeadLetters(Protocol):
    """Where records are put aside."""

    async def put(self, *letters: DeadLetter) -> None:
        """Keep the records, in order; return when all are kept.

        Raises TransientError when one could not be kept: then nothing may be committed. Some may be kept
        nevertheless, and are kept again when they come again.
        """
        ...


def dead_letter_headers(letter: DeadLetter) -> dict[str, str]:
    """Return the record's own headers with ours beside them, all prefixed `dlq-`."""
    record = letter.record
    return {
        **headers_of(record.headers),
        "dlq-reason": letter.reason,
        "dlq-attempts": str(letter.attempts),
        "dlq-original-topic": record.topic,
        "dlq-original-partition": str(record.partition),
        "dlq-original-offset": str(record.offset),
        "dlq-original-timestamp": str(record.timestamp),
        "dlq-trace-id": letter.trace_id or "",
        "dlq-error": letter.error[:_MOST_ERROR_TEXT],
    }


class KafkaDeadLetters:
    """Keeps dead letters in the topic `dead-letters.<service>`, for `earshot dlq` to list and redrive."""

    def __init__(self, broker: KafkaBroker, service: Service) -> None:
        self._broker = broker
        self._topic = dead_letter_topic(service)

    async def put(self, *letters: DeadLetter) -> None:
        sent = [await self._send(letter) for letter in letters]
        for letter, result in zip(letters, await asyncio.gather(*sent, return_exceptions=True), strict=True):
            if isinstance(result, KafkaError):
                raise _not_kept(letter, result) from result
            if isinstance(result, BaseException):
                raise result

    async def _send(self, letter: DeadLetter) -> Awaitable[object]:
        headers = [(name, text.encode()) for name, text in dead_letter_headers(letter).items()]
        try:
            acknowledged: Awaitable[object] = await producer_of(self._broker).send(
                self._topic.name, letter.record.value, letter.record.key, partition=0, headers=headers
            )
        except (KafkaError, IncorrectState) as error:
            raise _not_kept(letter, error) from error
        return acknowledged


def _not_kept(letter: DeadLetter, error: Exception) -> TransientError:
    return TransientError(f"A record of {letter.record.topic} could not be put aside: {error!r}")
