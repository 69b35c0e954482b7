"""Fetches Kafka's jars once, and decides whether what lies in the cache is what the lock names.

Sums are computed when files arrive and whenever a file's size or time of change is not what a stamp
beside them recorded; otherwise a look at each file's metadata is enough.
"""

from __future__ import annotations

import json
import os
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import requests
from jgo.maven import PythonResolver

from deploy.local.errors import DownloadFailed, JarRefused
from deploy.local.filelock import exclusive
from deploy.local.kafka.java import runtime_version
from deploy.local.kafka.lockfile import KafkaLock, LockedJar, check_jar
from deploy.local.kafka.repository import maven_context

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from deploy.local.progress import Reporter

    Fetch = Callable[[LockedJar, Path, Callable[[int], None]], Path]
    """Downloads a jar somewhere under a folder, tells of each piece, and returns where the file is."""

_PARALLEL_DOWNLOADS = 4
_STAMP = "verified.json"


@dataclass(frozen=True, slots=True)
class Installation:
    """Kafka's jars, present and verified, in `folder`."""

    folder: Path
    lock: KafkaLock

    @property
    def start_cache(self) -> Path:
        """Return where the start-up cache is, or will be; it fits one version of the Java runtime."""
        return self.folder / f"start-{runtime_version()}.aot"

    @property
    def class_path(self) -> str:
        # In the lock's order and by full name: the start-up cache only fits the class path it was made with.
        return os.pathsep.join(str(self.folder / jar.filename) for jar in self.lock.jars)


def planned_installation(lock: KafkaLock, cache_dir: Path) -> Installation:
    """Return where the jars are, or will be after `install`."""
    folder = cache_dir.absolute() / "kafka" / f"{lock.kafka_version}-{lock.digest}"
    return Installation(folder=folder, lock=lock)


def install(lock: KafkaLock, cache_dir: Path, reporter: Reporter, fetch: Fetch | None = None) -> Installation:
    """Make sure that every locked jar is in the cache, and return where.

    Safe to call from several processes at once: the second waits and then finds the files.

    Raises:
        DownloadFailed: a file could not be fetched.
        JarRefused: what was fetched is not what the lock names; nothing of it is kept.
    """
    installation = planned_installation(lock, cache_dir)
    folder = installation.folder
    if not _stamped(lock, folder):
        with exclusive(folder.with_suffix(".lock")):
            if not _stamped(lock, folder):
                _complete(lock, folder, reporter, fetch or fetch_by_jgo)
    return installation


def _complete(lock: KafkaLock, folder: Path, reporter: Reporter, fetch: Fetch) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    missing = [jar for jar in lock.jars if not _verified(jar, folder / jar.filename)]
    if missing:
        _download(missing, folder, reporter, fetch)
    stamp = {jar.filename: _metadata(folder / jar.filename) for jar in lock.jars}
    _write_whole(folder / _STAMP, json.dumps(stamp, indent=1).encode())


def _download(jars: list[LockedJar], folder: Path, reporter: Reporter, fetch: Fetch) -> None:
    total = sum(jar.size for jar in jars)
    guard = threading.Lock()
    with (
        tempfile.TemporaryDirectory(dir=folder) as staging,
        reporter.bytes_bar("Fetching Apache Kafka", total) as advance,
        ThreadPoolExecutor(_PARALLEL_DOWNLOADS) as pool,
    ):

        def told(count: int) -> None:
            with guard:
                advance(count)

        def one(jar: LockedJar) -> None:
            path = fetch(jar, Path(staging), told)
            check_jar(jar, path)
            path.replace(folder / jar.filename)

        # list() waits for all and raises the first failure.
        list(pool.map(one, jars))


def fetch_by_jgo(jar: LockedJar, staging: Path, advance: Callable[[int], None]) -> Path:
    """Download one jar with jgo from the repositories that this machine is configured with."""

    @contextmanager
    def progress(_filename: str, _total: int) -> Iterator[Callable[[int], None]]:
        yield advance

    context = maven_context(staging, PythonResolver(progress_callback=progress))
    artifact = context.project(jar.group, jar.artifact).at_version(jar.version).artifact()
    try:
        path = context.resolver.download(artifact)
    except (RuntimeError, requests.RequestException) as error:
        # jgo raises a bare RuntimeError when no repository has the file.
        raise DownloadFailed(
            f"{jar.coordinates} could not be fetched ({error}). Local mode needs it once: check the network, "
            "or name your mirror in Maven's settings.xml or in jgo's configuration file, and start again. "
            "To use a Kafka that already runs somewhere, set EARSHOT_KAFKA_BOOTSTRAP_SERVERS."
        ) from error
    if path is None:
        raise DownloadFailed(f"{jar.coordinates} could not be fetched, and jgo does not say why.")
    return path


def _verified(jar: LockedJar, path: Path) -> bool:
    if not path.exists():
        return False
    try:
        check_jar(jar, path)
    except JarRefused:
        # A file in the cache that changed is replaced; the same fault in a fresh download is an error.
        path.unlink()
        return False
    return True


def _stamped(lock: KafkaLock, folder: Path) -> bool:
    try:
        stamp = json.loads((folder / _STAMP).read_bytes())
        return all(stamp.get(jar.filename) == _metadata(folder / jar.filename) for jar in lock.jars)
    except (OSError, ValueError, AttributeError):
        # No stamp, a broken one, or a file gone: the sums decide.
        return False


def _metadata(path: Path) -> list[int]:
    found = path.stat()
    return [found.st_size, found.st_mtime_ns]


def _write_whole(path: Path, content: bytes) -> None:
    beside = path.with_suffix(".new")
    beside.write_bytes(content)
    beside.replace(path)
