"""Makes the lock of Kafka's jars anew: `python -m deploy.local.kafka.lock`.

Decides which files a broker needs: Kafka's server with what it depends on, resolved by jgo, and the
bridge from its logging interface to Log4j. The bridge is taken alone: what it depends on comes with the
server, and resolved together with it jgo would let Log4j's own list of versions replace Kafka's client by
an older one. Kafka's command-line tools are not among them: their newest release is older than the
server's and does not run on its libraries.
"""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from deploy.local.kafka.lockfile import LOCK_FILE, KafkaLock, LockedJar, sha256_of
from deploy.local.kafka.repository import maven_context

if TYPE_CHECKING:
    from jgo.maven import Artifact, MavenContext

KAFKA_VERSION = "4.4.0"
SCALA_VERSION = "2.13"
_LOG4J_GROUP = "org.apache.logging.log4j"
_PARALLEL_DOWNLOADS = 4


def resolve(context: MavenContext) -> list[Artifact]:
    """Return the files to lock, in the order of the class path."""
    server = context.create_dependency(f"org.apache.kafka:kafka_{SCALA_VERSION}:{KAFKA_VERSION}")
    inputs, transitive = context.resolver.resolve([server])
    needed = [item.artifact for item in [*inputs, *transitive] if item.scope in (None, "compile", "runtime")]
    log4j = next(item for item in needed if item.groupId == _LOG4J_GROUP)
    bridge = context.create_dependency(f"{_LOG4J_GROUP}:log4j-slf4j-impl:{log4j.version}").artifact
    return [*needed, bridge]


def make_lock(cache: Path) -> KafkaLock:
    """Resolve and download everything into `cache`, and return the lock of what came."""
    found = resolve(maven_context(cache))
    with ThreadPoolExecutor(_PARALLEL_DOWNLOADS) as pool:
        paths = list(pool.map(lambda artifact: artifact.resolve(), found))
    jars = tuple(
        LockedJar(
            group=artifact.groupId,
            artifact=artifact.artifactId,
            version=artifact.version,
            sha256=sha256_of(path),
            size=path.stat().st_size,
        )
        for artifact, path in zip(found, paths, strict=True)
    )
    return KafkaLock(kafka_version=KAFKA_VERSION, jars=jars)


def main() -> None:
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        lock = make_lock(Path(folder))
    LOCK_FILE.write_text(lock.model_dump_json(indent=1) + "\n", encoding="utf-8")
    console.print(
        f"{len(lock.jars)} jars, {lock.total_bytes / 1_000_000:.1f} MB, locked in {LOCK_FILE.name}."
    )


if __name__ == "__main__":
    main()
