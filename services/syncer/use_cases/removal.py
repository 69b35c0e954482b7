"""Removing a connection's data: from the topics by tombstones, from the database by deletion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from services.syncer.domain.connection import ConnectionKey
from services.syncer.domain.deletion import deletion
from shared.contracts.connections import DataRemoved
from shared.errors import TransientError

if TYPE_CHECKING:
    from services.syncer.ports import Credentials
    from services.syncer.use_cases.stores import Stores
    from shared.clock import Clock
    from shared.contracts.connections import DataRemovalRequested
    from shared.contracts.event import Event
    from shared.messaging.publisher import EventPublisher

_LOG = structlog.get_logger(__name__)

_AT_ONCE = 200
"""Resources taken at a time; with 500 parts each they are 100,000 tombstones, a few MB."""

_SLICE_SECONDS = 10.0
"""How long one call continues to take batches. A million conversations are some nine million tombstones,
which take minutes: a consumer that polls nothing for five is taken for dead, and another replica would
begin."""

_STOP_SECONDS = 2.0
"""How soon to check again whether every replica has released its runs."""


class Removal:
    """Carries out `DataRemovalRequested`, slice by slice. After a crash, doing it again removes the rest."""

    def __init__(
        self,
        *,
        stores: Stores,
        credentials: Credentials,
        publisher: EventPublisher,
        clock: Clock,
        at_once: int = _AT_ONCE,
        slice_seconds: float = _SLICE_SECONDS,
    ) -> None:
        self._stores = stores
        self._credentials = credentials
        self._publisher = publisher
        self._clock = clock
        self._at_once = at_once
        self._slice_seconds = slice_seconds
        # By the id of the removal: documents that earlier slices of this process removed.
        self._removed: dict[str, int] = {}

    async def remove(self, event: DataRemovalRequested) -> bool:
        """Remove one slice. Return whether that was the last, which is then confirmed on the bus.

        Raises:
            TransientError: a slice of a run is still ending somewhere; call again in a moment.
        """
        key = ConnectionKey(event.organization_id, event.connection_id)
        connection = await self._stores.connections.get(key)
        # First, nothing new is admitted: states and requests arrive on topics of their own.
        workspace_id = event.workspace_id or (connection.workspace_id if connection is not None else None)
        await self._stores.connections.bar(key, workspace_id)
        self._credentials.drop(key)
        await self._stores.runs.stop(key)
        if await self._stores.runs.leased(key, now=self._clock.now()):
            raise TransientError(
                "A slice of this connection is still ending.", retry_after_seconds=_STOP_SECONDS
            )
        deadline = self._clock.monotonic() + self._slice_seconds
        forgotten, more = await self._forget_resources(key, workspace_id, deadline)
        documents = self._removed.pop(event.removal_id, 0) + forgotten
        if more:
            self._removed[event.removal_id] = documents
            _LOG.info("data is being removed", connection_id=key.connection_id, documents=documents)
            return False
        documents += await self._forget_rest(key, workspace_id)
        _LOG.info("data removed", connection_id=key.connection_id, documents=documents)
        await self._publisher.publish(
            DataRemoved(
                organization_id=key.organization_id,
                connection_id=key.connection_id,
                removal_id=event.removal_id,
                service="syncer",
                documents=documents,
                removed_at=self._clock.now(),
            )
        )
        return True

    async def after_slice(self, key: ConnectionKey) -> None:
        """Remove what a slice left that outlived its lease and ended after the removal; one slice of it.

        Such a slice leaves a few batches at most, which is less than one of these. Where there is more, the
        order is still being carried out, and goes on with it.
        """
        barrier = await self._stores.connections.barred(key)
        if barrier is None or barrier.workspace_id is None:
            # A removed connection's record bars it too, without a name: what is held is left to the order,
            # since nothing can be buried on the topics without knowing the workspace.
            return
        if not await self._stores.runs.leased(key, now=self._clock.now()):
            deadline = self._clock.monotonic() + self._slice_seconds
            _, more = await self._forget_resources(key, barrier.workspace_id, deadline)
            if not more:
                await self._forget_rest(key, barrier.workspace_id)

    async def _forget_rest(self, key: ConnectionKey, workspace_id: str | None) -> int:
        """Remove all that is beside the resources; the notes of slices last, so that a crash loses none."""
        await self._bury_intents(key, workspace_id)
        documents = await self._stores.gaps.forget(key)
        documents += await self._stores.cursors.forget(key)
        documents += await self._stores.runs.forget(key)
        return documents + await self._stores.connections.forget(key)

    async def _bury_intents(self, key: ConnectionKey, workspace_id: str | None) -> None:
        """Bury what slices that were cut short may have published: only their notes remember it."""
        if workspace_id is None:
            return
        common = (key.organization_id, key.connection_id, workspace_id)
        observed_at = self._clock.now().isoformat()
        for intent in await self._stores.runs.intended(key):
            parts = [
                deletion(
                    *common,
                    resource="conversation_part",
                    id_=part,
                    conversation_id=intent.id,
                    reason="deleted",
                    observed_at=observed_at,
                )
                for part in intent.parts
            ]
            whole = deletion(
                *common, resource=intent.resource, id_=intent.id, reason="deleted", observed_at=observed_at
            )
            await self._publisher.publish_tombstones(*parts, whole)

    async def _forget_resources(
        self, key: ConnectionKey, workspace_id: str | None, deadline: float
    ) -> tuple[int, bool]:
        """Publish a tombstone for every key ever published, then delete what named it; batch by batch.

        Return how many documents went, and whether there are more: none but the first batch begins after the
        deadline.
        """
        documents = 0
        observed_at = self._clock.now().isoformat()
        while portion := await self._stores.fingerprints.some(key, limit=self._at_once):
            if documents and self._clock.monotonic() >= deadline:
                return documents, True
            tombstones: list[Event] = []
            for one in portion:
                if workspace_id is None:
                    break  # Nothing can have been published without knowing the workspace.
                common = (key.organization_id, key.connection_id, workspace_id)
                tombstones += [
                    deletion(
                        *common,
                        resource="conversation_part",
                        id_=part,
                        conversation_id=one.id,
                        reason="deleted",
                        observed_at=observed_at,
                    )
                    for part in one.parts
                ]
                tombstones.append(
                    deletion(
                        *common, resource=one.resource, id_=one.id, reason="deleted", observed_at=observed_at
                    )
                )
            await self._publisher.publish_tombstones(*tombstones)
            for resource in {one.resource for one in portion}:
                documents += await self._stores.fingerprints.forget(
                    key, resource, [one.id for one in portion if one.resource == resource]
                )
        return documents, False
