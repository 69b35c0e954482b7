"""Which ports are free, and which setting moves the part whose port is not."""

from __future__ import annotations

import errno
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deploy.local.errors import PortTaken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class PortNeed:
    """A port that a part will listen on, and the setting that moves it."""

    port: int
    part: str
    setting: str


def is_free(port: int) -> bool:
    """Tell whether a server could listen on this loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a port whose last connections are winding down counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def check_ports(needs: Iterable[PortNeed], free: Callable[[int], bool] = is_free) -> None:
    """Return when every port can be had and none is wanted twice; else raise `PortTaken` naming each."""
    problems: list[str] = []
    wanted: dict[int, PortNeed] = {}
    for need in needs:
        if (other := wanted.setdefault(need.port, need)) is not need:
            problems.append(
                f"Port {need.port} is wanted by both {other.part} ({other.setting}) and {need.part} "
                f"({need.setting}). Give one of them another number."
            )
        elif not free(need.port):
            problems.append(
                f"Port {need.port} for {need.part} is in use by another program. End that program, or move "
                f"{need.part}: {need.setting}=<another port>."
            )
    if problems:
        raise PortTaken("\n".join(problems))


def free_ports(count: int) -> list[int]:
    """Return loopback ports that nothing listens on now, for throwaway servers.

    Another program can take one before it is used; callers that must not fail try again.
    """
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(count)]
    try:
        for each in sockets:
            each.bind((LOOPBACK, 0))
        return [int(each.getsockname()[1]) for each in sockets]
    finally:
        for each in sockets:
            each.close()
