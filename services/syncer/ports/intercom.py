"""Intercom, as a run reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.syncer.domain.reads import Call
    from services.syncer.ports.credentials import Credential


@dataclass(frozen=True, slots=True)
class Answer:
    """What Intercom said: a JSON object, and when by its own clock (Unix seconds)."""

    body: Mapping[str, Any]
    at: int


class IntercomReader(Protocol):
    """Reads one workspace, within the budget that Intercom's headers leave."""

    @property
    def calls(self) -> int:
        """Calls made so far through this reader."""
        ...

    @property
    def answers(self) -> int:
        """Calls so far that brought a usable answer."""
        ...

    @property
    def source_time(self) -> int | None:
        """The latest time, by the source's own clock (Unix seconds), of an answer to this reader.

        A refusal counts, since it may be what tells that something went. None before the first answer.
        """
        ...

    @property
    def most_in_flight(self) -> int:
        """Calls worth having in flight at once."""
        ...

    async def read(self, call: Call) -> Answer:
        """Make one call.

        Raises the errors of `services.syncer.errors`: `SlowDownError` when the budget is spent,
        `SourceUnavailableError` when no usable answer came, `AccessError` when a person must act,
        `ResourceMissingError`, `ContactMergedError`, `ScrollTakenError`, `ScrollLostError`,
        `RequestRefusedError`.
        """
        ...


class Intercom(Protocol):
    def reader(self, credential: Credential, *, urgent: bool, calls_before: int = 0) -> IntercomReader:
        """Return a reader of one workspace.

        Urgent ones may use all of the budget, others leave a reserve; those whose run has made few calls,
        `calls_before` slices before this one included, leave less of it than long ones.
        """
        ...
