"""Reads the mirror again in the background, after a switch was turned on or detectors were updated.

A re-read is a chain of slices with a cursor, taken by whichever replica is free. Whatever was said before it
began is shown, and nobody is alerted to it.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from services.detector.domain.mirror import Progress
from services.detector.use_cases.culprits import is_ours

if TYPE_CHECKING:
    from datetime import datetime

    from services.detector.domain.mirror import ConnectionView
    from services.detector.ports import Connections, Mirror, Rereads
    from services.detector.use_cases.connections import RemoveData
    from services.detector.use_cases.culprits import Culprits
    from services.detector.use_cases.read_conversations import ReadConversations
    from shared.clock import Clock

_SLICE = 50
"""Conversations in a slice: well below a second of work, so that live records never wait long."""

_LEASE_SECONDS = 60.0
"""A slice takes a second; the slice of a replica that died becomes free after this long."""


class Reread:
    """Requests re-reads and works on them."""

    def __init__(
        self,
        *,
        rereads: Rereads,
        mirror: Mirror,
        connections: Connections,
        reader: ReadConversations,
        clock: Clock,
        owner: str,
        remove: RemoveData,
        culprits: Culprits,
    ) -> None:
        self._rereads = rereads
        self._mirror = mirror
        self._connections = connections
        self._reader = reader
        self._clock = clock
        self._owner = owner
        self._remove = remove
        self._culprits = culprits

    async def ask(
        self,
        view: ConnectionView,
        *,
        again: bool = False,
        known_before: datetime | None = None,
        replaces: str = "",
    ) -> None:
        """Request a re-read of a connection's conversations, unless the present detectors and switch did it.

        It is requested even if nothing is mirrored yet, since a batch that is under way may be about to store
        something. `replaces` is the fingerprint of the detectors and switch that counted before.
        """
        total = 0
        if view.workspace_id:
            total = await self._mirror.count_conversations(view.organization_id, view.workspace_id)
        progress = Progress(
            connection_id=view.connection_id,
            organization_id=view.organization_id,
            fingerprint=self._reader.fingerprint(lifecycle=view.lifecycle_events),
            total=total,
            started_at=self._clock.now(),
            known_before=known_before,
            replaces=replaces,
        )
        await self._rereads.ask(progress, again=again)

    async def work(self) -> bool:
        """Read one slice of one re-read; return whether there was one.

        A conversation that cannot be read is logged and skipped: its signals stay as they are. If none of a
        slice can be read, the slice is retried when its lease expires.
        """
        ours = {self._reader.fingerprint(lifecycle=lifecycle) for lifecycle in (True, False)}
        progress = await self._rereads.claim(self._owner, self._clock.now(), _LEASE_SECONDS, ours)
        if progress is None:
            return False
        view = await self._connections.get(progress.organization_id, progress.connection_id)
        if view is not None and progress.fingerprint != self._reader.fingerprint(
            lifecycle=view.lifecycle_events
        ):
            # It was requested for a switch that is about to be stored. Other connections need not wait.
            await self._rereads.put_back(progress, self._owner, self._clock.now())
            return False
        keys: list[str] = []
        if view is not None and view.workspace_id is not None:
            keys = await self._mirror.keys_after(
                progress.organization_id, view.workspace_id, progress.cursor, _SLICE
            )
        # Whatever the present detectors have read meanwhile, as in a first sync, is not read twice.
        if unread := await self._mirror.unread(progress.organization_id, keys, progress.fingerprint):
            known_before = progress.known_before or progress.started_at
            culprits = await self._culprits.left_out(
                "rereading",
                progress.organization_id,
                unread,
                partial(self._reader.read, progress.organization_id, known_before=known_before),
            )
            if is_ours(culprits, unread):
                return False
            await self._remove.again(progress.organization_id, progress.connection_id)
        now = self._clock.now()
        await self._rereads.advance(progress.after(keys, most=_SLICE, now=now), self._owner, now)
        return True
