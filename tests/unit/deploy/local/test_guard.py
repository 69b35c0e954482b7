"""A guarded command runs as itself, and dies with whoever started it."""

from __future__ import annotations

import os
import sys

from deploy.local.guard import guarded


def test_the_wrapper_carries_parent_signal_and_command() -> None:
    """The command comes last, unchanged, after the pid to watch and the signal to get."""
    command = guarded(("java", "-Xmx256m", "a b"), signal_number=15)
    assert command[0] == sys.executable
    assert command[-5:] == (str(os.getpid()), "15", "java", "-Xmx256m", "a b")
