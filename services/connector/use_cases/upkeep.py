"""The connector's own maintenance: renews encryption, follows up removals, counts connections."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, get_args

import structlog

from shared.contracts.connections import ConnectionState
from shared.errors import ConfigurationError, TransientError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from services.connector.metrics import Metrics
    from services.connector.ports import Connections, Vault
    from shared.clock import Clock
    from shared.messaging.publisher import EventPublisher

_LOG = structlog.get_logger(__name__)

_AT_ONCE = 200
CENSUS_SECONDS = 15.0
RENEWALS_EVERY = 240
"""Counts between two renewals: an hour. A new ring arrives with a restart, which renews at once."""

_SCHEDULES_EVERY = 4
"""Counts between two checks for schedules too far in the future: a minute."""

_MOST_APART = timedelta(minutes=2)
"""How far ahead a schedule may lie beyond its interval: clocks of replicas differ by less."""

_PATIENCE = timedelta(hours=1)
"""How long a removal may take before it is ordered again; a million conversations take some ten minutes."""


@dataclass(frozen=True, slots=True)
class Renewal:
    """How many credentials were re-encrypted with the newest key, and how many no key decrypts."""

    renewed: int
    unreadable: int


class Upkeep:
    def __init__(
        self,
        *,
        connections: Connections,
        vault: Vault,
        metrics: Metrics,
        publisher: EventPublisher,
        clock: Clock,
        look_seconds: float,
    ) -> None:
        self._connections = connections
        self._vault = vault
        self._metrics = metrics
        self._publisher = publisher
        self._clock = clock
        self._look = timedelta(seconds=look_seconds)

    async def renew(self) -> Renewal:
        """Re-encrypt every credential with the newest key, after which older keys may leave the ring.

        Replicas may do so at once: a credential that changed meanwhile is left as it is.
        """
        renewed = unreadable = 0
        after_id = ""
        while credentials := await self._connections.credentials(after_id, _AT_ONCE):
            for credential in credentials:
                if self._vault.is_current(credential.encrypted):
                    continue
                try:
                    encrypted = self._vault.encrypt(self._vault.decrypt(credential.encrypted))
                except ConfigurationError as error:
                    unreadable += 1
                    _LOG.error(
                        "credential cannot be read",
                        organization_id=credential.organization_id,
                        connection_id=credential.connection_id,
                        reason=str(error),
                    )
                    continue
                renewed += await self._connections.reencrypted(credential, encrypted)
            after_id = credentials[-1].connection_id
        self._metrics.unreadable.set(unreadable)
        self._metrics.reencrypted.inc(renewed)
        if renewed:
            _LOG.info("credentials are under the newest key", renewed=renewed)
        return Renewal(renewed, unreadable)

    async def order_again(self) -> int:
        """Repeat removal orders that were given long ago and are not confirmed everywhere; return how many.

        Kafka may have lost the order before every service had read it. Nothing else would ever end the
        removal, and the workspace could not be connected again. A repeated order does no harm.
        """
        before = self._clock.now() - _PATIENCE
        orders = [
            connection.order() for connection in await self._connections.being_removed(before, _AT_ONCE)
        ]
        again = [order for order in orders if order is not None]
        if again:
            await self._publisher.publish(*again)
            _LOG.warning("removals are not confirmed and are ordered again", removals=len(again))
        return len(again)

    async def bring_forward(self) -> int:
        """Make runs due that a clock which was ahead, and is corrected, had scheduled; return how many.

        Otherwise nothing would be read for as long as the clock was ahead, without any sign of it.
        """
        moved = await self._connections.bring_forward(self._clock.now(), look=self._look, spare=_MOST_APART)
        if moved:
            _LOG.warning("schedules of a clock that was ahead are brought forward", connections=moved)
        return moved

    async def count(self) -> None:
        """Set the gauge of connections by state."""
        census = await self._connections.census()
        for state in get_args(ConnectionState):
            self._metrics.connections.labels(state).set(census.get(state, 0))

    async def run(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        """Count, renew, order again and keep schedules near until cancelled."""
        turn = 0
        while True:
            try:
                if turn == 0:
                    await self.renew()
                    await self.order_again()
                if turn % _SCHEDULES_EVERY == 0:
                    await self.bring_forward()
                await self.count()
                turn = (turn + 1) % RENEWALS_EVERY
            except TransientError as error:
                _LOG.warning("upkeep waits", reason=str(error))
            await sleep(CENSUS_SECONDS)
