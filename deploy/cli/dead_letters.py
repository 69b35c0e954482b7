"""Dead letters: reading them, and feeding one back to where it came from.

What was sent back is remembered in the dead-letter topic itself, by a mark: a record without value whose
header `dlq-mark` names the letter's offset. So the memory lies where the letters lie, is kept at least as
long as they are, and needs neither a topic nor a database of its own. The letter goes out before its mark:
a command that is cut off between the two offers it once more, and handlers take the same record twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiokafka import TopicPartition
from aiokafka.errors import BrokerResponseError

from deploy.cli.engine import open_consumer, partitions_of, read_to_end
from deploy.cli.events import where
from shared.errors import ConfigurationError, EarshotError
from shared.messaging.dead_letters import OURS, TRUNCATED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiokafka import AIOKafkaProducer, ConsumerRecord

    from deploy.cli.engine import Bus

TOPIC_PREFIX = "dead-letters."
MARK = "dlq-mark"


class NotSentBack(EarshotError):
    """This letter stays where it is, for a reason that concerns no other; the message has its name."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A record that was put aside, and whether it was sent back already."""

    record: ConsumerRecord[bytes, bytes]
    redriven: bool

    @property
    def service(self) -> str:
        return str(self.record.topic).removeprefix(TOPIC_PREFIX)

    @property
    def name(self) -> str:
        """Return what a person types to mean this letter: `<service>:<offset>`."""
        return f"{self.service}:{self.record.offset}"

    @property
    def origin(self) -> TopicPartition | None:
        """Return where the record lay before it was put aside, or None when the letter does not say."""
        topic, partition = self.header("dlq-original-topic"), self.header("dlq-original-partition")
        return TopicPartition(topic, int(partition)) if topic and partition.isdigit() else None

    @property
    def original_offset(self) -> int:
        return int(self.header("dlq-original-offset") or 0)

    def header(self, name: str) -> str:
        values = [value for key, value in self.record.headers if key == name]
        return _text(values[0]) if values else ""

    def summary(self) -> dict[str, Any]:
        """Return what a list shows, in words that programs can rely on."""
        return {
            "id": self.name,
            "time": where(self.record)["time"],
            "reason": self.header("dlq-reason"),
            "attempts": int(self.header("dlq-attempts") or 0),
            "topic": self.header("dlq-original-topic"),
            "partition": int(self.header("dlq-original-partition") or 0),
            "offset": self.original_offset,
            "key": where(self.record)["key"],
            "type": self.header("ce_type"),
            "error": self.header("dlq-error"),
            "trace_id": self.header("dlq-trace-id"),
            "redriven": self.redriven,
            "truncated_from_bytes": int(self.header(TRUNCATED) or 0) or None,
        }

    def details(self) -> dict[str, Any]:
        """Return everything, the record's own headers and value included."""
        own = {key: _text(value) for key, value in self.own_headers()}
        value = _text(self.record.value)
        return self.summary() | {"headers": own, "value": value}

    def own_headers(self) -> list[tuple[str, bytes]]:
        """Return the headers that the record had before it was put aside."""
        return [(key, value) for key, value in self.record.headers if not key.startswith(OURS)]


async def read_letters(bus: Bus, services: Sequence[str] = ()) -> list[Letter]:
    """Return all letters, of all services or of those named, oldest first.

    Raises `ConfigurationError` for a service that has no dead-letter topic, `EngineFailed` when Kafka
    does not answer.
    """
    partitions = await partitions_of(bus)
    there = sorted(topic for topic in partitions if topic.startswith(TOPIC_PREFIX))
    wanted = [f"{TOPIC_PREFIX}{service}" for service in services] or there
    if missing := [topic for topic in wanted if topic not in there]:
        known = ", ".join(topic.removeprefix(TOPIC_PREFIX) for topic in there) or "none"
        raise ConfigurationError(
            f"There are no dead letters of {missing[0].removeprefix(TOPIC_PREFIX)!r}. Services: {known}."
        )
    records, marked = [], set()
    async with open_consumer(bus) as consumer:
        async for record in read_to_end(consumer, [each for topic in wanted for each in partitions[topic]]):
            mark = next((value for key, value in record.headers if key == MARK), None)
            if mark is None:
                records.append(record)
            else:
                marked.add((record.topic, _text(mark)))
    records.sort(key=lambda record: (record.timestamp, record.topic, record.offset))
    return [Letter(record, (record.topic, _mark_of(record)) in marked) for record in records]


def pick(letters: Sequence[Letter], names: Sequence[str]) -> list[Letter]:
    """Return the letters that `names` mean. Raises `ConfigurationError` for a name that means none."""
    by_name = {letter.name: letter for letter in letters}
    for name in names:
        if name not in by_name:
            raise ConfigurationError(
                f"There is no dead letter {name!r}. `earshot dlq list --all` shows them."
            )
    return [by_name[name] for name in names]


async def redrive(producer: AIOKafkaProducer, letter: Letter) -> None:
    """Send a letter back to the topic and partition it came from, and mark it.

    Raises:
        NotSentBack: the letter does not say where it came from, is only the beginning of a record, or
            Kafka will never take it.
        aiokafka.errors.KafkaError: Kafka did not take it now; then it is not marked, or it was sent and is
            offered again.
    """
    origin = letter.origin
    if origin is None:
        raise NotSentBack(f"{letter.name} does not say where it came from; it cannot be sent back.")
    if size := letter.header(TRUNCATED):
        raise NotSentBack(
            f"{letter.name} is only the beginning of a record of {size} bytes, which was too large to be kept"
            f" whole; it cannot be sent back. The original is at {origin.topic}/{origin.partition}, offset"
            f" {letter.original_offset}, as long as Kafka keeps it."
        )
    record = letter.record
    try:
        await producer.send_and_wait(
            origin.topic,
            value=record.value,
            key=record.key,
            partition=origin.partition,
            headers=letter.own_headers(),
        )
    except BrokerResponseError as error:
        if error.retriable:
            raise
        raise NotSentBack(f"{letter.name} was refused by {origin.topic}: {error!r}") from error
    await producer.send_and_wait(
        record.topic, value=b"", partition=record.partition, headers=[(MARK, _mark_of(record).encode())]
    )


def _text(value: bytes | None) -> str:
    return (value or b"").decode(errors="backslashreplace")


def _mark_of(record: ConsumerRecord[bytes, bytes]) -> str:
    return f"redriven:{record.partition}:{record.offset}"
