"""Runs a command that dies with its parent: `guard.py PARENT_PID SIGNAL COMMAND…`.

A runner that is killed cannot stop its children; on Linux the kernel does it. Elsewhere the next runner
ends what a dead one left, by the list in the data folder. Kept apart from the package and free of its
imports, so that it costs a few milliseconds before each start.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
"""From linux/prctl.h."""


def guarded(command: tuple[str, ...], *, signal_number: int) -> tuple[str, ...]:
    """Return `command` wrapped so that it gets `signal_number` when the calling process dies.

    The command keeps the process id that the wrapper is started with. Start it from a thread that lives
    as long as the process: the kernel watches the thread.
    """
    # -I and -S: neither the environment nor installed packages may change what the wrapper does.
    wrapper = (sys.executable, "-I", "-S", str(Path(__file__)), str(os.getpid()), str(signal_number))
    return (*wrapper, *command)


def main(arguments: list[str]) -> None:
    parent, signal_number, *command = arguments
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, int(signal_number), 0, 0, 0) != 0:
            sys.exit(f"prctl failed: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != int(parent):
        # The parent died before the kernel was told to watch it.
        sys.exit("The runner is gone.")
    os.execvp(command[0], command)  # noqa: S606 - replacing this process by the command is its whole purpose


if __name__ == "__main__":
    main(sys.argv[1:])
