"""Does one thing with several connections at once, so that a failure with one of them delays no other.

A connection that fails is skipped, each time for longer. Otherwise it would be due again at once, before all
others since it has waited longest, and enough of such connections would leave no room for the rest.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING, Literal

import structlog

from services.connector.domain.pauses import Pauses
from services.connector.domain.unreadable import Unreadable
from services.connector.errors import ConnectionUnreadable
from shared.errors import TransientError

if TYPE_CHECKING:
    import random
    from collections.abc import Awaitable, Callable, Sequence

    from services.connector.domain.connection import Connection
    from services.connector.metrics import Metrics
    from shared.clock import Clock

_LOG = structlog.get_logger(__name__)

Work = Literal["runs", "looks"]
"""What a connection may be skipped in; a label of a metric."""

_WORDS: dict[Work, str] = {"runs": "asking for runs", "looks": "looking at credentials"}

_NAMED = 50
"""Connections of one kind of failure that a line of the log names."""


class SideBySide:
    def __init__(self, work: Work, *, clock: Clock, metrics: Metrics, rng: random.Random) -> None:
        self._work: Work = work
        self._clock = clock
        self._metrics = metrics
        self._rng = rng
        self._pauses = Pauses()

    def put_off(self) -> list[str]:
        """Return the ids of connections to skip for now."""
        now = self._clock.now()
        self._pauses.forget_old(now)
        return self._pauses.now(now)

    async def each(
        self,
        act: Callable[[Connection], Awaitable[bool]],
        connections: Sequence[Connection | Unreadable],
    ) -> int:
        """Call `act` with each that can be read; return how often it returned True, once all have ended.

        Failures are not raised. Those connections are skipped, counted, and logged in one line for each kind
        of failure, so that a database outage does not fill the log.
        """

        async def one(connection: Connection | Unreadable) -> bool:
            if isinstance(connection, Unreadable):
                raise ConnectionUnreadable(connection.why)
            return await act(connection)

        ended = await asyncio.gather(*map(one, connections), return_exceptions=True)
        failed: defaultdict[type[Exception], list[tuple[str, Exception]]] = defaultdict(list)
        done = 0
        for connection, outcome in zip(connections, ended, strict=True):
            if isinstance(outcome, Exception):
                failed[type(outcome)].append((connection.id, outcome))
                self._pauses.failed(connection.id, self._clock.now(), self._rng.random())
                self._metrics.put_off.labels(self._work).inc()
            elif isinstance(outcome, BaseException):
                raise outcome
            else:
                self._pauses.went_well(connection.id)
                done += outcome
        for alike in failed.values():
            self._log(alike)
        return done

    def _log(self, alike: Sequence[tuple[str, Exception]]) -> None:
        error = alike[0][1]
        concerned = {
            "work": _WORDS[self._work],
            "connections": len(alike),
            "connection_ids": [connection_id for connection_id, _ in alike[:_NAMED]],
        }
        if isinstance(error, TransientError):
            _LOG.warning("some connections wait", reason=str(error), **concerned)
        elif isinstance(error, ConnectionUnreadable):
            reasons = sorted({str(each) for _, each in alike})
            _LOG.error("some connections cannot be read", reasons=reasons[:_NAMED], **concerned)
        else:
            _LOG.error("some connections were left out", exc_info=error, **concerned)
