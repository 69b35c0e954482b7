"""Customers' health in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from services.detector.adapters.customer_documents import NEVER_MEASURED
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
        self._measured_at: dict[tuple[str, str], datetime] = {}

    async def weights(self, organization_id: str) -> HealthWeights:
        return self._weights.get(organization_id, HealthWeights())

    async def set_weights(self, organization_id: str, weights: HealthWeights, by: str, at: datetime) -> None:
        self._weights[organization_id] = weights
        for one in self._customers.everybody():
            if one.organization_id == organization_id:
                self._customers.changes[organization_id, one.customer_id] += 1

    async def due(self, measured_before: datetime, limit: int) -> list[Due]:
        changed, old = [], []
        for one in self._customers.everybody():
            place = (one.organization_id, one.customer_id)
            changes, at = self._customers.changes[place], self._measured_at.get(place, NEVER_MEASURED)
            if self._measured.get(place) != changes:
                changed.append((at, Due(*place, changes)))
            elif at < measured_before:
                old.append((at, Due(*place, changes)))
        found = [*sorted(changed, key=lambda one: one[0]), *sorted(old, key=lambda one: one[0])]
        return [one for _, one in found[:limit]]

    async def put_off(self, organization_id: str, due: Sequence[Due], measured_at: datetime) -> None:
        for one in due:
            place = (organization_id, one.customer_id)
            if self._customers.changes[place] == one.changes:
                self._measured[place], self._measured_at[place] = one.changes, measured_at

    async def histories(
        self, organization_id: str, customer_ids: Collection[str]
    ) -> dict[str, HealthHistory]:
        return {one: self._history((organization_id, one)) for one in customer_ids}

    def _history(self, place: tuple[str, str]) -> HealthHistory:
        held, begun = self._histories.get(place, HealthHistory()), self._customers.begun.get(place)
        return replace(held, known_since=begun) if begun and held.known_since else held

    async def save(self, organization_id: str, measured: Sequence[Measured]) -> None:
        for one in measured:
            place = (organization_id, one.customer_id)
            held = self._histories.get(place, HealthHistory())
            self._histories[place] = HealthHistory(
                held.known_since or one.health.at,
                one.health,
                (*held.states, one.health.state)[-MOST_STATES:] if one.keep else held.states,
            )
            self._measured[place], self._measured_at[place] = one.changes, one.health.at
