"""The vault: a key ring, newest key first; every key of it decrypts, the newest encrypts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from shared.errors import ConfigurationError

if TYPE_CHECKING:
    from pydantic import SecretStr


class FernetVault:
    """Implements `ports.Vault`."""

    def __init__(self, keys: SecretStr) -> None:
        ring = [Fernet(key.strip()) for key in keys.get_secret_value().split(",")]
        self._newest = ring[0]
        self._ring = MultiFernet(ring)

    def encrypt(self, secret: str) -> str:
        return self._ring.encrypt(secret.encode()).decode()

    def decrypt(self, encrypted: str) -> str:
        try:
            return self._ring.decrypt(encrypted.encode()).decode()
        except InvalidToken:
            raise ConfigurationError(
                "No key in EARSHOT_CREDENTIAL_KEYS opens this credential. Put the old key back at the end of"
                " the list, or reconnect the workspace."
            ) from None

    def is_current(self, encrypted: str) -> bool:
        try:
            self._newest.decrypt(encrypted.encode())
        except InvalidToken:
            return False
        return True
