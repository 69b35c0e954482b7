"""Tokens, leased from the connector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pydantic import SecretStr

    from services.syncer.domain.connection import ConnectionKey


@dataclass(frozen=True, slots=True)
class Credential:
    """A leased token. It lives in memory until it expires and is never written anywhere."""

    key: ConnectionKey
    access_token: SecretStr
    base_url: str
    workspace_id: str | None
    expires_at: float


class Credentials(Protocol):
    async def lease(self, key: ConnectionKey) -> Credential:
        """Return a token that is valid now.

        Raises:
            DisconnectedError: there is none, by somebody's decision, or for a reason that the connector
                has reported.
            CredentialWithheldError: the connector refused, or its response cannot be read.
            TransientError: the connector did not respond.
        """
        ...

    def drop(self, key: ConnectionKey) -> None:
        """Forget a token that was refused, so that the next lease asks again."""
        ...
