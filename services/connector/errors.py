"""Errors of the connector.

    EarshotError
    └── ConnectorError
        ├── ConnectionUnknown        no such connection in this organization
        ├── ConnectionConflict       the connection is not in a state that allows it
        │   ├── ChangedMeanwhile     it is not the state that the decision was made on; decide again
        │   └── WorkspaceDiffers     the credential opens another workspace; a person has to choose
        ├── HostNotAllowed           the base URL is not on the allow-list
        ├── OAuthRefused             the callback cannot be trusted, or the person said no
        └── IntercomRefused          Intercom was asked and does not let us in; `kind` says how
    TransientError
    └── IntercomUnreachable          no usable answer; try again later

Messages are shown to administrators: they say what was wrong and what to do.
"""

from __future__ import annotations

from typing import Literal

from shared.errors import EarshotError, TransientError

RefusalKind = Literal[
    "token_rejected", "permission_missing", "plan_restricted", "app_refused", "not_intercom"
]


class ConnectorError(EarshotError):
    """Root of the connector's own errors."""


class ConnectionUnknown(ConnectorError):
    """There is no such connection in this organization."""


class ConnectionConflict(ConnectorError):
    """The connection's state does not allow it."""


class ChangedMeanwhile(ConnectionConflict):
    """Somebody else stored another state first; the decision has to be made anew on that one."""


class WorkspaceDiffers(ConnectionConflict):
    """A credential opens another workspace than the one that is connected.

    Attributes:
        offer_id: the credential as it waits, encrypted, for a person's decision.
        present: name of the workspace whose data is held.
        offered: name of the workspace that the credential opens.
    """

    def __init__(self, message: str, *, offer_id: str, present: str, offered: str) -> None:
        super().__init__(message)
        self.offer_id = offer_id
        self.present = present
        self.offered = offered


class HostNotAllowed(ConnectorError):
    """A credential would go to a host that the operator did not allow."""


class OAuthRefused(ConnectorError):
    """The callback's state is used, old, or another browser's; or the person chose Cancel."""


class IntercomRefused(ConnectorError):
    """Intercom answered, and does not let us in."""

    def __init__(self, message: str, *, kind: RefusalKind) -> None:
        super().__init__(message)
        self.kind: RefusalKind = kind


class IntercomUnreachable(TransientError):
    """No usable answer came; nothing is known about the credential."""
