"""Java programs that tests compare with or read by, fetched by jgo once and kept in the cache."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from deploy.local.filelock import exclusive
from deploy.local.kafka.repository import maven_context

if TYPE_CHECKING:
    from pathlib import Path

MONGO_JAVA_SERVER = "de.bwaldvogel:mongo-java-server:1.47.0"
KAFKA_TOOLS = "org.apache.kafka:kafka-tools:4.1.1"
"""Of an older release than the broker's, with the client that belongs to it: a foreign client in this too."""

_NEEDED = (None, "compile", "runtime")


def class_path(coordinates: str, cache_dir: Path) -> str:
    """Return the class path of a program with all it depends on; fetched when it is not there yet.

    Raises whatever jgo raises when a file cannot be fetched; a caller that can do without says so.
    """
    folder = cache_dir.absolute() / "tests"
    folder.mkdir(parents=True, exist_ok=True)
    listed = folder / f"{coordinates.replace(':', '_')}.txt"
    with exclusive(listed.with_suffix(".lock")):
        if not listed.exists() or not all(map(os.path.exists, listed.read_text("utf-8").split(os.pathsep))):
            context = maven_context(folder / "repository")
            inputs, transitive = context.resolver.resolve([context.create_dependency(coordinates)])
            artifacts = [item.artifact for item in [*inputs, *transitive] if item.scope in _NEEDED]
            paths = [str(artifact.resolve()) for artifact in artifacts]
            listed.write_text(os.pathsep.join(paths), encoding="utf-8")
    return listed.read_text("utf-8")
