"""Apache Kafka by its makers' image, where a Docker engine answers: run as deploy/compose runs it."""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from deploy.local.kafka.probe import kafka_answers
from deploy.local.ports import free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMPOSE = Path(__file__).parents[2] / "deploy" / "compose" / "compose.yaml"
_LISTENS_AT = 9092
_START_SECONDS = 90
_PAUSE_SECONDS = 0.2


def _composed() -> dict[str, Any]:
    service: dict[str, Any] = yaml.safe_load(_COMPOSE.read_text("utf-8"))["services"]["kafka"]
    return service


def kafka_image() -> str:
    """Return the image that deploy/compose runs."""
    return str(_composed()["image"])


def kafka_environment(host: str, port: int) -> dict[str, str]:
    """Return the image's settings as deploy/compose has them, for clients that find it at this address."""
    return {
        **_composed()["environment"],
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{host}:{port}",
        # There is no network in which it is called `kafka`.
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
    }


@contextmanager
def contained_kafka() -> Iterator[str]:
    """Run the image inside the block; yield its bootstrap servers once it answers."""
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415 - needs Docker when imported
    from testcontainers.core.docker_client import DockerClient  # noqa: PLC0415 - as above

    host, (port,) = DockerClient().host(), free_ports(1)
    container = DockerContainer(kafka_image()).with_bind_ports(_LISTENS_AT, port)
    for name, value in kafka_environment(host, port).items():
        container.with_env(name, value)
    with container:
        servers = f"{host}:{port}"
        until = time.monotonic() + _START_SECONDS
        while not asyncio.run(kafka_answers(servers)):
            assert time.monotonic() < until, f"{kafka_image()} did not answer within {_START_SECONDS} s"
            time.sleep(_PAUSE_SECONDS)
        yield servers
