"""The folders of the data folder: customers' conversations are in them, so they are for their owner alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_FOLDERS = ("documents", "kafka", "logs", "run", "simulator")
"""All but `secrets`, which is closed where its keys are made."""

_OWNER_ONLY = 0o700


def close_folders(data_dir: Path) -> None:
    """Make the folders that are missing, and close all of them to other users of the machine.

    Those of an earlier version, which left them open, are closed as well. The data folder itself stays as it
    is: it may be one that somebody shares on purpose.
    """
    for name in _FOLDERS:
        folder = data_dir / name
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(_OWNER_ONLY)
