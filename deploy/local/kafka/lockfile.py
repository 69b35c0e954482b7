"""The lock of Kafka's jars: exactly which files run, and how a file is recognised as one of them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from deploy.local.errors import JarRefused

LOCK_FILE = Path(__file__).with_name("kafka.lock.json")

_READ_BYTES = 1 << 20
"""One megabyte at a time: a jar is never held in memory whole."""


class LockedJar(BaseModel):
    """One file by its Maven coordinates, size in bytes and SHA-256 sum."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    group: str = Field(pattern=r"^[A-Za-z0-9_.\-]+$")
    artifact: str = Field(pattern=r"^[A-Za-z0-9_.\-]+$")
    version: str = Field(pattern=r"^[A-Za-z0-9_.\-]+$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(gt=0)

    @property
    def filename(self) -> str:
        return f"{self.artifact}-{self.version}.jar"

    @property
    def coordinates(self) -> str:
        return f"{self.group}:{self.artifact}:{self.version}"


class KafkaLock(BaseModel):
    """The locked jars in the order of the class path."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kafka_version: str
    jars: tuple[LockedJar, ...] = Field(min_length=1)

    @property
    def digest(self) -> str:
        """Return a short name for exactly this set of files, to tell installations apart."""
        sums = "\n".join(f"{jar.coordinates} {jar.sha256}" for jar in self.jars)
        return hashlib.sha256(sums.encode()).hexdigest()[:12]

    @property
    def total_bytes(self) -> int:
        return sum(jar.size for jar in self.jars)


def read_lock(path: Path = LOCK_FILE) -> KafkaLock:
    """Read a lock file.

    Raises pydantic's `ValidationError` when the file is not a lock: it is part of the code, so this is
    a broken checkout and not something to recover from.
    """
    return KafkaLock.model_validate_json(path.read_bytes())


def sha256_of(path: Path) -> str:
    """Return the SHA-256 sum of a file as hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_READ_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def check_jar(jar: LockedJar, path: Path) -> None:
    """Accept the file at `path` as `jar`, or raise `JarRefused` saying what differs."""
    size = path.stat().st_size
    if size != jar.size:
        raise JarRefused(f"{path} has {size} bytes, but the lock says {jar.size} for {jar.coordinates}.")
    found = sha256_of(path)
    if found != jar.sha256:
        raise JarRefused(
            f"{path} has the SHA-256 sum {found}, but the lock says {jar.sha256} for {jar.coordinates}. "
            "It is not the file that was reviewed, so it is not run."
        )
