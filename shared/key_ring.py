"""Secrets at rest under a ring of keys, newest first: every key decrypts, and the newest encrypts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from shared.errors import ConfigurationError

if TYPE_CHECKING:
    from pydantic import SecretStr


class KeyRing:
    """Encrypts and decrypts texts with the keys of EARSHOT_CREDENTIAL_KEYS.

    Args:
        keys: Fernet keys, comma separated, newest first.
        secret: what is encrypted, for error messages: "this credential".
        otherwise: what helps if the old key is lost: "reconnect the workspace".
    """

    def __init__(self, keys: SecretStr, *, secret: str, otherwise: str) -> None:
        ring = [Fernet(key.strip()) for key in keys.get_secret_value().split(",")]
        self._newest = ring[0]
        self._ring = MultiFernet(ring)
        self._secret = secret
        self._otherwise = otherwise

    def encrypt(self, secret: str) -> str:
        return self._ring.encrypt(secret.encode()).decode()

    def decrypt(self, encrypted: str) -> str:
        """Return the secret. Raises ConfigurationError if no key of the ring fits."""
        try:
            return self._ring.decrypt(encrypted.encode()).decode()
        except InvalidToken:
            raise ConfigurationError(
                f"No key in EARSHOT_CREDENTIAL_KEYS opens {self._secret}. Put the old key back at the end of"
                f" the list, or {self._otherwise}."
            ) from None

    def is_current(self, encrypted: str) -> bool:
        """Return whether the newest key of the ring encrypted it."""
        try:
            self._newest.decrypt(encrypted.encode())
        except InvalidToken:
            return False
        return True
