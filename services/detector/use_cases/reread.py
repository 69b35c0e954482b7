"""Reading the mirror again in the background: a switch turned on, or detectors of a newer version.

A re-reading is a chain of slices with a cursor, taken by whichever replica is free. What was said before
it began is shown and never announced.
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
"""A slice takes a second; a replica that died gives its slice back after this long."""


class Reread:
    """Asks for re-readings and works on them."""

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
        """Have a connection's conversations read again unless the present detectors and switch did it.

        It is asked for even where nothing is mirrored yet: a batch that was begun before may be about to be.
        `replaces` names the detectors and switch that counted before.
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
        """Do one slice of one re-reading; return whether there was any to do.

        A conversation that cannot be read is logged and passed over: its signals stay as they were found. A
        slice none of which can be read comes again when its lease is over.
        """
        ours = {self._reader.fingerprint(lifecycle=lifecycle) for lifecycle in (True, False)}
        progress = await self._rereads.claim(self._owner, self._clock.now(), _LEASE_SECONDS, ours)
        if progress is None:
            return False
        view = await self._connections.get(progress.organization_id, progress.connection_id)
        if view is not None and progress.fingerprint != self._reader.fingerprint(
            lifecycle=view.lifecycle_events
        ):
            # Asked for a switch that is about to be kept. Other connections need not wait for that.
            await self._rereads.put_back(progress, self._owner, self._clock.now())
            return False
        keys: list[str] = []
        if view is not None and view.workspace_id is not None:
            keys = await self._mirror.keys_after(
                progress.organization_id, view.workspace_id, progress.cursor, _SLICE
            )
        # What the present detectors have read since, as in a first sync, is not read twice.
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
