"""The base of every event: what it is called, where it goes, and why the same fact has the same id."""

from __future__ import annotations

import hashlib
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.contracts.topics import Topic

ShortText = Annotated[str, Field(max_length=2_000)]
"""Names, titles, addresses: anything longer than this is not one."""

LongText = Annotated[str, Field(max_length=200_000)]
"""A message's text. Longer ones are cut by whoever reads them in, and say so."""

Identifier = Annotated[str, Field(min_length=1, max_length=256)]
Moment = AwareDatetime

_ID_LENGTH = 32
"""Hex digits kept of the SHA-256: 128 bits, as many as a UUID, so accidents do not happen."""


class Record(BaseModel):
    """A frozen part of an event. Unknown fields are ignored, so that additions never break a reader.

    Why one cannot be read names its fields and quotes nothing of it, since that is logged.
    """

    model_config = ConfigDict(
        frozen=True, extra="ignore", str_strip_whitespace=False, hide_input_in_errors=True
    )


class Event(Record):
    """A fact or a command on the bus.

    Every subclass sets `TYPE` (a CloudEvents type ending in its version) and `TOPIC`, and says by
    `key()` which thing it is about, by `partition_key()` what it must stay in order with, and by
    `fact()` what makes it the same fact when it is told twice (DESIGN §3).
    """

    TYPE: ClassVar[str]
    TOPIC: ClassVar[Topic]

    organization_id: Identifier = Field(description="The tenant.")
    connection_id: Identifier | None = Field(
        default=None, description="The connection it belongs to, where it belongs to one."
    )

    def key(self) -> str:
        """Return the Kafka key: the thing itself, so that compaction keeps its last state."""
        raise NotImplementedError

    def partition_key(self) -> str:
        """Return what chooses the partition; records with the same value stay in order."""
        return self.key()

    def fact(self) -> str:
        """Return what identifies this fact among all of its type, for the deterministic id."""
        raise NotImplementedError

    def event_id(self) -> str:
        """Return the CloudEvents id: the same fact always has the same one."""
        digest = hashlib.sha256(f"{self.TYPE}\n{self.organization_id}\n{self.fact()}".encode())
        return digest.hexdigest()[:_ID_LENGTH]
