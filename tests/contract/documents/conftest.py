"""The engines that the conformance suite runs over; each is a MongoDB address and a way to stop it."""

from __future__ import annotations

import subprocess
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

from tests.engines.choice import present_engines

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from tests.engines.choice import EngineName

Database = AsyncDatabase[dict[str, Any]]
Collection = AsyncCollection[dict[str, Any]]

ROOT = Path(__file__).parents[3]


class ServerProcess:
    """Our document server as a process of its own, on a port that the system chose."""

    def __init__(self, directory: Path, *arguments: str, before: Callable[[], None] | None = None) -> None:
        self.process = subprocess.Popen(  # noqa: S603 - our own module with arguments of this file
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
            stderr=subprocess.DEVNULL,
            text=True,
            preexec_fn=before,  # noqa: PLW1509 - sets one limit of the child before any thread exists
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


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., ServerProcess]]:
    """Starts servers over ``tmp_path / "data"``; those still running at the end are killed."""
    running: list[ServerProcess] = []

    def begin(*arguments: str, before: Callable[[], None] | None = None) -> ServerProcess:
        running.append(ServerProcess(tmp_path / "data", *arguments, before=before))
        return running[-1]

    yield begin
    for server in running:
        if server.process.poll() is None:
            server.kill()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what asks for an engine over each that the run has chosen and that is there."""
    if "engine" in metafunc.fixturenames:
        names = present_engines() if metafunc.config.getoption("--engines") == "all" else ["earshot"]
        metafunc.parametrize("engine", names, indirect=True, scope="session")


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest, engine_named: Callable[[EngineName], str]) -> str:
    """The address of a running engine; which one is the parameter."""
    return engine_named(request.param)


@pytest.fixture
async def database(engine: str) -> AsyncIterator[Database]:
    """An empty database, dropped afterwards."""
    # Another engine may refuse to drop what it should not have made; its client is closed all the same.
    async with AsyncMongoClient[dict[str, Any]](engine, serverSelectionTimeoutMS=5000) as client:
        name = f"test_{uuid.uuid4().hex[:12]}"
        yield client[name]
        await client.drop_database(name)


@pytest.fixture
async def things(database: Database) -> Collection:
    """A collection that does not exist yet."""
    return database["things"]
