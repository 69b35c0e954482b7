"""What a response from Intercom means to the connector: the one table from status and codes (FACTS §3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.connector.domain.diagnosis import READ_ONE_ADMIN, WHERE_TO_TICK, Sight
from services.connector.errors import IntercomRefused, IntercomUnreachable
from shared.intercom import refusal_of

if TYPE_CHECKING:
    from services.connector.domain.diagnosis import Outcome

_PASSING = frozenset({408, 429})
_SERVER_ERROR = 500
_MOST_DETAIL = 80

_NOT_INTERCOM = (
    "{host} answered with something that is not Intercom's API (status {status}). Check the base URL and any"
    " proxy on the way; Intercom's own are https://api.intercom.io, https://api.eu.intercom.io and"
    " https://api.au.intercom.io."
)


@dataclass(frozen=True, slots=True)
class IntercomResponse:
    """A complete response. `body` is empty unless it was a JSON object; `silent` if nothing arrived."""

    host: str
    status: int
    body: dict[str, Any]
    silent: bool = False

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300  # noqa: PLR2004 - HTTP's own range

    @property
    def codes(self) -> tuple[str, ...]:
        """Return Intercom's error codes; none if the body is not its error list."""
        errors = self.body.get("errors")
        listed = errors if isinstance(errors, list) else []
        codes = (error.get("code") for error in listed if isinstance(error, dict))
        return tuple(code for code in codes if isinstance(code, str))

    @property
    def message(self) -> str:
        """Return Intercom's first message, for comparing; it is not shown."""
        errors = self.body.get("errors")
        first = errors[0] if isinstance(errors, list) and errors else None
        message = first.get("message") if isinstance(first, dict) else None
        return message if isinstance(message, str) else ""

    @property
    def outcome(self) -> Outcome:
        """Return how the request ended. A success without any content is temporary trouble (FACTS §3)."""
        if self.is_success and self.body:
            return "answered"
        if (self.is_success and self.silent) or self.status in _PASSING or self.status >= _SERVER_ERROR:
            return "unreachable"
        # A refusal without Intercom's error codes comes from a proxy or a firewall in between.
        return refusal_of(self.status, self.codes) or "not_intercom"

    @property
    def detail(self) -> str:
        """Return a few words for a line of the doctor: status and code, never the body."""
        code = next(iter(self.codes), "")
        return f"{self.status} {code}".strip()[:_MOST_DETAIL]

    def sight(self, count: int | None) -> Sight:
        outcome = self.outcome
        return Sight(outcome, count) if outcome == "answered" else Sight(outcome, None, self.detail)


def raise_for(response: IntercomResponse) -> None:
    """Return for a good response; otherwise raise what it means for a credential.

    Raises:
        IntercomUnreachable: it says nothing about the credential.
        IntercomRefused: Intercom refuses the credential, or the host is not Intercom.
    """
    match response.outcome:
        case "answered":
            return
        case "unreachable":
            raise IntercomUnreachable(
                f"{response.host} cannot answer now (status {response.status}). Nothing was changed;"
                " try again."
            )
        case "plan_restricted":
            raise IntercomRefused(
                "This workspace's plan does not include the API. Ask Intercom to enable it, then connect"
                " again.",
                kind="plan_restricted",
            )
        case "permission_missing":
            raise IntercomRefused(
                f'The token may not say whose it is. Tick "{READ_ONE_ADMIN}" and the other read permissions'
                f" in {WHERE_TO_TICK}, then connect again.",
                kind="permission_missing",
            )
        case "token_rejected":
            code = next(iter(response.codes))[:_MOST_DETAIL]
            raise IntercomRefused(
                f"Intercom does not accept this token ({code}). It was not copied whole, it was"
                " rotated or revoked, or the Developer App was deleted. Generate a new one in the Developer"
                " Hub and connect again.",
                kind="token_rejected",
            )
        case "not_intercom":
            raise not_intercom(response)


def not_intercom(response: IntercomResponse) -> IntercomRefused:
    return IntercomRefused(
        _NOT_INTERCOM.format(host=response.host, status=response.status), kind="not_intercom"
    )
