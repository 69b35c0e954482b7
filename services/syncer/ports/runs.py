"""Runs, and which of them is due."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from services.syncer.domain.connection import ConnectionKey
    from services.syncer.domain.run import Hint, Intent, Lane, Run
    from shared.contracts.sync import SyncReason


class Runs(Protocol):
    """Runs, one per connection and lane. All times are passed in."""

    async def request(
        self,
        key: ConnectionKey,
        *,
        request_id: str,
        reason: SyncReason,
        now: datetime,
        traceparent: str | None = None,
    ) -> None:
        """Start a full run, join the one under way (it runs again afterwards), or resume an interrupted one.

        A reconcile restarts an interrupted run, and stays a reconcile until it completes. The same request
        twice does nothing.
        """
        ...

    async def hint(
        self,
        key: ConnectionKey,
        hints: Sequence[Hint],
        *,
        request_id: str,
        now: datetime,
        traceparent: str | None = None,
    ) -> bool:
        """Add hints to the hint run, and start it. False if there are too many for it."""
        ...

    async def claim(self, lane: Lane, *, now: datetime, until: datetime) -> Run | None:
        """Claim the run that has been due longest, or None. It is ours until `until`, then due again.

        A run that is put off or claimed for longer than any may be is due as well: a clock was corrected.
        """
        ...

    async def renew(self, run: Run, *, until: datetime) -> bool:
        """Keep a run longer. False if it is no longer ours."""
        ...

    async def intended(self, key: ConnectionKey) -> list[Intent]:
        """Return what a connection's slices noted and may have published without remembering it."""
        ...

    async def intend(self, run: Run, intents: Sequence[Intent], *, slot: int) -> bool:
        """Note what is about to be published, replacing the slot's content.

        False if the run is no longer ours.

        The note stays until the next checkpoint of a run of which nothing is unsure; whoever claims the run
        before that finds it in `unsure`.
        """
        ...

    async def checkpoint(self, run: Run, *, wake_at: datetime, done_hints: Sequence[str] = ()) -> bool:
        """Store where the run stands and release it until `wake_at`. False if it is no longer ours."""
        ...

    async def finish(
        self, run: Run, *, interrupted: bool, now: datetime, done_hints: Sequence[str] = ()
    ) -> bool:
        """End the run; it starts again at once if somebody asked for it. False if it is no longer ours.

        An interrupted run keeps its position and what was asked for. It continues at once, under a new name,
        if somebody asked since it was claimed, perhaps after fixing what interrupted it.
        """
        ...

    async def resume_hints(self, key: ConnectionKey, *, now: datetime) -> None:
        """Have hints followed that an interruption left waiting."""
        ...

    async def stop(self, key: ConnectionKey) -> None:
        """End all runs of a connection; their owners learn it when they renew."""
        ...

    async def leased(self, key: ConnectionKey, *, now: datetime) -> bool:
        """Return whether some replica may still be working on a run of this connection."""
        ...

    async def released(self, run: Run) -> None:
        """Record that nobody works on a stopped run any more."""
        ...

    async def forget(self, key: ConnectionKey) -> int: ...
