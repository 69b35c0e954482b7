"""Only the files that the lock names are run: what differs is refused or fetched again."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from deploy.local.errors import DownloadFailed, JarRefused
from deploy.local.kafka.jars import install
from deploy.local.kafka.lockfile import KafkaLock, LockedJar, check_jar, read_lock
from deploy.local.progress import SilentReporter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CONTENT = b"PK\x03\x04 the reviewed jar"


def jar(name: str = "kafka") -> LockedJar:
    return LockedJar(
        group="org.example",
        artifact=name,
        version="1.0",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        size=len(CONTENT),
    )


LOCK = KafkaLock(kafka_version="1.0", jars=(jar("kafka"), jar("clients")))


class Shop:
    """Hands out files and counts."""

    def __init__(self, content: bytes = CONTENT) -> None:
        self.content = content
        self.fetched: list[str] = []

    def __call__(self, wanted: LockedJar, staging: Path, advance: Callable[[int], None]) -> Path:
        self.fetched.append(wanted.artifact)
        path = staging / wanted.filename
        path.write_bytes(self.content)
        advance(len(self.content))
        return path


def run(tmp_path: Path, shop: Shop) -> Path:
    return install(LOCK, tmp_path, SilentReporter(), fetch=shop).folder


def test_jars_are_fetched_once(tmp_path: Path) -> None:
    """The second start finds them and asks nobody."""
    shop = Shop()
    folder = run(tmp_path, shop)
    run(tmp_path, shop)
    assert sorted(shop.fetched) == ["clients", "kafka"]
    assert (folder / "kafka-1.0.jar").read_bytes() == CONTENT


def test_the_class_path_keeps_the_order_of_the_lock(tmp_path: Path) -> None:
    """The start-up cache only fits the class path it was made with."""
    installation = install(LOCK, tmp_path, SilentReporter(), fetch=Shop())
    names = [path.rpartition("/")[2] for path in installation.class_path.split(os.pathsep)]
    assert names == ["kafka-1.0.jar", "clients-1.0.jar"]


@pytest.mark.parametrize("content", [CONTENT.replace(b"reviewed", b"tampered"), CONTENT + b"!", b"<html>"])
def test_a_download_that_is_not_the_locked_file_is_refused(tmp_path: Path, content: bytes) -> None:
    """Neither another content of the same size nor another size is run, and nothing of it stays."""
    with pytest.raises(JarRefused, match=r"org\.example:"):
        run(tmp_path, Shop(content))
    assert not list(tmp_path.rglob("*.jar"))


def test_a_jar_that_was_tampered_with_is_fetched_again(tmp_path: Path) -> None:
    """A file in the cache that changed since it was verified is replaced by the right one."""
    folder = run(tmp_path, Shop())
    (folder / "kafka-1.0.jar").write_bytes(CONTENT.replace(b"reviewed", b"tampered"))
    shop = Shop()
    run(tmp_path, shop)
    assert shop.fetched == ["kafka"]
    assert (folder / "kafka-1.0.jar").read_bytes() == CONTENT


def test_a_jar_that_was_only_touched_is_checked_and_kept(tmp_path: Path) -> None:
    """A new time of change makes the sum be computed; the right sum needs no download."""
    folder = run(tmp_path, Shop())
    os.utime(folder / "kafka-1.0.jar", (1, 1))
    shop = Shop()
    run(tmp_path, shop)
    assert shop.fetched == []


@pytest.mark.parametrize("stamp", ["", "[]", "null", "{", '{"kafka-1.0.jar": [1, 2]}'])
def test_a_broken_stamp_makes_the_sums_decide(tmp_path: Path, stamp: str) -> None:
    """The stamp saves time and proves nothing by itself."""
    folder = run(tmp_path, Shop())
    (folder / "verified.json").write_text(stamp)
    shop = Shop()
    run(tmp_path, shop)
    assert shop.fetched == []


def test_a_failed_download_keeps_what_came(tmp_path: Path) -> None:
    """The next try fetches only what is missing."""

    def half(wanted: LockedJar, staging: Path, advance: Callable[[int], None]) -> Path:
        if wanted.artifact == "clients":
            raise DownloadFailed("no network")
        return Shop()(wanted, staging, advance)

    with pytest.raises(DownloadFailed):
        install(LOCK, tmp_path, SilentReporter(), fetch=half)
    shop = Shop()
    run(tmp_path, shop)
    assert shop.fetched == ["clients"]


def test_another_lock_is_another_installation(tmp_path: Path) -> None:
    """A changed sum never meets files of the lock before."""
    changed = jar("kafka").model_copy(update={"sha256": "0" * 64})
    assert KafkaLock(kafka_version="1.0", jars=(changed, jar("clients"))).digest != LOCK.digest


def test_a_right_file_is_accepted(tmp_path: Path) -> None:
    """The check passes what the lock names."""
    path = tmp_path / "x.jar"
    path.write_bytes(CONTENT)
    check_jar(jar(), path)


@pytest.mark.parametrize("field", ["group", "artifact", "version"])
def test_a_lock_cannot_name_a_path(field: str) -> None:
    """Coordinates become file names; none may lead out of the folder."""
    with pytest.raises(ValidationError):
        LockedJar.model_validate(jar().model_dump() | {field: "../../etc"})


def test_the_committed_lock_is_whole() -> None:
    """One version of each file, Kafka's own parts all of one version, and the bridge to its log."""
    lock = read_lock()
    names = [(jar.group, jar.artifact) for jar in lock.jars]
    assert len(set(names)) == len(names)
    kafka = {jar.version for jar in lock.jars if jar.group == "org.apache.kafka"}
    assert kafka == {lock.kafka_version}
    assert ("org.apache.logging.log4j", "log4j-slf4j-impl") in names
