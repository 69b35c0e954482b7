"""Which engines a run meets, and why it does not meet the others: one place decides, and says so at the end.

`--engines own` (the default) takes this project's document server and local mode's Kafka alone, `--engines
all` whatever is there: mongo-java-server where its jars can be had; where a Docker engine answers, MongoDB,
and the makers' image of Apache Kafka in the place of local mode's.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from deploy.local.kafka.lockfile import read_lock
from tests.engines.contained_kafka import kafka_image
from tests.engines.jars import MONGO_JAVA_SERVER, class_path

if TYPE_CHECKING:
    from collections.abc import Iterator

EngineName = Literal["earshot", "java", "mongodb"]
ENGINES: tuple[EngineName, ...] = ("earshot", "java", "mongodb")
TITLES = {
    "earshot": "Earshot's document server",
    "java": "mongo-java-server 1.47.0, in memory",
    "mongodb": "MongoDB 8 in a container",
}
ROOT = Path(__file__).parents[2]
_DOCKER_SECONDS = 10
_MONGODB_IMAGE = "mongo:8.0"


@cache
def missing(name: EngineName) -> str | None:
    """Return why an engine cannot be met here, or None when it can. Asked once a run."""
    if name == "java":
        try:
            class_path(MONGO_JAVA_SERVER, Path.home() / ".cache" / "earshot")
        except Exception as error:  # noqa: BLE001 - whatever jgo cannot do is the reason that is printed
            return f"its jars cannot be had: {error!r}"[:200]
    if name == "mongodb":
        return docker_missing()
    return None


def present_engines() -> list[EngineName]:
    """Return the engines that can be met here, in the order in which a run goes over them."""
    return [name for name in ENGINES if missing(name) is None]


@cache
def docker_missing() -> str | None:
    """Return why no container can be run here, or None when one can."""
    try:
        asked = subprocess.run(
            ["docker", "info", "--format", "{{.ServerVersion}}"],  # noqa: S607 - wherever it is installed
            capture_output=True,
            text=True,
            timeout=_DOCKER_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"no Docker engine: {error}"
    return None if asked.returncode == 0 else f"no Docker engine answers: {asked.stderr.strip()[-120:]}"


def kafka_is_contained() -> bool:
    """Tell whether a run over all engines meets Apache Kafka in a container, and not local mode's."""
    return docker_missing() is None


def said() -> list[str]:
    """Return a line for each engine: whether a run over all of them meets it, and if not, why."""
    reason = docker_missing()
    kafka = {
        f"Apache Kafka {read_lock().kafka_version} of local mode": (
            None if reason else "its makers' image stands in its place; `make test` meets it"
        ),
        f"Apache Kafka by its makers' image, {kafka_image()}": reason,
    }
    engines = {TITLES[name]: missing(name) for name in ENGINES} | kafka
    return [f"{title}: {'met' if why is None else f'not met, {why}'}" for title, why in engines.items()]


def java_command(port: int = 0) -> tuple[str, ...]:
    """Return the command that runs mongo-java-server on this port, or on any that is free."""
    path = class_path(MONGO_JAVA_SERVER, Path.home() / ".cache" / "earshot")
    return (sys.executable, "-m", "tests.engines.java_server", path, str(port))


@contextmanager
def running_engine(name: EngineName, folder: Path, *, on_socket: bool = False) -> Iterator[str]:
    """Run an engine inside the block; yield its MongoDB address. Ours can listen on a socket too."""
    if name == "mongodb":
        from testcontainers.mongodb import MongoDbContainer  # noqa: PLC0415 - needs Docker when imported

        with MongoDbContainer(_MONGODB_IMAGE) as container:
            yield container.get_connection_url()
        return
    place = ("--socket", str(folder / "documents.sock")) if on_socket else ("--port", "0")
    arguments = (*place, "--directory", str(folder), "--ttl-interval-seconds", "0.5")
    own = (sys.executable, "-m", "deploy.local.documents", *arguments)
    process = subprocess.Popen(  # noqa: S603 - our own modules
        own if name == "earshot" else java_command(),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},  # noqa: TID251 - a child inherits its surroundings
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("ready "), f"{TITLES[name]} did not start: {line!r}"
        yield line.split()[1]
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
