"""Errors of the connector.

    EarshotError
    └── ConnectorError
        ├── ConnectionUnknown     no such connection in this organization
        ├── ConnectionConflict    the connection is not in a state that allows it
        ├── HostNotAllowed        the base URL is not on the allow-list
        ├── OAuthRefused          the callback cannot be trusted, or the person said no
        └── IntercomRefused       Intercom was asked and does not let us in; `kind` says how
    TransientError
    └── IntercomUnreachable       no usable answer; try again later

Messages are shown to administrators: they say what was wrong and what to do.
"""

from __future__ import annotations

from typing import Literal

from shared.errors import EarshotError, TransientError

RefusalKind = Literal["token_rejected", "permission_missing", "plan_restricted", "not_intercom"]


class ConnectorError(EarshotError):
    """Root of the connector's own errors."""


class ConnectionUnknown(ConnectorError):
    """There is no such connection in this organization."""


class ConnectionConflict(ConnectorError):
    """The connection's state does not allow it."""


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
