"""Keys are made once, for their owner alone, and differ between services."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet

from deploy.local.keys import load_keys

if TYPE_CHECKING:
    from pathlib import Path


def test_keys_stay_the_same(tmp_path: Path) -> None:
    """A second start reads what the first one made, so that stored credentials stay readable."""
    assert load_keys(tmp_path / "secrets") == load_keys(tmp_path / "secrets")


def test_keys_are_for_their_owner_alone(tmp_path: Path) -> None:
    """Nobody else on the machine can read the files or list the folder."""
    folder = tmp_path / "secrets"
    load_keys(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


def test_services_hold_different_rings(tmp_path: Path) -> None:
    """What the connector encrypts the notifier cannot read; each ring is a valid Fernet key."""
    keys = load_keys(tmp_path)
    assert keys.connector_credential_keys != keys.notifier_credential_keys
    for ring in (keys.connector_credential_keys, keys.notifier_credential_keys):
        assert Fernet(ring).decrypt(Fernet(ring).encrypt(b"x")) == b"x"


def test_a_half_written_key_is_made_again(tmp_path: Path) -> None:
    """A start that was cut off while it wrote a key does not leave a broken one."""
    (tmp_path / "signing_key.new").write_text("half")
    assert len(load_keys(tmp_path).signing_key) >= 32


def test_keys_are_not_printed(tmp_path: Path) -> None:
    """A log line that holds the object holds no key."""
    keys = load_keys(tmp_path)
    assert keys.signing_key not in repr(keys)
