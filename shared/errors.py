"""The error tree that every service grows its own branch under.

    EarshotError
    ├── TransientError    try again later; nothing is wrong with the input
    │   └── PartlyTransientError  the same for some records of a batch; the others are done
    ├── PermanentError    trying again cannot help; put the record aside and go on
    ├── ProcessingStopped the fault is ours; stop before more is put aside
    └── ConfigurationError a setting is wrong or missing; the operator must act

The names are decisions, not causes (DESIGN §4): code that raises one of these says what shall be done.
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
    """Try again later: the input is fine, something it needs is not there now.

    Attributes:
        retry_after_seconds: when the source said how long to wait, that many seconds; else None.
    """

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class PartlyTransientError(TransientError):
    """Some records of a batch have to wait; all others are done, and must not wait with them.

    Attributes:
        waiting: the places in the batch, counted from 0, of those that have to come again.
    """

    def __init__(self, message: str, *, waiting: Collection[int]) -> None:
        super().__init__(message)
        self.waiting = frozenset(waiting)


class PermanentError(EarshotError):
    """Trying again cannot help; the record belongs into the dead-letter topic."""

    def __init__(self, message: str, *, reason: DeadLetterReason = "handler_rejected") -> None:
        super().__init__(message)
        self.reason: DeadLetterReason = reason


class ProcessingStopped(EarshotError):
    """Too much in a row went wrong: the fault is ours, and going on would only put more aside."""


class ConfigurationError(EarshotError):
    """A setting is wrong or missing. The message names the setting and what it must be."""
