"""Credentials at rest."""

from __future__ import annotations

from typing import Protocol


class Vault(Protocol):
    """Encrypts credentials at rest."""

    def encrypt(self, secret: str) -> str: ...

    def decrypt(self, encrypted: str) -> str:
        """Return the secret. Raises ConfigurationError if no key of the ring fits."""
        ...

    def is_current(self, encrypted: str) -> bool:
        """Return whether the newest key of the ring encrypted it."""
        ...
