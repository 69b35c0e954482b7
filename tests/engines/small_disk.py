"""A disk that is too small: a file system in memory with a size of its own, where we may mount one."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class SmallDisk:
    """A mounted disk of some megabytes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def resize(self, megabytes: int) -> None:
        """Give it another size; what is on it stays."""
        _mount("-o", f"remount,size={megabytes}m", str(self.folder))

    @property
    def free_bytes(self) -> int:
        return shutil.disk_usage(self.folder).free


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[SmallDisk]:
    """Mount a disk at `folder` for the block; skips the test, with the reason, where that is not allowed."""
    folder.mkdir(parents=True)
    try:
        _mount("-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder))
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", b"") or str(error).encode()
        pytest.skip(f"NOT TESTED: no small disk can be mounted here ({said.decode().strip()}); run as root")
    try:
        yield SmallDisk(folder)
    finally:
        # Lazily: a process that a failed test left behind must not keep the mount.
        subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S603, S607 - our own mount


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)  # noqa: S603, S607 - as above
