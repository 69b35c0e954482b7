"""Admits records only from connections that are known, and never from one whose data is being removed.

Connections, resources and removal orders arrive on separate topics, in no order relative to each other. So
the connections of a batch are checked before its records are taken in, and again afterwards:

- A connection that is not known yet is waited for. Without its settings, a conversation would be read as
though the lifecycle switch were off, and nobody would be alerted. Records of other connections are not held
up. - A removed connection has its records dropped. If the removal order arrived while the batch was being
stored, what the batch left behind is removed as well. - If a connection's lifecycle switch was turned
meanwhile, its records are read once more.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

import structlog

from services.detector.use_cases.intake import allowance_of_a_batch, by_organization
from shared.errors import PartlyTransientError, PermanentError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from services.detector.domain.admission import KnownConnections
    from services.detector.ports import Connections
    from services.detector.use_cases.connections import RemoveData
    from services.detector.use_cases.intake import Intake
    from shared.clock import Clock
    from shared.contracts.event import Event

    Take = Callable[[Sequence[Event]], Awaitable[None]]

_LOG = structlog.get_logger(__name__)

PATIENCE_SECONDS = 60.0
"""How long an unknown connection is waited for. The syncer reads only connections that the connector has
announced, so the announcement is on the bus already and seconds away. One that does not arrive belongs
to a record that is not ours."""

_FORGET_SECONDS = 600.0
"""After this long, waiting for a connection that never arrived starts over."""

_MOST_AWAITED = 1_000
"""Unknown connections remembered at once; beyond that, the oldest wait starts over."""


class Admission:
    """Guards the intake. Its methods may be called again with the same batch at any time."""

    def __init__(
        self,
        *,
        intake: Intake,
        connections: Connections,
        remove: RemoveData,
        clock: Clock,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._intake = intake
        self._connections = connections
        self._remove = remove
        self._clock = clock
        self._patience_seconds = patience_seconds
        self._awaited: dict[tuple[str, str], float] = {}
        self._under_way = 0
        self._ended_at = -math.inf

    @property
    def is_busy(self) -> bool:
        """Return whether records are being taken in right now, so that other work should wait."""
        return self._under_way > 0

    def rests_for(self, seconds: float) -> bool:
        """Return whether no conversations are being taken in, and none were during these last seconds."""
        return not self.is_busy and self._clock.monotonic() - self._ended_at >= seconds

    async def conversations(self, events: Sequence[Event]) -> None:
        """Take in conversations and their parts.

        Raises:
            PartlyTransientError: a connection is not known yet. Its records must be delivered again in a
                moment; all other records were taken in.
            PermanentError: a connection did not become known in time. Nothing was taken in.
        """
        self._under_way += 1
        try:
            await self._admit(events, self._intake.conversations)
        finally:
            self._under_way -= 1
            self._ended_at = self._clock.monotonic()

    async def directory(self, events: Sequence[Event]) -> None:
        """Take in teammates, teams, tags, contacts and companies; raises what `conversations` raises."""
        await self._admit(events, partial(self._intake.directory, allowance=allowance_of_a_batch()))

    async def _admit(self, events: Sequence[Event], take: Take) -> None:
        groups = by_organization(events)
        standings = {
            organization_id: await self._connections.known_among(organization_id, _ids(mine))
            for organization_id, mine in groups.items()
        }
        unknown = {
            (organization_id, one)
            for organization_id, mine in groups.items()
            for one in standings[organization_id].unknown(_ids(mine))
        }
        self._refuse_overdue(unknown)
        for organization_id, mine in groups.items():
            admitted = [event for event in mine if (organization_id, event.connection_id) not in unknown]
            if admitted:
                await self._take(organization_id, admitted, standings[organization_id], take)
        if unknown:
            raise PartlyTransientError(
                f"Nobody has told of connection {_names(unknown)} yet; its records wait.",
                waiting=[
                    position
                    for position, event in enumerate(events)
                    if (event.organization_id, event.connection_id) in unknown
                ],
            )

    async def _take(
        self, organization_id: str, events: list[Event], before: KnownConnections, take: Take
    ) -> None:
        for gone in sorted(before.removed):
            # A crash just after the removal order arrived may have left records of that batch behind.
            await self._remove.again(organization_id, gone)
        known_events = [event for event in events if event.connection_id in before.known]
        if len(known_events) < len(events):
            _LOG.info("records of a removed connection dropped", records=len(events) - len(known_events))
        while known_events:
            await take(known_events)
            after = await self._connections.known_among(organization_id, _ids(known_events))
            for gone in sorted(after.removed):
                await self._remove.again(organization_id, gone)
            known_events = [
                event
                for event in known_events
                if event.connection_id in after.known
                and not after.listens_as(before, event.connection_id or "")
            ]
            before = after

    def _refuse_overdue(self, unknown: set[tuple[str, str]]) -> None:
        """Note since when each connection has been waited for; raise `PermanentError` once one is overdue."""
        now = self._clock.monotonic()
        self._awaited = {one: since for one, since in self._awaited.items() if now - since < _FORGET_SECONDS}
        for connection in unknown - self._awaited.keys():
            if len(self._awaited) >= _MOST_AWAITED:
                del self._awaited[min(self._awaited, key=self._awaited.__getitem__)]
            self._awaited[connection] = now
        overdue = {
            connection for connection in unknown if now - self._awaited[connection] >= self._patience_seconds
        }
        if overdue:
            # Before anything is taken in: the search for the failing record halves the batch and calls again.
            raise PermanentError(
                f"Nobody tells of connection {_names(overdue)}. Redrive these records when it is connected.",
                reason="handler_rejected",
            )


def _names(connections: set[tuple[str, str]]) -> str:
    return ", ".join(sorted(connection_id for _, connection_id in connections)[:5])


def _ids(events: Sequence[Event]) -> set[str]:
    return {event.connection_id for event in events if event.connection_id is not None}
