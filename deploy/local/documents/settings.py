"""What an operator can decide about the server; nothing here is read from the environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

if TYPE_CHECKING:
    from pathlib import Path

Synchronous = Literal["FULL", "NORMAL"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The server's settings.

    Attributes:
        directory: Where the SQLite files live; made if absent.
        host: The address to listen on. There is no authentication, so it should stay a loopback address.
        port: The TCP port; 0 lets the system choose.
        socket: A Unix socket to listen on in place of TCP, which only its owner can open; its name has to end
            in ``.sock``, by which drivers know that it is one.
        synchronous: ``NORMAL`` acknowledges when the operating system has the write: it survives a killed
            process, and the log is synced a little later. ``FULL`` syncs the log at each commit, so an
            acknowledged write survives a power cut too.
        log_sync_interval_seconds: With ``NORMAL``, how often the log is synced: what a power cut can take.
        cache_kib: SQLite's page cache for each reader and file, in KiB; the writer has four times as much,
            because index entries land all over their tree. It fills with use.
        reader_threads: How many reads run beside each other; Python gains little beyond a few.
        max_connections: Clients beyond this are turned away.
        max_cursors: Open cursors over all clients; the oldest idle one gives way.
        cursor_timeout_seconds: How long a cursor lives without being asked.
        ttl_interval_seconds: How often expired documents are looked for.
        max_sort_bytes: What a sort or group without an index may hold in memory.
    """

    directory: Path
    host: str = "127.0.0.1"
    port: int = 27117
    socket: Path | None = None
    synchronous: Synchronous = "NORMAL"
    log_sync_interval_seconds: float = 0.1
    cache_kib: int = 4096
    reader_threads: int = 2
    max_connections: int = 2000
    max_cursors: int = 1000
    cursor_timeout_seconds: float = 600.0
    ttl_interval_seconds: float = 30.0
    max_sort_bytes: int = 100 * 1024 * 1024

    def address(self, port: int) -> str:
        """Return the URI by which clients find the server, which listens on that port if on any."""
        return f"mongodb://{self.host}:{port}/" if self.socket is None else f"{socket_address(self.socket)}/"


def socket_address(path: Path) -> str:
    """Return the URI of the server behind a Unix socket, as MongoDB's connection strings name it."""
    return f"mongodb://{quote(str(path), safe='')}"
