"""Which connections' records are admitted: those that are known and not removed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from services.detector.domain.mirror import ConnectionView


@dataclass(frozen=True, slots=True)
class Barrier:
    """What remains of a removed connection: no record that names it is admitted any more.

    A connection's id is never used again, so a barrier holds for ever, however late a record arrives.

    Attributes:
        workspace_id: the workspace whose data is removed; None while only the connection's last state has
            reported the removal.
        documents: deleted documents that no confirmation has reported yet.
        confirmed: whether the removal was confirmed. From then on the workspace may be connected again,
            and this connection's removal must not touch it.
    """

    organization_id: str
    connection_id: str
    workspace_id: str | None = None
    documents: int = 0
    confirmed: bool = False


@dataclass(frozen=True)
class KnownConnections:
    """The state of some connections at one moment; a connection in neither set is not known yet."""

    known: Mapping[str, ConnectionView]
    removed: frozenset[str]

    def unknown(self, connection_ids: Iterable[str]) -> frozenset[str]:
        """Return those that are not known yet."""
        return frozenset(connection_ids) - self.known.keys() - self.removed

    def listens_as(self, other: KnownConnections, connection_id: str) -> bool:
        """Return whether the connection's switch is the same in both, so that records are read alike."""
        mine, theirs = self.known.get(connection_id), other.known.get(connection_id)
        if mine is None or theirs is None:
            return mine is theirs
        return mine.lifecycle_events == theirs.lifecycle_events
