"""Who else uses the machine reads nothing of what local mode keeps."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from deploy.local.folders import close_folders

if TYPE_CHECKING:
    from pathlib import Path


def test_folders_are_for_their_owner_alone(tmp_path: Path) -> None:
    """Conversations, Kafka's records and logs are out of reach, those of an earlier version too."""
    left = tmp_path / "documents"
    left.mkdir(mode=0o755)
    close_folders(tmp_path)
    close_folders(tmp_path)
    made = {folder.name: stat.S_IMODE(folder.stat().st_mode) for folder in tmp_path.iterdir()}
    assert made == dict.fromkeys(("documents", "kafka", "logs", "run", "simulator"), 0o700)


def test_a_shared_folder_stays_as_it_is(tmp_path: Path) -> None:
    """The data folder may be somebody's own choice, with more in it."""
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o755)
    close_folders(shared)
    assert stat.S_IMODE(shared.stat().st_mode) == 0o755
