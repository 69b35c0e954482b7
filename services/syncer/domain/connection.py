"""A connection as the syncer knows it: its own copy of what connector told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.contracts.connections import ConnectionState

READABLE = frozenset({"connecting", "connected", "needs_attention"})
"""States in which there is a credential, or soon will be."""


@dataclass(frozen=True, slots=True)
class ConnectionKey:
    """Whose workspace, and which; every document of the syncer belongs to one."""

    organization_id: str
    connection_id: str

    def document_id(self, *rest: str) -> str:
        """Return the `_id` of a document of this connection."""
        return "/".join((self.organization_id, self.connection_id, *rest))


@dataclass(frozen=True, slots=True)
class Barrier:
    """What stays of a removed connection. `workspace_id` is None until the order to remove has named it."""

    key: ConnectionKey
    workspace_id: str | None = None


@dataclass(frozen=True, slots=True)
class Connection:
    """The last state that connector told.

    Attributes:
        verified_revision: the revision for which /me has shown the right workspace and region.
    """

    key: ConnectionKey
    revision: int
    state: ConnectionState
    workspace_id: str | None = None
    region: str | None = None
    base_url: str | None = None
    app_base_url: str | None = None
    lookback_days: int = 90
    verified_revision: int | None = None

    @property
    def readable(self) -> bool:
        """Whether runs make sense: a disconnected one has no credential."""
        return self.state in READABLE
