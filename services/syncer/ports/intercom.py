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
    """A response from Intercom: a JSON object, and its time by Intercom's own clock (Unix seconds)."""

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
        """Calls so far that got a usable response."""
        ...

    @property
    def source_time(self) -> int | None:
        """The latest time of a response to this reader, by the source's own clock (Unix seconds).

        A refusal counts, since it may be what reveals that something is gone. None before the first response.
        """
        ...

    @property
    def most_in_flight(self) -> int:
        """Calls worth having in flight at once."""
        ...

    async def read(self, call: Call) -> Answer:
        """Make one call.

        Raises the errors of `services.syncer.errors`: `SlowDownError` if the budget is spent,
        `SourceUnavailableError` if there was no usable response, `AccessError` if a person must act,
        `ResourceMissingError`, `ContactMergedError`, `ScrollTakenError`, `ScrollLostError`,
        `RequestRefusedError`.
        """
        ...


class Intercom(Protocol):
    def reader(self, credential: Credential, *, urgent: bool, calls_before: int = 0) -> IntercomReader:
        """Return a reader of one workspace.

        Urgent readers may use the whole budget; others leave a reserve. A run that has made few calls so far
        (`calls_before` this slice) leaves less of it than a long one.
        """
        ...
