"""A record as a handler sees it: decoded, with where it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

from shared.contracts.event import Event

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord

Place: TypeAlias = tuple[str, int, int]
"""Topic, partition and offset: a record has the same ones however often it is delivered."""

E_co = TypeVar("E_co", bound=Event, covariant=True)


@dataclass(frozen=True, slots=True)
class Received(Generic[E_co]):
    """One event off the bus.

    Attributes:
        attempt: 1 the first time a batch is tried, growing with each retry in this process.
    """

    event: E_co
    topic: str
    partition: int
    offset: int
    traceparent: str | None = None
    attempt: int = 1


def place_of(record: ConsumerRecord[bytes, bytes]) -> Place:
    return record.topic, record.partition, record.offset
