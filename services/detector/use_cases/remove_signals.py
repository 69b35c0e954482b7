"""Removes what signals and requests hold of a connection whose data is removed.

Signals lose the evidence that came from the connection; those without any other are cleared, deleted, and
removed from the bus. Requests lose the words that only the connection's signals held, and are deleted with
the last signal about them, or about a request merged with them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from services.detector.domain.identity import workspace_of
from services.detector.domain.signal import proofs_without
from services.detector.use_cases.wish_words import WishWords

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from services.detector.domain.book import SignalBook
    from services.detector.domain.signal import Signal
    from services.detector.ports import Connections, Requests, Signals, Tombstones
    from services.detector.use_cases.settle import Settler
    from shared.clock import Clock

_AT_ONCE = 200
"""Signals that lose evidence in one unit of work."""


@dataclass(frozen=True)
class _Leaving:
    """What is removed: for each signal id the workspace whose words it loses, and which others remain."""

    connection_id: str
    workspaces: Mapping[str, str]
    heirs: Mapping[str | None, str]

    def lightened(self, signal: Signal, now: datetime) -> Signal:
        """Return the signal without the removed evidence; cleared if nothing remains to support it."""
        workspace_id = self.workspaces[signal.signal_id]
        rest = proofs_without(signal, workspace_id)
        other = workspace_of(rest[0].conversation_key) if rest else ""
        mine = signal.connection_id == self.connection_id
        heir = self.heirs.get(other) if mine else signal.connection_id
        if heir is None or not rest:
            bare = replace(signal.with_proofs((), at=now), people=(), tags=())
            return bare.cleared("evidence_gone", at=now)
        return replace(
            signal.with_proofs(rest, at=now),
            workspace_id=other or signal.workspace_id,
            connection_id=heir,
            people=tuple(person for person in signal.people if workspace_of(person.id) != workspace_id),
        )


class RemoveSignals:
    """Removes signals for a removal that may be repeated at any point."""

    def __init__(
        self,
        *,
        connections: Connections,
        signals: Signals,
        requests: Requests,
        settler: Settler,
        tombstones: Tombstones,
        clock: Clock,
    ) -> None:
        self._connections = connections
        self._signals = signals
        self._requests = requests
        self._settler = settler
        self._tombstones = tombstones
        self._clock = clock
        self._wish_words = WishWords(requests=requests, signals=signals)

    async def remove(self, organization_id: str, connection_id: str, workspace_id: str | None) -> int:
        """Remove a connection from all signals and requests; return how many documents were deleted."""
        removed = 0
        while resting := await self._resting_on(organization_id, connection_id, workspace_id):
            views = await self._connections.all_of(organization_id)
            heirs = {view.workspace_id: view.connection_id for view in views}
            for start in range(0, len(resting), _AT_ONCE):
                portion = dict(resting[start : start + _AT_ONCE])
                removed += await self._take_out(organization_id, _Leaving(connection_id, portion, heirs))
        return removed

    async def _resting_on(
        self, organization_id: str, connection_id: str, workspace_id: str | None
    ) -> list[tuple[str, str]]:
        """Return the ids of signals with the workspace whose words each must lose."""
        own = await self._signals.by_connection(organization_id, connection_id)
        workspaces = {signal.signal_id: signal.workspace_id for signal in own}
        if workspace_id is not None:
            others = await self._signals.by_workspace(organization_id, workspace_id)
            workspaces.update((other.signal_id, workspace_id) for other in others)
        return list(workspaces.items())

    async def _take_out(self, organization_id: str, leaving: _Leaving) -> int:
        def lighten(book: SignalBook) -> None:
            for signal in book.signals:
                if signal.signal_id in leaving.workspaces:
                    book.put(leaving.lightened(signal, self._clock.now()))

        changed = await self._settler.carry_through(organization_id, leaving.workspaces.keys(), lighten)
        empty = [signal for signal in changed if not signal.proofs]
        await self._tombstones.bury(empty)
        # Requests before their signals: after a crash in between, the signals lead to the requests again.
        removed = await self._remove_requests(organization_id, empty)
        return removed + await self._signals.delete(
            organization_id, sorted(signal.signal_id for signal in empty)
        )

    async def _remove_requests(self, organization_id: str, empty: Sequence[Signal]) -> int:
        """Delete the requests that only these signals are about, with every request merged into them."""
        removed = 0
        ids = {signal.signal_id for signal in empty}
        families = await self._wish_words.families(
            organization_id, {signal.slot.request_id for signal in empty if signal.slot.request_id}
        )
        for root_id, family in families.items():
            resting = await self._wish_words.signals(organization_id, {root_id: family})
            if any(signal.signal_id not in ids for signal in resting):
                continue
            merged = [request.request_id for request in family if request.request_id != root_id]
            # The request that the others were merged into goes last: the others are found through it.
            removed += await self._requests.delete(organization_id, merged)
            removed += await self._requests.delete(organization_id, [root_id])
        return removed
