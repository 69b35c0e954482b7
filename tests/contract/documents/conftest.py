"""The engines that the conformance suite runs over; each is a MongoDB address and a way to stop it."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

Database = AsyncDatabase[dict[str, Any]]
Collection = AsyncCollection[dict[str, Any]]

ROOT = Path(__file__).parents[3]


class ServerProcess:
    """Our document server as a process of its own, on a port that the system chose."""

    def __init__(self, directory: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "deploy.local.documents",
                "--port",
                "0",
                "--directory",
                str(directory),
                *arguments,
            ],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("ready "), f"the server did not start: {line!r}"
        self.address = line.split()[1]

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self._reap()

    def stop(self) -> int:
        """Ask it to end; gives its exit code."""
        self.process.terminate()
        return self._reap()

    def _reap(self) -> int:
        code = self.process.wait(timeout=30)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code


@pytest.fixture(scope="session", params=["earshot"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running engine; another engine is another parameter."""
    server = ServerProcess(tmp_path_factory.mktemp(str(request.param)), "--synchronous", "NORMAL")
    yield server.address
    server.stop()


@pytest.fixture
async def database(engine: str) -> AsyncIterator[Database]:
    """An empty database, dropped afterwards."""
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(engine, serverSelectionTimeoutMS=5000)
    name = f"test_{uuid.uuid4().hex[:12]}"
    yield client[name]
    await client.drop_database(name)
    await client.close()


@pytest.fixture
async def things(database: Database) -> Collection:
    """A collection that does not exist yet."""
    return database["things"]
