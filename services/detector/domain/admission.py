"""Which connections' records are taken in: those that are known and not over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from services.detector.domain.mirror import ConnectionView


@dataclass(frozen=True, slots=True)
class Barrier:
    """What stays of a removed connection: nothing that names it is taken in any more.

    A connection's id is never used again, so a barrier holds for ever, and however late a record comes.

    Attributes:
        workspace_id: whose data goes; None while only the connection's last state told of the removal.
        documents: how many went of which our word does not tell yet.
        confirmed: whether our word was given. From then on the workspace may be connected anew, and is
            not to be touched in the name of this connection.
    """

    organization_id: str
    connection_id: str
    workspace_id: str | None = None
    documents: int = 0
    confirmed: bool = False


@dataclass(frozen=True)
class KnownConnections:
    """How some connections stand at one moment; what is in neither has not been told of yet."""

    known: Mapping[str, ConnectionView]
    removed: frozenset[str]

    def unknown(self, connection_ids: Iterable[str]) -> frozenset[str]:
        """Return those that nobody has told of."""
        return frozenset(connection_ids) - self.known.keys() - self.removed

    def listens_as(self, other: KnownConnections, connection_id: str) -> bool:
        """Return whether the connection's switch is the same in both, so that records read alike."""
        mine, theirs = self.known.get(connection_id), other.known.get(connection_id)
        if mine is None or theirs is None:
            return mine is theirs
        return mine.lifecycle_events == theirs.lifecycle_events
