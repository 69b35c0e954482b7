"""Keeps the parts' logs from filling the disk, without standing between a part and its log."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MOST_LOG_BYTES = 10 * 1024 * 1024
"""Of one log; with the one before it kept beside, a part never holds more than 20 MB."""


def cut_if_large(log_file: Path, most_bytes: int = MOST_LOG_BYTES) -> bool:
    """Move a log that has grown too large to `<name>.log.1`, and return whether that was done.

    The part goes on writing to the same file, which starts empty. Lines written between the copy and
    the cut are lost; in exchange a log needs no process that reads it.
    """
    try:
        if log_file.stat().st_size <= most_bytes:
            return False
    except FileNotFoundError:
        return False
    shutil.copyfile(log_file, log_file.with_name(f"{log_file.name}.1"))
    os.truncate(log_file, 0)
    return True
