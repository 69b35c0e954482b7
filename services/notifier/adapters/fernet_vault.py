"""The vault: a key ring, newest key first; every key of it decrypts, the newest encrypts."""

from __future__ import annotations

import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr

from shared.errors import ConfigurationError

_FINGERPRINT_LENGTH = 24


class FernetVault:
    """Seals with the ring, fingerprints with the signing key: a stolen database allows no guessing."""

    def __init__(self, keys: SecretStr, *, fingerprint_key: SecretStr) -> None:
        ring = [Fernet(key.strip()) for key in keys.get_secret_value().split(",")]
        self._newest = ring[0]
        self._ring = MultiFernet(ring)
        self._fingerprint_key = fingerprint_key.get_secret_value().encode()

    def seal(self, secret: SecretStr) -> str:
        return self._ring.encrypt(secret.get_secret_value().encode()).decode()

    def open(self, sealed: str) -> SecretStr:
        try:
            return SecretStr(self._ring.decrypt(sealed.encode()).decode())
        except InvalidToken:
            raise ConfigurationError(
                "No key in EARSHOT_CREDENTIAL_KEYS opens this rule's address or secret. Put the old key back"
                " at the end of the list, or edit the rule and give both anew."
            ) from None

    def renewed(self, sealed: str) -> str:
        try:
            self._newest.decrypt(sealed.encode())
        except InvalidToken:
            return self.seal(self.open(sealed))
        return sealed

    def fingerprint(self, secret: SecretStr) -> str:
        text = f"destination\n{secret.get_secret_value()}".encode()
        return hmac.new(self._fingerprint_key, text, hashlib.sha256).hexdigest()[:_FINGERPRINT_LENGTH]
