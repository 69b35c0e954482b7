"""A ring of keys: all open, the newest encrypts, and what none opens names the setting and the way out."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from shared.errors import ConfigurationError
from shared.key_ring import KeyRing

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))


def _ring(*keys: str) -> KeyRing:
    return KeyRing(SecretStr(", ".join(keys)), secret="this thing", otherwise="make it anew")


def test_a_ring_is_rotated_without_losing_anything() -> None:
    """A new key in front opens what the old one made, and says that it is not its own."""
    old = _ring(OLD).encrypt("geheim")
    rotated = _ring(NEW, OLD)
    assert rotated.decrypt(old) == "geheim"
    assert not rotated.is_current(old)
    new = rotated.encrypt("geheim")
    assert rotated.is_current(new)
    assert _ring(NEW).decrypt(new) == "geheim"


@pytest.mark.parametrize(
    "encrypted",
    ["", "nothing", _ring(OLD).encrypt("geheim")],
    ids=["empty", "no token", "under another key"],
)
def test_what_no_key_opens_says_what_helps(encrypted: str) -> None:
    """The setting, what it was, and what to do; never the secret."""
    assert not _ring(NEW).is_current(encrypted)
    with pytest.raises(ConfigurationError, match=r"CREDENTIAL_KEYS opens this thing\. .*make it anew"):
        _ring(NEW).decrypt(encrypted)
