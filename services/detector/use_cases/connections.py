"""What a connection's new state means here: its switches, name matching, and the removal of its data."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from services.detector.domain.customer import with_facts
from services.detector.domain.identity import provisional_customer_id
from services.detector.domain.mirror import ConnectionView
from services.detector.use_cases.customer_writes import write_until_kept
from shared.contracts.connections import DataRemoved

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from services.detector.domain.admission import Barrier
    from services.detector.ports import (
        Connections,
        Corrections,
        Customers,
        DueSubjects,
        Followed,
        Mirror,
        Questions,
        Redetections,
        Rereads,
    )
    from services.detector.use_cases.redetect import Redetect
    from services.detector.use_cases.rematch import Rematch
    from services.detector.use_cases.remove_signals import RemoveSignals
    from shared.clock import Clock
    from shared.contracts.connections import ConnectionChanged, DataRemovalRequested

_COMPANIES_AT_ONCE = 200


class KeepConnections:
    """Keeps the state of connections and acts on changes."""

    def __init__(
        self,
        *,
        connections: Connections,
        redetect: Redetect,
        rematch: Rematch,
        remove: RemoveData,
    ) -> None:
        self._connections = connections
        self._redetect = redetect
        self._rematch = rematch
        self._remove = remove

    async def changed(self, event: ConnectionChanged) -> None:
        """Store a connection's present state, and do what its new settings ask for.

        A connection whose data was removed is over: from here on none of its records are admitted, even by a
        detector that reads the topics from their beginning after the removal order has expired from its
        topic. The data itself is removed by that order, which arrives on another topic.
        """
        if event.state == "removed":
            await self._connections.bar(event.organization_id, event.connection_id, None)
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
        known = before or ConnectionView(event.connection_id, event.organization_id)
        if view.lifecycle_events:
            since = known.listening_since if known.lifecycle_events else None
            view = replace(view, listening_since=since or event.changed_at)
        else:
            since = known.muted_since if before is not None and not known.lifecycle_events else None
            view = replace(view, muted_since=since or event.changed_at)
        # Requested before the state is stored: after a crash in between, the record is delivered again.
        if view.lifecycle_events and not known.lifecycle_events:
            # Words since the switch are news, even if they were read before the switch was known here.
            await self._redetect.ask(view, again=True, known_before=view.listening_since)
        else:
            await self._redetect.ask(view)
        await self._connections.save(view)
        # After storing, since companies are matched by the stored state; a repeated request does nothing.
        await self._rematch.ask(view)
        await self._remove.again(view.organization_id, view.connection_id)


class RemoveData:
    """Removes everything that came from a connection, in two steps that may be repeated at any point.

    When the order arrives, nothing more is admitted, and what is stored is removed. When the syncer reports
    that it will publish nothing more, what arrived in between is removed as well, and only then is the
    removal confirmed.
    """

    def __init__(
        self,
        *,
        connections: Connections,
        mirror: Mirror,
        customers: Customers,
        corrections: Corrections,
        rereads: Rereads,
        rematches: Rereads,
        due: DueSubjects,
        redetections: Redetections,
        questions: Questions,
        followed: Followed,
        remove_signals: RemoveSignals,
        clock: Clock,
    ) -> None:
        self._connections = connections
        self._mirror = mirror
        self._customers = customers
        self._corrections = corrections
        self._rereads = rereads
        self._rematches = rematches
        self._due = due
        self._redetections = redetections
        self._questions = questions
        self._followed = followed
        self._remove_signals = remove_signals
        self._clock = clock

    async def ordered(self, order: DataRemovalRequested) -> None:
        """Admit nothing more, remove the data, and take its evidence out of every signal."""
        barrier = await self._connections.bar(order.organization_id, order.connection_id, order.workspace_id)
        await self._remove(barrier)

    async def source_is_dry(self, word: DataRemoved) -> None:
        """Remove what is left and confirm: the syncer has removed its own data and publishes nothing more."""
        barrier = await self._connections.bar(word.organization_id, word.connection_id, None)
        await self._remove(barrier)
        await self._connections.confirm(
            DataRemoved(
                organization_id=word.organization_id,
                connection_id=word.connection_id,
                removal_id=word.removal_id,
                service="detector",
                documents=barrier.documents,
                removed_at=self._clock.now(),
            )
        )

    async def again(self, organization_id: str, connection_id: str) -> None:
        """Remove what was being stored while an order was carried out; do nothing if there was no order."""
        barrier = await self._connections.barrier(organization_id, connection_id)
        if barrier is not None:
            await self._remove(barrier)

    async def _remove(self, barrier: Barrier) -> None:
        organization_id, connection_id = barrier.organization_id, barrier.connection_id
        # Once we have confirmed, the workspace may be connected again, under another connection's id.
        workspace_id = None if barrier.confirmed else barrier.workspace_id
        removed = await self._rereads.remove(organization_id, connection_id)
        removed += await self._rematches.remove(organization_id, connection_id)
        removed += await self._due.remove(organization_id, connection_id)
        removed += await self._redetections.remove(organization_id, connection_id)
        removed += await self._corrections.remove(organization_id, connection_id)
        removed += await self._questions.remove(organization_id, connection_id)
        removed += await self._customers.forget_attribute_map(organization_id, connection_id)
        if workspace_id is not None:
            removed += await self._customers.forget_decisions(organization_id, workspace_id)
        removed += await self._remove_signals.remove(organization_id, connection_id, workspace_id)
        cursor = ""
        while keys := await self._mirror.company_keys_of(
            organization_id, connection_id, cursor, _COMPANIES_AT_ONCE
        ):
            stand_ins = [provisional_customer_id(organization_id, key) for key in keys]
            removed += await self._customers.delete(organization_id, stand_ins)
            # Companies of another workspace that a person matched to the stand-ins of these companies.
            left = await self._customers.said_to_be(organization_id, stand_ins) - set(keys)
            await self._followed.mark(organization_id, left, self._clock.now())
            await self._forget_facts(organization_id, connection_id, keys)
            cursor = keys[-1]
        removed += await self._mirror.remove(organization_id, connection_id, workspace_id)
        # Conversations read meanwhile may have published signals about data that is deleted now.
        removed += await self._remove_signals.remove(organization_id, connection_id, workspace_id)
        if removed:
            await self._connections.note_removed(barrier, removed)

    async def _forget_facts(self, organization_id: str, connection_id: str, keys: Sequence[str]) -> None:
        """Reduce the facts of these companies' customers to what the organization's own list says."""
        companies = await self._mirror.companies(organization_id, keys)
        ids = {company.customer_id for company in companies.values() if company.customer_id}
        maps = await self._customers.attribute_maps(organization_id)

        async def lay_bare(customer_ids: Collection[str], _: int) -> list[str]:
            customers = await self._customers.by_ids(organization_id, customer_ids)
            owned = await self._mirror.companies_of(organization_id, customers.keys())
            bare = []
            for customer_id, customer in customers.items():
                others = [
                    company
                    for company in owned.get(customer_id, [])
                    if company.connection_id != connection_id
                ]
                rest = with_facts(customer, others, maps, today=self._clock.now().date())
                bare.append(replace(rest, mood=None, mood_messages=0))
            return await self._customers.save(bare)

        await write_until_kept(ids, lay_bare)
        await self._customers.forget_snapshots(organization_id, ids)
