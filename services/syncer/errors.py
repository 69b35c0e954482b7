"""The syncer's branch of the error tree; every class names what the reader of a workspace must do next.

TransientError                      (shared) try again later
├── SourceUnavailableError          Intercom gave no usable answer; make the same call again later
├── CredentialWithheldError         the connector answers, and not with a credential; a person is told in time
│   └── QuestionUnknownError        a service of another version, or another service, answers; wait for longer
├── SlowDownError                   the call budget is spent; go on when `retry_after_seconds` have passed
└── ScrollTakenError                somebody else walks the companies; wait for them
PermanentError                      (shared) trying again cannot help
├── AccessError                     a person must act; carries the reason shown on the connection
│   ├── TokenRejectedError          the credential is no longer accepted
│   ├── PermissionMissingError      this resource was not granted; the others can still be read
│   ├── PlanRestrictedError         the workspace's plan does not include this resource
│   ├── WrongRegionError            the workspace lives in another region than its address
│   └── WorkspaceChangedError       the credential opens another workspace than before
├── ResourceMissingError            the resource is gone at the source
├── ContactMergedError              the contact became part of `successor_id`
├── ScrollLostError                 the walk over the companies must start again from the top
├── WalkRefusedError                a walk was refused in its middle again and again; it ends unfinished
├── RequestRefusedError             Intercom found our request wrong; the walk must start again
├── DisconnectedError               the connection is gone; stop quietly
└── WriteRefusedError               somebody tried to build a call that is not a read
LeaseLostError                      another replica has this run; drop what is under way
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from shared.errors import EarshotError, PermanentError, TransientError

if TYPE_CHECKING:
    from shared.contracts.connections import AttentionReason


class SourceUnavailableError(TransientError):
    """No usable answer: a 5xx, a timeout, a reset, a body that is not what it should be.

    Attributes:
        overloaded: the server itself gave up (5xx, timeout), so that asking for less may help.
    """

    def __init__(self, message: str, *, overloaded: bool = False) -> None:
        super().__init__(message)
        self.overloaded = overloaded


class CredentialWithheldError(TransientError):
    """The connector refuses our key, or its answer cannot be read: two settings or versions do not fit."""


class QuestionUnknownError(CredentialWithheldError):
    """One of our services does not know what it was asked: an older connector, while it is upgraded.

    Or `EARSHOT_CONNECTOR_URL` names another service: so the wait for the upgrade has an end.
    """


class SlowDownError(TransientError):
    """The budget of calls is spent, by our count or by Intercom's (429)."""

    def __init__(self, message: str, *, seconds: float) -> None:
        super().__init__(message, retry_after_seconds=seconds)
        self.seconds = seconds


class ScrollTakenError(TransientError):
    """Another scroll is open in this workspace; it ends, or expires after an idle minute (FACTS §8)."""


class AccessError(PermanentError):
    """Reading cannot go on until a person acts."""

    REASON: ClassVar[AttentionReason]


class TokenRejectedError(AccessError):
    """A 401 in Intercom's own words (FACTS §3); confirmed by /me before anyone is told."""

    REASON = "token_revoked"


class PermissionMissingError(AccessError):
    """The token is fine, this resource was not granted to it."""

    REASON = "permission_missing"


class PlanRestrictedError(AccessError):
    """The workspace's plan does not include this resource."""

    REASON = "plan_restricted"


class WrongRegionError(AccessError):
    """The workspace's region is not the one the connection was made for."""

    REASON = "wrong_region"


class WorkspaceChangedError(AccessError):
    """The credential opens another workspace than the one whose data is held."""

    REASON = "workspace_changed"


class ResourceMissingError(PermanentError):
    """The source says that the resource does not exist (any more)."""


class ContactMergedError(PermanentError):
    """The contact was merged into another one (410, FACTS §3)."""

    def __init__(self, message: str, *, successor_id: str | None) -> None:
        super().__init__(message)
        self.successor_id = successor_id


class ScrollLostError(PermanentError):
    """The scroll expired or broke: the walk starts again, it did not end (FACTS §8)."""


class RequestRefusedError(PermanentError):
    """A 400 or 422: our request, or a cursor in it that is no longer known."""


class WalkRefusedError(PermanentError):
    """A walk started over several times and was refused each time; another run may fare better."""


class DisconnectedError(PermanentError):
    """There is no credential for this connection any more, by somebody's decision."""


class WriteRefusedError(PermanentError):
    """A call that is not on the list of reads; it never reached the network."""


class LeaseLostError(EarshotError):
    """The lease on a run ended or was taken over; nothing more may be published or stored for it."""
