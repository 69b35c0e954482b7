"""What a connection's new state means here: switches, name matching, and removal of its data."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from services.detector.domain.book import proofs_without
from services.detector.domain.customer import with_facts
from services.detector.domain.identity import provisional_customer_id
from services.detector.domain.mirror import ConnectionView
from shared.contracts.connections import DataRemoved

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.detector.domain.book import SignalBook
    from services.detector.domain.signal import Signal
    from services.detector.ports import (
        Connections,
        Customers,
        Mirror,
        Requests,
        Rereads,
        Signals,
        Tombstones,
    )
    from services.detector.use_cases.companies import MatchCompanies
    from services.detector.use_cases.reread import Reread
    from services.detector.use_cases.settle import Settler
    from shared.clock import Clock
    from shared.contracts.connections import ConnectionChanged, DataRemovalRequested

_COMPANIES_AT_ONCE = 200


class KeepConnections:
    """Follows the connections."""

    def __init__(
        self, *, connections: Connections, mirror: Mirror, reread: Reread, companies: MatchCompanies
    ) -> None:
        self._connections = connections
        self._mirror = mirror
        self._reread = reread
        self._companies = companies

    async def changed(self, event: ConnectionChanged) -> None:
        """Keep a connection's present state, and do what its new settings ask for.

        One whose data is being removed is left to `RemoveData`: the two come on different topics, and what
        is kept here after that would stay for good.
        """
        if event.state == "removed":
            return
        view = ConnectionView(
            connection_id=event.connection_id,
            organization_id=event.organization_id,
            revision=event.revision,
            state=event.state,
            attention=event.attention,
            workspace_id=event.workspace_id,
            workspace_name=event.workspace_name or "",
            app_base_url=event.app_base_url,
            lifecycle_events=event.settings.lifecycle_events,
            match_companies_by_name=event.settings.match_companies_by_name,
        )
        before = await self._connections.get(event.organization_id, event.connection_id)
        if before is not None and before.revision > event.revision:
            return
        held = before or ConnectionView(event.connection_id, event.organization_id)
        if view.lifecycle_events:
            since = held.listening_since if held.lifecycle_events else None
            view = replace(view, listening_since=since or event.changed_at)
        # What follows is asked for before the state is kept: a crash in between makes the record come again.
        if view.lifecycle_events and not held.lifecycle_events:
            await self._reread.ask(view, again=True)
        else:
            await self._reread.ask(view)
        await self._connections.save(view)
        if view.match_companies_by_name != held.match_companies_by_name and view.workspace_id:
            await self._match_all(view.organization_id, view.workspace_id)

    async def _match_all(self, organization_id: str, workspace_id: str) -> None:
        cursor = ""
        while keys := await self._mirror.company_keys_after(
            organization_id, workspace_id, cursor, _COMPANIES_AT_ONCE
        ):
            await self._companies.match(organization_id, keys)
            cursor = keys[-1]


class RemoveData:
    """Removes everything that came from a connection; may be asked again at any point."""

    def __init__(
        self,
        *,
        connections: Connections,
        mirror: Mirror,
        signals: Signals,
        customers: Customers,
        requests: Requests,
        rereads: Rereads,
        settler: Settler,
        tombstones: Tombstones,
        clock: Clock,
    ) -> None:
        self._connections = connections
        self._mirror = mirror
        self._signals = signals
        self._customers = customers
        self._requests = requests
        self._rereads = rereads
        self._settler = settler
        self._tombstones = tombstones
        self._clock = clock

    async def remove(self, order: DataRemovalRequested) -> None:
        """Remove the data, clear or lighten the signals that rest on it, and tell that it is done."""
        organization_id, workspace_id = order.organization_id, order.workspace_id
        removed = await self._rereads.remove(organization_id, order.connection_id)
        if workspace_id is not None:
            removed += await self._remove_all_signals(organization_id, workspace_id)
            cursor = ""
            while keys := await self._mirror.company_keys_after(
                organization_id, workspace_id, cursor, _COMPANIES_AT_ONCE
            ):
                stand_ins = [provisional_customer_id(organization_id, key) for key in keys]
                removed += await self._customers.delete(organization_id, stand_ins)
                await self._forget_facts(organization_id, workspace_id, keys)
                cursor = keys[-1]
        removed += await self._mirror.remove(organization_id, order.connection_id, workspace_id)
        if workspace_id is not None:
            # What was being read while this went on may have told of what is gone now.
            removed += await self._remove_all_signals(organization_id, workspace_id)
        told = DataRemoved(
            organization_id=organization_id,
            connection_id=order.connection_id,
            removal_id=order.removal_id,
            service="detector",
            documents=removed,
            removed_at=self._clock.now(),
        )
        await self._connections.remove(organization_id, order.connection_id, told)

    async def _forget_facts(self, organization_id: str, workspace_id: str, keys: Sequence[str]) -> None:
        """Leave to the customers of these companies what the organization's own list says of them."""
        companies = await self._mirror.companies(organization_id, keys)
        ids = {one.customer_id for one in companies.values() if one.customer_id}
        customers = await self._customers.by_ids(organization_id, ids)
        owned = await self._mirror.companies_of(organization_id, customers.keys())
        bare = []
        for customer_id, customer in customers.items():
            others = [one for one in owned.get(customer_id, []) if one.workspace_id != workspace_id]
            bare.append(replace(with_facts(customer, others), mood=None, mood_messages=0))
        await self._customers.save(bare)
        await self._customers.forget_snapshots(organization_id, customers.keys())

    async def _remove_all_signals(self, organization_id: str, workspace_id: str) -> int:
        removed = 0
        while signals := await self._signals.by_workspace(organization_id, workspace_id):
            removed += await self._remove_signals(organization_id, workspace_id, signals)
        return removed

    async def _remove_signals(self, organization_id: str, workspace_id: str, signals: list[Signal]) -> int:
        def lighten(book: SignalBook) -> None:
            for signal in book.signals:
                rest = proofs_without(signal, workspace_id)
                now = self._clock.now()
                lighter = signal.with_proofs(rest, at=now)
                if rest:
                    other = rest[0].conversation_key.partition(":")[0]
                    book.put(replace(lighter, workspace_id=other or signal.workspace_id))
                else:
                    book.put(replace(lighter, people=(), tags=()).cleared("evidence_gone", at=now))

        changed = await self._settler.change(organization_id, [one.signal_id for one in signals], lighten)
        empty = [one for one in changed if not one.proofs]
        await self._tombstones.bury(empty)
        removed = await self._signals.delete(organization_id, [one.signal_id for one in empty])
        for request_id in {one.slot.request_id for one in empty if one.slot.request_id}:
            if not await self._signals.by_request(organization_id, request_id):
                removed += await self._requests.delete(organization_id, [request_id])
        return removed
