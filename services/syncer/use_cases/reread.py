"""Reads a workspace again and publishes it whole, because what was published may be lost.

Ordinary runs publish what differs from what is remembered. After a database or the bus was restored to a
backup, that memory describes records that nobody has any more, so everything is marked as doubtful, as after
two readers crossed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shared.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.syncer.domain.connection import ConnectionKey
    from services.syncer.domain.fingerprint import Fingerprint
    from services.syncer.ports import Fingerprints, Runs
    from shared.clock import Clock

_AT_ONCE = 500
"""Records doubted in one write; a conversation's names its parts, five hundred at most in nearly all."""

_TRIES = 8
"""Times a portion is doubted anew because a run remembered some of it meanwhile."""

_LISTED_ALTHOUGH_GONE = "company"
"""Lists go on showing deleted ones: doubted, the next walk would publish them as if they were back."""


class Reread:
    """May be requested while the syncer works, and again after an interruption."""

    def __init__(self, *, fingerprints: Fingerprints, runs: Runs, clock: Clock) -> None:
        self._fingerprints = fingerprints
        self._runs = runs
        self._clock = clock

    async def ask(self, key: ConnectionKey, *, request_id: str) -> int:
        """Doubt all that is remembered of a workspace, and ask for a run that reads it; return how much.

        Each resource is then published whole, or taken back where it is gone, with all parts ever published.
        What was closed before the lookback is asked for by its id.

        Raises:
            TransientError: the database is away, or runs kept remembering; what was doubted stays so.
        """
        doubted = 0
        last: Fingerprint | None = None
        while portion := await self._fingerprints.everything(key, after=last, limit=_AT_ONCE):
            last = portion[-1]
            await self._doubt(key, portion, f"{request_id}:{doubted}")
            doubted += len(portion)
        await self._runs.request(key, request_id=request_id, reason="reconcile", now=self._clock.now())
        return doubted

    async def _doubt(self, key: ConnectionKey, portion: Sequence[Fingerprint], writer: str) -> None:
        left = list(portion)
        for attempt in range(_TRIES):
            wanted = [
                _doubted(fingerprint)
                for fingerprint in left
                if not (fingerprint.gone and fingerprint.resource == _LISTED_ALTHOUGH_GONE)
            ]
            crossed = await self._fingerprints.store(key, wanted, writer=f"{writer}:{attempt}")
            if not crossed:
                return
            left = []
            for fingerprint in crossed:
                left += (await self._fingerprints.of(key, fingerprint.resource, [fingerprint.id])).values()
        raise TransientError("Runs kept remembering what was to be read anew; ask once more.")


def _doubted(fingerprint: Fingerprint) -> Fingerprint:
    # Only open conversations are requested beyond the lookback; reading them shows their real state.
    return replace(
        fingerprint.doubted(fingerprint.parts),
        open=fingerprint.open or fingerprint.resource == "conversation",
    )
