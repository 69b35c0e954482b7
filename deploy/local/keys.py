"""The secrets of local mode: made once on this machine, readable by their owner alone."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_SIGNING_KEY_BYTES = 48
"""64 characters: twice what HMAC-SHA256 asks for."""

_OWNER_ONLY = 0o600
_OWNER_ONLY_FOLDER = 0o700


@dataclass(frozen=True, slots=True, repr=False)
class LocalKeys:
    """Never printed: its text shows no value.

    Attributes:
        signing_key: for bearer keys and calls between services.
        connector_credential_keys: Fernet keys, comma separated, newest first; what is stored in the
            database can be read with them alone, so they are part of any backup.
        notifier_credential_keys: the same for the addresses of channels. Another ring: neither service can
            read what the other keeps.
    """

    signing_key: str
    connector_credential_keys: str
    notifier_credential_keys: str


def load_keys(folder: Path) -> LocalKeys:
    """Return the keys in `folder`, making those that are missing."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(_OWNER_ONLY_FOLDER)
    return LocalKeys(
        signing_key=_kept(folder / "signing_key", lambda: secrets.token_urlsafe(_SIGNING_KEY_BYTES)),
        connector_credential_keys=_kept(folder / "connector_credential_keys", _new_fernet_key),
        notifier_credential_keys=_kept(folder / "notifier_credential_keys", _new_fernet_key),
    )


def _new_fernet_key() -> str:
    return Fernet.generate_key().decode()


def _kept(path: Path, make: Callable[[], str]) -> str:
    if not path.exists():
        beside = path.with_suffix(".new")
        beside.unlink(missing_ok=True)
        # Made with its mode, so that there is no moment in which others could read it.
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    return path.read_text(encoding="ascii").strip()
