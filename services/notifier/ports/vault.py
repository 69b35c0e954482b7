"""Secrets at rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pydantic import SecretStr


class Vault(Protocol):
    """Keeps secrets unreadable at rest."""

    def seal(self, secret: SecretStr) -> str: ...

    def open(self, sealed: str) -> SecretStr:
        """Raises ConfigurationError if no key of the ring decrypts it."""
        ...

    def renewed(self, sealed: str) -> str:
        """Return the same secret encrypted with the newest key; unchanged if it is already.

        Raises ConfigurationError if no key of the ring decrypts it.
        """
        ...

    def fingerprint(self, secret: SecretStr) -> str:
        """Return what distinguishes two secrets without revealing either."""
        ...
