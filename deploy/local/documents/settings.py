"""What an operator can decide about the server; nothing here is read from the environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

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
        synchronous: ``FULL`` syncs the log at each commit, so an acknowledged write survives a power cut.
            ``NORMAL`` syncs at checkpoints only: it survives a killed process, not a power cut.
        cache_kib: SQLite's page cache for each connection and file, in KiB.
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
    synchronous: Synchronous = "FULL"
    cache_kib: int = 4096
    reader_threads: int = 2
    max_connections: int = 2000
    max_cursors: int = 1000
    cursor_timeout_seconds: float = 600.0
    ttl_interval_seconds: float = 30.0
    max_sort_bytes: int = 100 * 1024 * 1024
