"""The error tree that every service extends with its own branch.

EarshotError
├── TransientError             try again later; nothing is wrong with the input
│   └── PartlyTransientError   the same for some records of a batch; the others are done
├── PermanentError             trying again cannot help; put the record aside and go on
├── ProcessingStopped          the fault is ours; stop before more is put aside
└── ConfigurationError         a setting is wrong or missing; the operator must act

The names are decisions, not causes (DESIGN §4): an error says what is to be done about it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Collection

DeadLetterReason = Literal[
    "broken_bytes",
    "unknown_type",
    "unknown_version",
    "invalid_event",
    "handler_rejected",
    "handler_failed",
    "retries_exhausted",
]
"""Why a record was put aside. A closed set, so that dashboards and `earshot dlq` can rely on it."""


class EarshotError(Exception):
    """Root of all errors that Earshot raises on purpose."""


class TransientError(EarshotError):
    """Try again later: the input is fine, and something that it needs is unavailable.

    Attributes:
        retry_after_seconds: how long to wait, if the source said so; else None.
    """

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class PartlyTransientError(TransientError):
    """Some records of a batch must wait; all others are done, and must not wait with them.

    Attributes:
        waiting: the positions in the batch, from 0, of the records that must be delivered again.
    """

    def __init__(self, message: str, *, waiting: Collection[int]) -> None:
        super().__init__(message)
        self.waiting = frozenset(waiting)


class PermanentError(EarshotError):
    """Trying again cannot help; the record belongs in the dead-letter topic."""

    def __init__(self, message: str, *, reason: DeadLetterReason = "handler_rejected") -> None:
        super().__init__(message)
        self.reason: DeadLetterReason = reason


class ProcessingStopped(EarshotError):
    """Too many records failed in a row: the fault is ours, and going on would only put more aside."""


class ConfigurationError(EarshotError):
    """A setting is wrong or missing. The message names the setting and what it must be."""
