"""Signals in memory, and what people said of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from services.detector.adapters.claiming import AHEAD
from services.detector.adapters.signal_documents import event_of
from services.detector.domain.corrections import Correction, thresholds
from services.detector.domain.standing import Attention, Demand, attention_of, is_asked_for
from services.detector.ports import Uncounted
from shared.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from services.detector.domain.change import Change
    from services.detector.domain.customer import Customer
    from services.detector.domain.occasion import Slot
    from services.detector.domain.signal import Signal
    from shared.contracts.event import Event
    from shared.messaging.recording import RecordingPublisher


class MemorySignals:
    """Keeps signals; facts are published at once, or stay pending while the bus is away."""

    def __init__(self, publisher: RecordingPublisher) -> None:
        self._signals: dict[tuple[str, str], Signal] = {}
        self._publisher = publisher
        self._uncounted: dict[tuple[str, str, int], tuple[datetime, Uncounted]] = {}
        self._put_off: dict[tuple[str, str], datetime] = {}
        self.pending: list[Event] = []

    def _of(self, organization_id: str) -> list[Signal]:
        return [one for (owner, _), one in sorted(self._signals.items()) if owner == organization_id]

    async def by_sources(self, organization_id: str, sources: Collection[str]) -> list[Signal]:
        return [
            one for one in self._of(organization_id) if any(proof.source in sources for proof in one.proofs)
        ]

    async def by_slots(
        self, organization_id: str, subjects: Collection[str], slots: Collection[Slot] | None
    ) -> list[Signal]:
        return [
            one
            for one in self._of(organization_id)
            if one.subject.key in subjects and (slots is None or one.slot in slots)
        ]

    async def by_ids(self, organization_id: str, signal_ids: Collection[str]) -> list[Signal]:
        return [one for one in self._of(organization_id) if one.signal_id in signal_ids]

    async def by_request(self, organization_id: str, request_id: str) -> list[Signal]:
        return [one for one in self._of(organization_id) if one.slot.request_id == request_id]

    async def by_connection(self, organization_id: str, connection_id: str) -> list[Signal]:
        return [one for one in self._of(organization_id) if one.connection_id == connection_id]

    async def by_workspace(self, organization_id: str, workspace_id: str) -> list[Signal]:
        prefix = f"{workspace_id}:"
        return [
            one
            for one in self._of(organization_id)
            if one.workspace_id == workspace_id
            or any(proof.conversation_key.startswith(prefix) for proof in one.proofs)
        ]

    async def overdue(
        self, organization_id: str, cuts: Mapping[Slot, datetime], now: datetime, limit: int
    ) -> list[str]:
        found: list[str] = []
        for slot, cut in cuts.items():
            mine = [one for one in self._of(organization_id) if one.is_open and one.slot == slot]
            words = [one for one in mine if not one.rests_on_facts]
            found += [
                one.signal_id
                for one in words
                if one.occurred_at
                and one.occurred_at < cut
                and not now < self._put_off.get((organization_id, one.signal_id), now) <= now + 2 * AHEAD
            ][:limit]
        return found

    async def put_off_expiry(
        self, organization_id: str, signal_ids: Collection[str], until: datetime
    ) -> None:
        self._put_off |= {(organization_id, one): until for one in signal_ids}

    async def organizations(self) -> list[str]:
        return sorted({owner for owner, _ in self._signals})

    async def save(self, changes: Sequence[Change]) -> list[str]:
        refused = []
        told = []
        for change in changes:
            place = (change.after.organization_id, change.after.signal_id)
            held = self._signals.get(place)
            expected = change.before.revision if change.before else None
            if (held.revision if held else None) != expected or self._taken(change.after):
                refused.append(change.after.signal_id)
                continue
            self._signals[place] = change.after
            mark = Uncounted(*place, change.after.revision, change.customer_ids, change.request_ids)
            self._uncounted[*place, mark.revision] = (change.after.changed_at, mark)
            told += [event_of(transition, signal) for transition, signal in change.told]
        self.pending += told
        if changes and self.pending:
            try:
                await self._publisher.publish(*self.pending)
            except TransientError:
                return refused
            self.pending = []
        return refused

    def _taken(self, signal: Signal) -> bool:
        return any(
            (one.subject, one.slot, one.number) == (signal.subject, signal.slot, signal.number)
            and one.signal_id != signal.signal_id
            for one in self._of(signal.organization_id)
        )

    async def uncounted(self, before: datetime, limit: int) -> list[Uncounted]:
        return [mark for at, mark in self._uncounted.values() if at < before][:limit]

    async def counted(self, organization_id: str, states: Collection[tuple[str, int]]) -> None:
        for signal_id, revision in states:
            self._uncounted.pop((organization_id, signal_id, revision), None)

    async def count_later(
        self, organization_id: str, states: Collection[tuple[str, int]], at: datetime
    ) -> None:
        for signal_id, revision in states:
            if held := self._uncounted.get((organization_id, signal_id, revision)):
                self._uncounted[organization_id, signal_id, revision] = (at, held[1])

    async def attention(self, organization_id: str, customer_ids: Collection[str]) -> dict[str, Attention]:
        mine = [one for one in self._of(organization_id) if one.is_open]
        return {
            customer_id: attention_of(
                [(one.slot.key, 1, one.occurred_at) for one in mine if one.subject.customer_id == customer_id]
            )
            for customer_id in customer_ids
        }

    async def demand(self, organization_id: str, request_ids: Collection[str]) -> dict[str, Demand]:
        return {one: _demand_of(await self.by_request(organization_id, one)) for one in request_ids}

    async def requests_of(self, organization_id: str, customer_ids: Collection[str]) -> set[str]:
        return {
            one.slot.request_id
            for one in self._of(organization_id)
            if one.slot.request_id and one.customer and one.customer.id in customer_ids
        }

    async def refresh_customer(self, customer: Customer) -> None:
        for place, one in self._signals.items():
            if one.customer is not None and one.customer.id == customer.customer_id:
                revision = one.revision + (one.customer != customer.ref)
                self._signals[place] = replace(one, customer=customer.ref, revision=revision)

    async def rename_tag(
        self, organization_id: str, workspace_id: str, before: str, after: str | None
    ) -> None:
        for place, one in self._signals.items():
            if (place[0], one.workspace_id) == (organization_id, workspace_id) and before in one.tags:
                tags = sorted({*one.tags, after or before} - {before})
                self._signals[place] = replace(one, tags=tuple(tags), revision=one.revision + 1)

    async def delete(self, organization_id: str, signal_ids: Collection[str]) -> int:
        gone = [place for place in self._signals if place[0] == organization_id and place[1] in signal_ids]
        for place in gone:
            del self._signals[place]
        self._uncounted = {key: mark for key, mark in self._uncounted.items() if key[:2] not in gone}
        return len(gone)


def _demand_of(signals: Sequence[Signal]) -> Demand:
    mine = [one for one in signals if is_asked_for(one)]
    spend = {one.subject: one.customer.monthly_spend or 0.0 for one in mine if one.customer}
    return Demand(
        customers=len({one.subject for one in mine}),
        people=len({person.id for one in mine for person in one.people}),
        spend=sum(spend.values()),
        last_at=max((one.occurred_at for one in mine if one.occurred_at), default=None),
    )


class MemoryCorrections:
    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Correction] = {}

    async def keep(self, correction: Correction) -> None:
        self._kept[correction.organization_id, correction.signal_id] = correction

    async def withdraw_dismissal(self, organization_id: str, signal_id: str) -> None:
        held = self._kept.get((organization_id, signal_id))
        if held is not None and held.verdict == "dismissed":
            del self._kept[organization_id, signal_id]

    async def newest(self, organization_id: str) -> list[Correction]:
        mine = [one for (owner, _), one in self._kept.items() if owner == organization_id]
        return sorted(mine, key=lambda one: one.at, reverse=True)

    async def thresholds(self, organization_id: str) -> dict[str, float]:
        return thresholds(await self.newest(organization_id))

    async def remove(self, organization_id: str, connection_id: str) -> int:
        gone = [
            place
            for place, one in self._kept.items()
            if place[0] == organization_id and one.connection_id == connection_id
        ]
        for place in gone:
            del self._kept[place]
        return len(gone)
