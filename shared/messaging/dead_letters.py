"""Puts records aside: the original, the reason, the number of attempts, and the trace it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

import structlog
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from faststream.exceptions import IncorrectState

from shared.contracts.topics import dead_letter_topic
from shared.errors import PartlyTransientError
from shared.messaging.broker import SILENCE_SECONDS, answers_of, producer_of, renew_if_stuck
from shared.messaging.sizes import refuse_too_large

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Callable, Sequence

    from aiokafka import ConsumerRecord
    from aiokafka.structs import RecordMetadata
    from faststream.kafka import KafkaBroker

    from shared.contracts.topics import Service
    from shared.errors import DeadLetterReason

_LOG = structlog.get_logger(__name__)

Header: TypeAlias = tuple[str, bytes]

OURS = "dlq-"
TRUNCATED = "dlq-truncated"

_BEGINNING_BYTES = 65_536
"""Bytes kept of a key, of a value, and of all headers of a record that is too large to be kept whole."""

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

        Raises PartlyTransientError naming those that could not be kept: they must be delivered again, and
        nothing may be committed before that. A plain TransientError means all of them.
        """
        ...


@dataclass(frozen=True, slots=True)
class DeadLetterRecord:
    """What goes into a dead-letter topic for a letter: key, value and headers."""

    key: bytes | None
    value: bytes | None
    headers: list[Header]


def whole(letter: DeadLetter) -> DeadLetterRecord:
    """Return the record as it was, byte for byte, with our headers beside its own, all prefixed `dlq-`."""
    record = letter.record
    return DeadLetterRecord(record.key, record.value, [*_own_headers(letter), *_our_headers(letter)])


def beginning(letter: DeadLetter) -> DeadLetterRecord:
    """Return what is kept of a record that does not fit: its position, the reason, and how it begins.

    `dlq-truncated` is the size of the original in bytes, which cannot be redriven from this.
    """
    record = letter.record
    own = _own_headers(letter)
    size = len(record.key or b"") + len(record.value or b"") + sum(map(_size, own))
    fitting, room = [], _BEGINNING_BYTES
    for header in own:
        if _size(header) <= room:
            fitting.append(header)
            room -= _size(header)
    return DeadLetterRecord(
        None if record.key is None else record.key[:_BEGINNING_BYTES],
        None if record.value is None else record.value[:_BEGINNING_BYTES],
        [*fitting, *_our_headers(letter), (TRUNCATED, str(size).encode())],
    )


def _own_headers(letter: DeadLetter) -> list[Header]:
    # What another put aside and somebody copied back is told by our headers alone.
    return [header for header in letter.record.headers if not header[0].startswith(OURS)]


def _our_headers(letter: DeadLetter) -> list[Header]:
    record = letter.record
    values = {
        "reason": letter.reason,
        "attempts": str(letter.attempts),
        "original-topic": record.topic,
        "original-partition": str(record.partition),
        "original-offset": str(record.offset),
        "original-timestamp": str(record.timestamp),
        "trace-id": letter.trace_id or "",
        "error": letter.error[:_MOST_ERROR_TEXT],
    }
    return [(OURS + name, text.encode(errors="backslashreplace")) for name, text in values.items()]


def _size(header: Header) -> int:
    return len(header[0].encode()) + len(header[1] or b"")


class KafkaDeadLetters:
    """Keeps dead letters in the topic `dead-letters.<service>`, for `earshot dlq` to list and redrive."""

    def __init__(
        self, broker: KafkaBroker, service: Service, *, silence_seconds: float = SILENCE_SECONDS
    ) -> None:
        self._broker = broker
        self._silence_seconds = silence_seconds
        self._topic = dead_letter_topic(service)

    async def put(self, *letters: DeadLetter) -> None:
        failed = await self._send(letters, whole)
        large = [place for place, error in failed.items() if isinstance(error, MessageSizeTooLargeError)]
        if large:
            for place in large:
                del failed[place]
                _LOG.warning("only the beginning of a record is kept", **_where(letters[place]))
            again = await self._send([letters[place] for place in large], beginning)
            failed |= {large[place]: error for place, error in again.items()}
        if failed:
            first = min(failed)
            raise PartlyTransientError(
                f"{len(failed)} records could not be put aside, the first one of"
                f" {letters[first].record.topic}: {failed[first]!r}",
                waiting=failed,
            ) from failed[first]

    async def _send(
        self, letters: Sequence[DeadLetter], form: Callable[[DeadLetter], DeadLetterRecord]
    ) -> dict[int, Exception]:
        """Send all; return, by position, why those that were not kept were not."""
        try:
            producer = producer_of(self._broker)
        except IncorrectState as error:
            return dict.fromkeys(range(len(letters)), error)
        sent: dict[int, Future[RecordMetadata]] = {}
        failed: dict[int, Exception] = {}
        for place, letter in enumerate(letters):
            record = form(letter)
            try:
                refuse_too_large(self._topic, record.key, record.value, record.headers)
                sent[place] = await producer.send(
                    self._topic.name, record.value, record.key, partition=0, headers=record.headers
                )
            except MessageSizeTooLargeError as error:
                failed[place] = error
            except KafkaError as error:
                # Those behind it would wait as long for the same answer, one after another.
                failed |= dict.fromkeys(range(place, len(letters)), error)
                break
        results = await answers_of(list(sent.values()), self._silence_seconds)
        await renew_if_stuck(self._broker, producer, results)
        for place, result in zip(sent, results, strict=True):
            if isinstance(result, KafkaError):
                failed[place] = result
            elif isinstance(result, BaseException):
                raise result
        return failed


def _where(letter: DeadLetter) -> dict[str, object]:
    record = letter.record
    return {"topic": record.topic, "partition": record.partition, "offset": record.offset}
