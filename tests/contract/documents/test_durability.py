"""What survives: a killed process, a clean stop, a full disk, a client that breaks the protocol."""

from __future__ import annotations

import asyncio
import resource
import signal
import socket
import struct
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from pymongo import AsyncMongoClient, MongoClient
from pymongo.errors import AutoReconnect, OperationFailure, ServerSelectionTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[3]


class Server(Protocol):
    @property
    def address(self) -> str: ...

    def kill(self) -> None: ...

    def stop(self) -> int: ...


@pytest.mark.parametrize("synchronous", ["FULL", "NORMAL"])
async def test_kill_loses_nothing_acknowledged(start: Callable[..., Server], synchronous: str) -> None:
    """After kill -9 in the middle of many clients' writes, every acknowledged one is there."""
    server = start("--synchronous", synchronous)
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(server.address, serverSelectionTimeoutMS=2000)
    things = client["shop"]["things"]
    await things.create_index("n", unique=True)
    acknowledged: list[int] = []

    async def write(worker: int) -> None:
        for step in range(100_000):
            number = step * 8 + worker
            try:
                await things.update_one({"_id": number}, {"$set": {"n": number}}, upsert=True)
            except (AutoReconnect, ServerSelectionTimeoutError):
                return
            acknowledged.append(number)

    workers = [asyncio.create_task(write(worker)) for worker in range(8)]
    while len(acknowledged) < 500:
        await asyncio.sleep(0.01)
    await asyncio.to_thread(server.kill)
    await client.close()
    await asyncio.gather(*workers, return_exceptions=True)
    again = start()
    async with AsyncMongoClient[dict[str, Any]](again.address) as survivor:
        found = {row["_id"] async for row in survivor["shop"]["things"].find()}
        indexed = {row["n"] async for row in survivor["shop"]["things"].find({"n": {"$gte": 0}}).sort("n", 1)}
    assert set(acknowledged) <= found
    assert indexed == found
    assert again.stop() == 0


def test_a_clean_stop_keeps_everything(start: Callable[..., Server]) -> None:
    """SIGTERM ends with code 0; the next start has documents, indexes and multikey knowledge."""
    server = start()
    with MongoClient[dict[str, Any]](server.address) as client:
        client["shop"]["things"].create_index("n")
        client["shop"]["things"].insert_many([{"_id": 1, "n": [1, 9]}, {"_id": 2, "n": 5}])
    assert server.stop() == 0
    with MongoClient[dict[str, Any]](start().address) as client:
        # One element is above 4 and another below 6: the index has to be read as one that holds arrays.
        both = client["shop"]["things"].find({"n": {"$gt": 4, "$lt": 6}})
        assert sorted(row["_id"] for row in both) == [1, 2]


def test_a_second_server_on_the_same_directory_is_refused(
    start: Callable[..., Server], tmp_path: Path
) -> None:
    """Two servers on one directory would not see each other's writes; the second says so and ends."""
    start()
    second = subprocess.run(  # noqa: S603 - our own module with arguments of this file
        [
            sys.executable,
            "-m",
            "deploy.local.documents",
            "--port",
            "0",
            "--directory",
            str(tmp_path / "data"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert second.returncode == 1
    assert "in use by another document server" in second.stderr


def test_a_file_that_cannot_grow_refuses_and_recovers(start: Callable[..., Server]) -> None:
    """Where the system takes no more bytes the error says so, what was stored stays, and reads go on."""
    limit = 6_000_000

    def limited() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

    server = start(before=limited)
    with MongoClient[dict[str, Any]](server.address) as client:
        things = client["shop"]["things"]
        stored, refusal = 0, None
        while refusal is None:
            try:
                things.insert_one({"_id": stored, "pad": "x" * 200_000})
                stored += 1
            except OperationFailure as error:
                refusal = error
        assert refusal.code in {14031, 1}
        assert stored > 5
        assert things.count_documents({}) == stored
        things.delete_many({"_id": {"$gte": 3}})
        assert things.count_documents({}) == 3
        things.insert_one({"_id": "small"})
    server.kill()
    with MongoClient[dict[str, Any]](start().address) as client:
        assert client["shop"]["things"].count_documents({}) == 4
        client["shop"]["things"].insert_one({"_id": "room again", "pad": "x" * 1_000_000})


RUBBISH = [
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"\x00" * 64,
    b"\xff" * 64,
    struct.pack("<iiii", 26, 1, 0, 2013) + b"\x00" * 10,
    struct.pack("<iiii", 2_000_000_000, 1, 0, 2013),
    struct.pack("<iiii", 30, 1, 0, 2012) + b"\x00" * 14,
    struct.pack("<iiiiI", 30, 1, 0, 2013, 0) + b"\x00\x09\x00\x00\x00\x10a\x00\x01",
    struct.pack("<iiiiI", 20, 1, 0, 2013, 0xFFFF),
]


@pytest.mark.parametrize("rubbish", RUBBISH, ids=range(len(RUBBISH)))
def test_rubbish_ends_only_its_own_connection(engine: str, rubbish: bytes) -> None:
    """A client that does not speak the protocol is disconnected or refused; others are served."""
    host, port = engine.removeprefix("mongodb://").rstrip("/").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(rubbish)
        connection.shutdown(socket.SHUT_WR)
        try:
            while connection.recv(65536):
                pass
        except ConnectionResetError:
            pass
    with MongoClient[dict[str, Any]](engine, serverSelectionTimeoutMS=3000) as client:
        assert client.admin.command("ping")["ok"] == 1.0


def test_pymongo_errors_are_what_drivers_know(engine: str) -> None:
    """A refused command is an OperationFailure with a code and a name, not a broken connection."""
    with MongoClient[dict[str, Any]](engine) as client:
        admin = client.admin
        with pytest.raises(OperationFailure) as caught:
            admin.command({"find": 5})
    assert caught.value.code == 73
