"""Customers' health, and which customers must be measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from services.detector.domain.health import HealthWeights
    from services.detector.domain.health_history import HealthHistory, Measured


@dataclass(frozen=True, slots=True)
class Due:
    """A customer whose health must be measured; `changes` counts its states so far.

    It is named and not read, so that a customer that cannot be read does not hide the others.
    """

    organization_id: str
    customer_id: str
    changes: int


class HealthRecords(Protocol):
    """Customers' health, its history, and how each organization weighs it."""

    async def weights(self, organization_id: str) -> HealthWeights: ...

    async def set_weights(self, organization_id: str, weights: HealthWeights, by: str, at: datetime) -> None:
        """Store the weights, and make every customer of the organization due."""
        ...

    async def due(self, measured_before: datetime, limit: int) -> list[Due]:
        """Return customers of any organization: first those that changed, then those waiting longest.

        Stand-ins that were merged into a customer are left out.
        """
        ...

    async def put_off(self, organization_id: str, due: Sequence[Due], measured_at: datetime) -> None:
        """Treat these as measured at that moment; those that changed since then are due as before."""
        ...

    async def histories(
        self, organization_id: str, customer_ids: Collection[str]
    ) -> dict[str, HealthHistory]:
        """Return earlier states by customer, with an entry for customers that have none."""
        ...

    async def save(self, organization_id: str, measured: Sequence[Measured]) -> None:
        """Store newly measured health. A customer that changed again since `changes` stays due."""
        ...
