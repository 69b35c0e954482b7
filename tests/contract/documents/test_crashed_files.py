"""What a crash leaves in the files: a log in the middle of a commit, a hot journal, a log that was cut short.

Acknowledged is there, everything else is there whole or not at all, and indexes say what documents say.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Protocol

from pymongo import AsyncMongoClient, MongoClient
from pymongo.errors import AutoReconnect, ServerSelectionTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_TOGETHER = 4
"""Documents of one command: they are stored together or not at all."""
_WRITERS = 8
_CUTS = 5


class Server(Protocol):
    @property
    def address(self) -> str: ...

    def kill(self) -> None: ...

    def stop(self) -> int: ...


def _command(number: int) -> list[dict[str, Any]]:
    return [
        {"_id": f"{number}/{place}", "n": number, "pad": f"{number:06d}" * 50} for place in range(_TOGETHER)
    ]


def _whole_commands(address: str) -> set[int]:
    """Return the commands whose documents are there; fails for one that is there in part, or torn."""
    with MongoClient[dict[str, Any]](address) as client:
        things = client["shop"]["things"]
        found: dict[int, list[dict[str, Any]]] = {}
        for row in things.find():
            found.setdefault(row["n"], []).append(row)
        by_index = {row["n"] for row in things.find({"n": {"$gte": 0}}).hint("n_1")}
    for number, rows in found.items():
        assert sorted(rows, key=lambda row: str(row["_id"])) == _command(number)
    assert by_index == found.keys()
    return set(found)


def _log(data: Path) -> Path:
    return data / "shop.sqlite-wal"


async def test_a_kill_in_a_group_commit_leaves_whole_commands(
    start: Callable[..., Server], tmp_path: Path
) -> None:
    """The log is hot when the server comes back; what was acknowledged is in it, and no half of a command."""
    server = start()
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(server.address, serverSelectionTimeoutMS=2000)
    things = client["shop"]["things"]
    await things.create_index("n")
    tried: set[int] = set()
    acknowledged: set[int] = set()

    async def write(writer: int) -> None:
        for number in range(writer, 1_000_000, _WRITERS):
            tried.add(number)
            try:
                await things.insert_many(_command(number))
            except (AutoReconnect, ServerSelectionTimeoutError):
                return
            acknowledged.add(number)

    writers = [asyncio.create_task(write(writer)) for writer in range(_WRITERS)]
    while len(acknowledged) < 200:
        await asyncio.sleep(0.01)
    await asyncio.to_thread(server.kill)
    await client.close()
    await asyncio.gather(*writers, return_exceptions=True)
    assert _log(tmp_path / "data").stat().st_size > 0
    found = await asyncio.to_thread(_whole_commands, start().address)
    assert acknowledged <= found <= tried


def test_a_log_cut_anywhere_holds_the_first_commits(start: Callable[..., Server], tmp_path: Path) -> None:
    """A power cut can take the end of the log: what is left is whole, and nothing from behind the cut."""
    server, data, kept = start(), tmp_path / "data", tmp_path / "kept"
    with MongoClient[dict[str, Any]](server.address) as client:
        things = client["shop"]["things"]
        things.create_index("n")
        for number in range(60):
            things.insert_many(_command(number))
        server.kill()
    shutil.copytree(data, kept)
    whole = _log(kept).stat().st_size
    rng = random.Random(11)
    counts = set()
    for _ in range(_CUTS):
        shutil.rmtree(data)
        shutil.copytree(kept, data)
        with _log(data).open("r+b") as file:
            # The index's own commit is in the first tenth.
            file.truncate(rng.randint(whole // 5, whole - 1))
            file.seek(0, 2)
            file.write(rng.randbytes(rng.randint(0, 5_000)))
        (data / "shop.sqlite-shm").unlink(missing_ok=True)
        again = start()
        found = _whole_commands(again.address)
        assert found == set(range(len(found)))
        with MongoClient[dict[str, Any]](again.address) as client:
            client["shop"]["things"].insert_many(_command(1_000))
        assert again.stop() == 0
        counts.add(len(found))
    assert len(counts) > 1, "the cuts left the same every time: they cut nothing"


_LEAVE_A_HOT_JOURNAL = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode = DELETE")
connection.execute("PRAGMA cache_size = 1")
connection.execute("BEGIN IMMEDIATE")
tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
for (table,) in tables:
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    if "body" in columns:
        connection.execute(f"UPDATE {table} SET body = zeroblob(length(body))")
os._exit(9)
"""


def test_a_hot_journal_is_rolled_back(start: Callable[..., Server], tmp_path: Path) -> None:
    """Another tool, killed in the middle of a transaction over the file, leaves everything as it was."""
    server, path = start(), tmp_path / "data" / "shop.sqlite"
    with MongoClient[dict[str, Any]](server.address) as client:
        client["shop"]["things"].create_index("n")
        for number in range(60):
            client["shop"]["things"].insert_many(_command(number))
    assert server.stop() == 0
    done = subprocess.run(  # noqa: S603 - our own lines
        [sys.executable, "-c", _LEAVE_A_HOT_JOURNAL, str(path)], check=False
    )
    assert done.returncode == 9
    assert path.with_name("shop.sqlite-journal").stat().st_size > 0, "there is no journal to roll back"
    assert bytes(400) in path.read_bytes(), "the file does not hold the unfinished transaction"
    assert _whole_commands(start().address) == set(range(60))
