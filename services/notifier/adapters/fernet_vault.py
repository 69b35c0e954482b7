"""The vault of rules' addresses and secrets: a key ring, and fingerprints by which addresses are compared."""

from __future__ import annotations

import hashlib
import hmac

from pydantic import SecretStr

from shared.key_ring import KeyRing

_FINGERPRINT_LENGTH = 24


class FernetVault:
    """Seals with the ring, fingerprints with the signing key: a stolen database allows no guessing."""

    def __init__(self, keys: SecretStr, *, fingerprint_key: SecretStr) -> None:
        self._ring = KeyRing(
            keys,
            secret="this rule's address or secret",  # noqa: S106 - words of an error
            otherwise="edit the rule and give both anew",
        )
        self._fingerprint_key = fingerprint_key.get_secret_value().encode()

    def seal(self, secret: SecretStr) -> str:
        return self._ring.encrypt(secret.get_secret_value())

    def open(self, sealed: str) -> SecretStr:
        return SecretStr(self._ring.decrypt(sealed))

    def renewed(self, sealed: str) -> str:
        return sealed if self._ring.is_current(sealed) else self.seal(self.open(sealed))

    def fingerprint(self, secret: SecretStr) -> str:
        text = f"destination\n{secret.get_secret_value()}".encode()
        return hmac.new(self._fingerprint_key, text, hashlib.sha256).hexdigest()[:_FINGERPRINT_LENGTH]
