"""Customers' health, and whose is to be measured."""

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
    """A customer whose health is to be measured; `changes` counts its states up to now.

    Named and not read: one that cannot be read back must not hide the others.
    """

    organization_id: str
    customer_id: str
    changes: int


class HealthRecords(Protocol):
    """Customers' health, what it was before, and how each organization weighs it."""

    async def weights(self, organization_id: str) -> HealthWeights: ...

    async def set_weights(self, organization_id: str, weights: HealthWeights, by: str, at: datetime) -> None:
        """Keep the weights and make every customer of the organization due."""
        ...

    async def due(self, measured_before: datetime, limit: int) -> list[Due]:
        """Return customers of any organization: first who changed since, then who waited longest.

        Stand-ins that found their customer are left out.
        """
        ...

    async def put_off(self, organization_id: str, due: Sequence[Due], measured_at: datetime) -> None:
        """Let these wait as if they had been measured at that moment; who changed since is due as ever."""
        ...

    async def histories(
        self, organization_id: str, customer_ids: Collection[str]
    ) -> dict[str, HealthHistory]:
        """Return earlier states by customer, also for those without any."""
        ...

    async def save(self, organization_id: str, measured: Sequence[Measured]) -> None:
        """Keep fresh health. A customer that changed again since `changes` stays due."""
        ...
