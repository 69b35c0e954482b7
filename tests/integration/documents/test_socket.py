"""The document server on a Unix socket: found by its URI, its owner's alone, gone when it stops."""

from __future__ import annotations

import asyncio
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pymongo import MongoClient

from deploy.local.documents.server import DocumentServer
from deploy.local.documents.settings import Settings, socket_address
from deploy.local.documents_probe import mongodb_answers
from deploy.local.throwaway import running

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def folder() -> Iterator[Path]:
    """Yield a folder with a short path: pytest's own can be longer than a socket's may be."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def command(folder: Path, path: Path) -> tuple[str, ...]:
    place = ("--socket", str(path), "--directory", str(folder / "files"))
    return (sys.executable, "-m", "deploy.local.documents", *place)


def test_it_answers_its_owner_and_leaves_nothing(folder: Path) -> None:
    """What a killed server left is replaced; the file is the owner's alone, and gone after a stop."""
    path = folder / "new" / "documents.sock"
    address = socket_address(path)
    for how in ("kill", "stop"):
        with running(command(folder, path), lambda: mongodb_answers(address), output=folder / how) as number:
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            with MongoClient[dict[str, Any]](address) as client:
                client["shop"]["things"].insert_one({"how": how})
            if how == "kill":
                subprocess.run(["kill", "-9", str(number)], check=True)  # noqa: S603, S607 - our own child
        assert path.exists() is (how == "kill")
    with (
        running(command(folder, path), lambda: mongodb_answers(address), output=folder / "again"),
        MongoClient[dict[str, Any]](address) as client,
    ):
        assert client["shop"]["things"].count_documents({}) == 2


async def test_one_that_stops_leaves_its_successors_socket(folder: Path) -> None:
    """The next may begin as soon as the directory is free, which is before the last connection has ended."""
    settings = Settings(directory=folder / "files", socket=folder / "documents.sock")
    stopping, next_one = DocumentServer(settings), DocumentServer(settings)
    await stopping.start()
    assert stopping._server is not None
    wait_closed = stopping._server.wait_closed

    async def meanwhile() -> None:
        await next_one.start()
        await wait_closed()

    stopping._server.wait_closed = meanwhile  # type: ignore[method-assign] # the moment in question
    await stopping.stop()
    _, writer = await asyncio.open_unix_connection(settings.socket)
    writer.close()
    await next_one.stop()


async def test_a_socket_in_use_is_refused(folder: Path) -> None:
    """As a port in use is: what clients wrote would go to another directory without a word."""
    path = folder / "documents.sock"
    first = DocumentServer(Settings(directory=folder / "one", socket=path))
    await first.start()
    with pytest.raises(OSError, match="another server listens there"):
        await DocumentServer(Settings(directory=folder / "two", socket=path)).start()
    _, writer = await asyncio.open_unix_connection(path)
    writer.close()
    await first.stop()


def test_a_path_that_is_too_long_is_refused_with_a_sentence(folder: Path) -> None:
    """The exit code is 1, and the sentence names the path."""
    path = folder / ("s" * 120 + ".sock")
    done = subprocess.run(command(folder, path), capture_output=True, text=True, check=False, timeout=60)  # noqa: S603 - our own module
    assert done.returncode == 1
    assert f"{path} cannot be listened on" in done.stderr
