"""Customers' health in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.detector.domain.health import HealthWeights
from services.detector.domain.health_history import MOST_STATES, HealthHistory
from services.detector.ports import Due

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from services.detector.domain.health_history import Measured
    from tests.unit.services.detector.fakes.customers import MemoryCustomers


class MemoryHealth:
    def __init__(self, customers: MemoryCustomers) -> None:
        self._customers = customers
        self._weights: dict[str, HealthWeights] = {}
        self._measured: dict[tuple[str, str], int] = {}
        self._histories: dict[tuple[str, str], HealthHistory] = {}

    async def weights(self, organization_id: str) -> HealthWeights:
        return self._weights.get(organization_id, HealthWeights())

    async def set_weights(self, organization_id: str, weights: HealthWeights, by: str, at: datetime) -> None:
        self._weights[organization_id] = weights
        for one in self._customers.everybody():
            if one.organization_id == organization_id:
                self._customers.changes[organization_id, one.customer_id] += 1

    async def due(self, measured_before: datetime, limit: int) -> list[Due]:
        found = []
        for one in self._customers.everybody():
            place = (one.organization_id, one.customer_id)
            latest = self._histories.get(place, HealthHistory()).latest
            changes = self._customers.changes[place]
            if self._measured.get(place) != changes or (latest and latest.at < measured_before):
                found.append(Due(one, changes))
        return found[:limit]

    async def histories(
        self, organization_id: str, customer_ids: Collection[str]
    ) -> dict[str, HealthHistory]:
        return {one: self._histories.get((organization_id, one), HealthHistory()) for one in customer_ids}

    async def save(self, organization_id: str, measured: Sequence[Measured]) -> None:
        for one in measured:
            place = (organization_id, one.customer_id)
            held = self._histories.get(place, HealthHistory())
            self._histories[place] = HealthHistory(
                held.known_since or one.health.at,
                one.health,
                (*held.states, one.health.state)[-MOST_STATES:] if one.keep else held.states,
            )
            self._measured[place] = one.changes
