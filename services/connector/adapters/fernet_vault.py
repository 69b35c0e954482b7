"""The vault of Intercom's credentials: a key ring, with the words for whoever lost a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.key_ring import KeyRing

if TYPE_CHECKING:
    from pydantic import SecretStr


class FernetVault(KeyRing):
    """Implements `ports.Vault`."""

    def __init__(self, keys: SecretStr) -> None:
        super().__init__(keys, secret="this credential", otherwise="reconnect the workspace")  # noqa: S106 - words
