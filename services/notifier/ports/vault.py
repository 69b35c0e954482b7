"""Secrets at rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pydantic import SecretStr


class Vault(Protocol):
    """Keeps secrets unreadable at rest."""

    def seal(self, secret: SecretStr) -> str: ...

    def open(self, sealed: str) -> SecretStr:
        """Raises ConfigurationError when no key of the ring opens it."""
        ...

    def renewed(self, sealed: str) -> str:
        """Return the same secret under the newest key; as it is where it is under that already.

        Raises ConfigurationError when no key of the ring opens it.
        """
        ...

    def fingerprint(self, secret: SecretStr) -> str:
        """Return what tells two secrets apart without telling either."""
        ...
