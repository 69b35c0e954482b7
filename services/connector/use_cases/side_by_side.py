"""Doing one thing with several connections at once: what fails with one of them stops no other."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING

import structlog

from shared.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from services.connector.domain.connection import Connection

_LOG = structlog.get_logger(__name__)


async def side_by_side(
    what: str, act: Callable[[Connection], Awaitable[bool]], connections: Sequence[Connection]
) -> int:
    """Call `act` with each connection; return how often it said yes, once all have ended.

    Failures are not raised. They are logged as failures of `what`, a line for each kind with the number of
    connections concerned, so that a database which is away does not fill the log; those connections stay due.
    """
    ended = await asyncio.gather(*map(act, connections), return_exceptions=True)
    failed: defaultdict[type[Exception], list[tuple[Connection, Exception]]] = defaultdict(list)
    done = 0
    for connection, outcome in zip(connections, ended, strict=True):
        if isinstance(outcome, Exception):
            failed[type(outcome)].append((connection, outcome))
        elif isinstance(outcome, BaseException):
            raise outcome
        else:
            done += outcome
    for alike in failed.values():
        _log(what, alike)
    return done


def _log(what: str, alike: Sequence[tuple[Connection, Exception]]) -> None:
    connection, error = alike[0]
    concerned = {"work": what, "connections": len(alike), "connection_id": connection.id}
    if isinstance(error, TransientError):
        _LOG.warning("some connections wait", reason=str(error), **concerned)
    else:
        _LOG.error("some connections were left out", exc_info=error, **concerned)
