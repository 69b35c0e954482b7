"""What can be set about local mode. Defaults fit a machine where nothing else listens."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator

from deploy.local.documents.settings import socket_address
from shared.config import Brokers, DatabasePrefix, KafkaSecuritySettings

Port = Annotated[int, Field(ge=1, le=65_535)]
_MONGODB_PORT = 27_117
"""Where the services look for a document store that nobody has named."""
_MOST_SOCKET_BYTES = 100
"""Of the path of a Unix socket: Linux takes 107 and macOS 103."""


class LocalSettings(KafkaSecuritySettings):
    """Ports, folders and the engines to use; read from `EARSHOT_…` once, in a `__main__`.

    Where `kafka_bootstrap_servers` or `mongodb_uri` is set, that engine is somebody else's and local
    mode does not start its own.
    """

    data_dir: Path = Field(default=Path("data"), description="Everything that must survive a restart.")
    cache_dir: Path = Field(
        default_factory=lambda: Path.home() / ".cache" / "earshot",
        description="What can be fetched or made again: Kafka's jars and its start-up cache.",
    )

    port: Port = Field(default=8700, description="The pages and the API.")
    connector_port: Port = 8701
    syncer_port: Port = 8702
    detector_port: Port = 8703
    notifier_port: Port = 8704
    demo_port: Port = Field(default=8710, description="The demo workspace.")
    demo_smtp_port: Port = Field(default=8711, description="The demo workspace's mail sink.")
    kafka_port: Port = 19_092
    kafka_controller_port: Port = Field(
        default=19_093, description="Kafka's own quorum, spoken to by no client."
    )
    mongodb_port: Port | None = Field(
        default=None,
        description="The document server's, for tools; without it there is a socket in the data folder.",
    )

    kafka_bootstrap_servers: Brokers | None = None
    mongodb_uri: SecretStr | None = None
    database_prefix: DatabasePrefix = "earshot"

    api_address: str | None = Field(
        default=None, description="Where commands that ask the API go, when it is not this machine's."
    )
    api_key: SecretStr | None = Field(default=None, description="The bearer key that they bring.")

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["console", "json"] = "json"

    @model_validator(mode="after")
    def _our_own_kafka_is_plain(self) -> Self:
        if self.kafka_bootstrap_servers is None and self.kafka_security_protocol != "PLAINTEXT":
            raise ValueError(
                f"EARSHOT_KAFKA_SECURITY_PROTOCOL is {self.kafka_security_protocol}, and the Kafka that local"
                " mode starts knows neither TLS nor passwords: name yours in EARSHOT_KAFKA_BOOTSTRAP_SERVERS"
            )
        return self

    @property
    def bootstrap_servers(self) -> str:
        """Return where Kafka answers, whoever runs it."""
        return self.kafka_bootstrap_servers or f"127.0.0.1:{self.kafka_port}"

    @property
    def mongodb_address(self) -> str:
        """Return the URI of the document store, whoever runs it. It may hold a password: never print it."""
        if self.mongodb_uri is not None:
            return self.mongodb_uri.get_secret_value()
        if self.documents_socket is not None:
            return socket_address(self.documents_socket)
        return f"mongodb://127.0.0.1:{self.documents_port}"

    @property
    def documents_socket(self) -> Path | None:
        """Return the Unix socket of the document server, or None where it listens on a port.

        On a port every user of the machine could ask it; a socket only its owner can open.
        """
        path = self.data_dir.absolute() / "run" / "documents.sock"
        has_room = len(os.fsencode(path)) <= _MOST_SOCKET_BYTES
        return path if self.mongodb_port is None and hasattr(socket, "AF_UNIX") and has_room else None

    @property
    def documents_port(self) -> int:
        """Return the port of the document server, where it listens on one."""
        return self.mongodb_port or _MONGODB_PORT

    @property
    def address(self) -> str:
        """Return the address that people open."""
        return f"http://127.0.0.1:{self.port}"
