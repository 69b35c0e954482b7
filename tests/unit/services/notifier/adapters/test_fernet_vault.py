"""A ring of keys: all open, the newest seals, and the older ones can be done without after a while."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from services.notifier.adapters.fernet_vault import FernetVault
from shared.errors import ConfigurationError

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))
SECRET = SecretStr("https://hooks.example.com/x")


def _vault(*keys: str) -> FernetVault:
    return FernetVault(SecretStr(", ".join(keys)), fingerprint_key=SecretStr("f" * 32))


def test_a_renewed_secret_needs_the_old_key_no_more() -> None:
    """Under the newest it stays as it is, so that a renewal has an end."""
    sealed = _vault(OLD).seal(SECRET)
    renewed = _vault(NEW, OLD).renewed(sealed)
    assert _vault(NEW).open(renewed) == SECRET
    assert _vault(NEW, OLD).renewed(renewed) == renewed


def test_what_no_key_opens_is_not_renewed() -> None:
    """The setting is named."""
    with pytest.raises(ConfigurationError, match="EARSHOT_CREDENTIAL_KEYS"):
        _vault(NEW).renewed(_vault(OLD).seal(SECRET))
