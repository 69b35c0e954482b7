"""Intercom, as far as the connector asks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from services.connector.domain.connection import Workspace
    from services.connector.domain.diagnosis import FamilyKey, Sight


@dataclass(frozen=True, slots=True)
class Probe:
    """The result of a probe, and the id of the row that came with it, if the next probe needs that."""

    sight: Sight
    first_id: str | None = None


class Intercom(Protocol):
    """What the connector asks Intercom: whose a credential is, what it may read; to exchange or revoke it.

    A credential is sent to hosts of the allow-list only; for any other base URL HostNotAllowed is raised.
    """

    def authorize_url(self, state: str, redirect_uri: str) -> str: ...

    async def exchange_code(self, code: str) -> str:
        """Return the access token for an authorization code. Raises IntercomRefused, IntercomUnreachable."""
        ...

    async def who_am_i(self, token: str, base_url: str) -> Workspace:
        """Return the workspace behind a token. Raises IntercomRefused, IntercomUnreachable."""
        ...

    async def probe(self, token: str, base_url: str, family: FamilyKey, *, known_id: str | None) -> Probe:
        """Request the smallest page of a permission family, and look only at the status and the count.

        Never raises for what Intercom responds: every response is a result. `known_id` is a contact's id, for
        the family that reads one contact.
        """
        ...

    async def uninstall(self, token: str) -> None:
        """Uninstall the OAuth app at Intercom. Raises IntercomRefused, IntercomUnreachable."""
        ...
