"""The notifier's branch of the error tree.

TransientError
└── DeliveryPostponed  the channel cannot take it now; try again by the schedule
PermanentError
└── DeliveryRefused    the channel will never take it; give up and say why
EarshotError
├── RuleInvalid        a rule cannot be kept as it was sent; every field's fault is named
└── NotThere           what was asked for does not exist in this organization
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from shared.errors import EarshotError, PermanentError, TransientError

if TYPE_CHECKING:
    from collections.abc import Mapping

FailureReason = Literal["rejected", "unreachable", "timed_out", "refused_address", "not_configured"]
"""The reasons that `NotificationFailed` knows."""


class DeliveryPostponed(TransientError):
    """Try again later. The message holds no secret: it is shown in the delivery log.

    Attributes:
        status: the receiver's status code, where it has such a thing.
    """

    def __init__(
        self,
        message: str,
        *,
        reason: FailureReason,
        status: int | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(message, retry_after_seconds=retry_after_seconds)
        self.failure: FailureReason = reason
        self.status = status


class DeliveryRefused(PermanentError):
    """Trying again cannot help. The message holds no secret: it is shown in the delivery log."""

    def __init__(self, message: str, *, reason: FailureReason, status: int | None = None) -> None:
        super().__init__(message)
        self.failure: FailureReason = reason
        self.status = status


class RuleInvalid(EarshotError):
    """The rule cannot be kept. `faults` has one sentence for each field that is wrong."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{field}: {fault}" for field, fault in faults.items()))
        self.faults = dict(faults)


class NotThere(EarshotError):
    """There is no such thing, or it belongs to somebody else, which is the same to who asks."""
