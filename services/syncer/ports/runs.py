"""Runs, and whose turn it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from services.syncer.domain.connection import ConnectionKey
    from services.syncer.domain.run import Hint, Intent, Lane, Run
    from shared.contracts.sync import SyncReason


class Runs(Protocol):
    """Runs, one per connection and lane. All times are handed in."""

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

        A reconcile begins an interrupted one anew, and stays a reconcile until it completes.
        The same request twice does nothing.
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
        """Add hints to the hint run, starting it. False when there are too many for it."""
        ...

    async def claim(self, lane: Lane, *, now: datetime, until: datetime) -> Run | None:
        """Take the run that has been due longest, or None. It is ours until `until`, then due again.

        One that waits for longer than any may, or is taken, is due as well: a clock was put back.
        """
        ...

    async def renew(self, run: Run, *, until: datetime) -> bool:
        """Keep a run longer. False when it is ours no more."""
        ...

    async def intended(self, key: ConnectionKey) -> list[Intent]:
        """Return what the slices of a connection noted and may have published without remembering it."""
        ...

    async def intend(self, run: Run, intents: Sequence[Intent], *, slot: int) -> bool:
        """Note what is about to be published, in place of what the slot held. False when it is ours no more.

        Noted until the next checkpoint; who claims the run after a slice that made none finds it in `unsure`.
        """
        ...

    async def checkpoint(self, run: Run, *, wake_at: datetime, done_hints: Sequence[str] = ()) -> bool:
        """Store where the run stands and release it until `wake_at`. False when it is ours no more."""
        ...

    async def finish(
        self, run: Run, *, interrupted: bool, now: datetime, done_hints: Sequence[str] = ()
    ) -> bool:
        """End the run; it starts again at once when somebody asked. False when it is ours no more.

        An interrupted one keeps its place and what was asked for. It goes on at once, under a new name, when
        somebody asked since it was claimed: that may be whoever mended what interrupted it.
        """
        ...

    async def resume_hints(self, key: ConnectionKey, *, now: datetime) -> None:
        """Let hints be followed that an interruption left waiting."""
        ...

    async def stop(self, key: ConnectionKey) -> None:
        """End all runs of a connection; owners learn it when they renew."""
        ...

    async def leased(self, key: ConnectionKey, *, now: datetime) -> bool:
        """Tell whether some replica may still be working on a run of this connection."""
        ...

    async def released(self, run: Run) -> None:
        """Note that nobody works on a stopped run any more."""
        ...

    async def forget(self, key: ConnectionKey) -> int: ...
