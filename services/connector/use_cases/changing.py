"""Changes a connection that others change too: decide on what is stored, and store it if it is unchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from services.connector.errors import ChangedMeanwhile, ConnectionUnknown
from shared.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.connector.domain.connection import Connection
    from services.connector.ports import Connections
    from shared.contracts.event import Event

_LOG = structlog.get_logger(__name__)

_TRIES = 8
"""Times that a decision is repeated because of another replica; more would mean a fault, not a race."""


async def change(
    connections: Connections,
    organization_id: str,
    connection_id: str,
    decide: Callable[[Connection], Connection],
    *,
    further_facts: Callable[[Connection], tuple[Event, ...]] = lambda _: (),
) -> tuple[Connection, Connection]:
    """Store what `decide` makes of the connection, with the event for it, and publish.

    `decide` is called again on the newer state if somebody else was faster; returning what it was given
    changes nothing.

    Returns:
        The connection as it was and as it is.

    Raises:
        ConnectionUnknown: there is no such connection.
        ConnectionConflict: `decide` says that its state does not allow it.
        TransientError: others changed it faster at every attempt.
    """
    for _ in range(_TRIES):
        before = await connections.get(organization_id, connection_id)
        if before is None:
            raise ConnectionUnknown("There is no such connection in your organization.")
        after = decide(before)
        if after == before:
            return before, before
        try:
            await connections.replace(before, after, after.fact(), *further_facts(after))
        except ChangedMeanwhile:
            continue
        await announce(connections, after)
        return before, after
    raise TransientError("The connection kept changing meanwhile; try again.")


async def announce(connections: Connections, connection: Connection) -> None:
    """Publish what is pending; what cannot be published now stays stored, for the sweeper to publish."""
    try:
        await connections.publish_pending(connection.organization_id, connection.id)
    except TransientError as error:
        _LOG.warning("change will be announced later", connection_id=connection.id, reason=str(error))
