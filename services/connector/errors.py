"""Errors of the connector.

    EarshotError
    └── ConnectorError
        ├── ConnectionUnknown        no such connection in this organization
        ├── ConnectionConflict       the connection is not in a state that allows it
        │   ├── ChangedMeanwhile     it is not the state that the decision was made on; decide again
        │   └── WorkspaceDiffers     the credential opens another workspace; a person has to choose
        ├── SettingRefused           a setting that a person chose is outside of its bounds
        ├── HostNotAllowed           the base URL is not on the allow-list
        ├── OAuthRefused             the callback cannot be trusted, or the person said no
        ├── IntercomRefused          Intercom was asked and does not let us in; `kind` says how
        └── ConnectionUnreadable     what is stored of it cannot be read; go on with the others
    TransientError
    └── IntercomUnreachable          no usable answer; try again later

Messages are shown to administrators: they say what was wrong and what to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from shared.errors import EarshotError, TransientError

if TYPE_CHECKING:
    from shared.contracts.connections import ConnectionSettings

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
        settings: what the offered one would begin with.
    """

    def __init__(
        self, message: str, *, offer_id: str, present: str, offered: str, settings: ConnectionSettings
    ) -> None:
        super().__init__(message)
        self.offer_id = offer_id
        self.present = present
        self.offered = offered
        self.settings = settings


class SettingRefused(ConnectorError):
    """A person chose what cannot be; nothing was connected or changed.

    Attributes:
        field: the setting's name, so that a form can say it beside the field.
    """

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


class HostNotAllowed(ConnectorError):
    """A credential would go to a host that the operator did not allow."""


class OAuthRefused(ConnectorError):
    """The callback's state is used, old, or another browser's; or the person chose Cancel."""


class IntercomRefused(ConnectorError):
    """Intercom answered, and does not let us in."""

    def __init__(self, message: str, *, kind: RefusalKind) -> None:
        super().__init__(message)
        self.kind: RefusalKind = kind


class ConnectionUnreadable(ConnectorError):
    """What is stored of a connection cannot be read; says why by the names of fields alone."""


class IntercomUnreachable(TransientError):
    """No usable answer came; nothing is known about the credential."""
