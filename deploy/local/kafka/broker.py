"""One Kafka node in a folder: made ready once, then a command to start, kill and start again."""

from __future__ import annotations

import base64
import subprocess
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deploy.local.errors import EngineFailed
from deploy.local.kafka.configuration import BrokerAddress, log_configuration, server_properties
from deploy.local.kafka.java import BROKER_HEAP_MEGABYTES, TOOL_HEAP_MEGABYTES, java_command

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from deploy.local.kafka.jars import Installation

_FORMAT_TIMEOUT_SECONDS = 120
"""Takes a second; a machine that is swapping gets two minutes before it is called broken."""

_QUIET = ("-Xlog:disable", "-Xlog:all=error:stderr")
"""Java warns of each class or stub of the cache that it makes anew instead; nobody needs to act on that."""


@dataclass(frozen=True, slots=True)
class KafkaNode:
    """A broker's files.

    Attributes:
        folder: holds the configuration and, under `data`, everything that must survive.
        log_file: where Kafka writes its log; rotated at 5 MB, three kept.
    """

    installation: Installation
    folder: Path
    log_file: Path
    address: BrokerAddress

    @property
    def data(self) -> Path:
        return self.folder.absolute() / "data"

    @property
    def _properties(self) -> Path:
        return self.folder.absolute() / "server.properties"

    @property
    def _log_configuration(self) -> Path:
        return self.folder.absolute() / "log4j2.xml"

    def prepare(self) -> None:
        """Write the configuration for the present settings and format the storage if it never was.

        Raises `EngineFailed` with Kafka's own words when the storage cannot be formatted.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        self._properties.write_text(server_properties(self.address, self.data), encoding="utf-8")
        self._log_configuration.write_text(log_configuration(self.log_file.absolute()), encoding="utf-8")
        if not (self.data / "meta.properties").exists():
            self._format()

    def command(self, options: Sequence[str] | None = None) -> tuple[str, ...]:
        """Return the command that runs the broker in the foreground until SIGTERM (it then exits with 143).

        `options` go to the Java virtual machine in place of the start-up cache.
        """
        return java_command(
            main_class="kafka.Kafka",
            class_path=self.installation.class_path,
            log_configuration=self._log_configuration,
            heap_megabytes=BROKER_HEAP_MEGABYTES,
            options=self._start_cache_option() if options is None else options,
            arguments=[str(self._properties)],
        )

    def _start_cache_option(self) -> tuple[str, ...]:
        cache = self.installation.start_cache
        # Java goes on without a cache that does not fit, so a stale file costs time and nothing else.
        return (f"-XX:AOTCache={cache}", *_QUIET) if cache.exists() else ()

    def _format(self) -> None:
        arguments = ("format", "--ignore-formatted", "-t", new_cluster_id(), "-c", str(self._properties))
        command = java_command(
            main_class="kafka.tools.StorageTool",
            class_path=self.installation.class_path,
            log_configuration=self._log_configuration,
            heap_megabytes=TOOL_HEAP_MEGABYTES,
            arguments=arguments,
        )
        done = subprocess.run(  # noqa: S603 - the command is built here from verified files
            command, capture_output=True, text=True, check=False, timeout=_FORMAT_TIMEOUT_SECONDS
        )
        if done.returncode != 0:
            said = (done.stderr or done.stdout).strip()
            raise EngineFailed(f"Kafka could not format its storage in {self.data}: {said}")


def new_cluster_id(random_id: Callable[[], uuid.UUID] = uuid.uuid4) -> str:
    """Return a name for a new cluster as Kafka writes them: a random UUID in URL-safe base64.

    None begins with a dash, which Kafka's tools would read as an option; Kafka's own ids keep to that too.
    """
    while True:
        name = base64.urlsafe_b64encode(random_id().bytes).decode().rstrip("=")
        if not name.startswith("-"):
            return name
