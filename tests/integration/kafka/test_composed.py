"""The settings that deploy/compose gives the makers' image, taken by the program that the image starts with.

It turns variables into Kafka's own configuration and formats the storage. No container runs here: the program
is in the jars of local mode, and Kafka itself is started with what it has written.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from deploy.local.kafka.configuration import BrokerAddress
from deploy.local.kafka.node import planned_node, prepare_node
from deploy.local.kafka.probe import kafka_answers
from deploy.local.kafka.topics import ensure_topics
from deploy.local.ports import free_ports
from deploy.local.progress import SilentReporter
from deploy.local.settings import LocalSettings
from deploy.local.throwaway import running
from shared.contracts.topics import ALL_TOPICS
from tests.engines.contained_kafka import kafka_environment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

_SECONDS = 120
_COPIED = ("server.properties", "log4j2.yaml", "tools-log4j2.yaml")
"""What the image has as defaults; the program adds to it."""


def _set_up(java: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
    """Let the image's program write Kafka's configuration to `final`, and format the storage."""
    done = subprocess.run(  # noqa: S603 - Java with arguments of this file
        [
            *java,
            "kafka.docker.KafkaDockerWrapper",
            "setup",
            *("--default-configs-dir", str(folder / "defaults")),
            *("--mounted-configs-dir", str(folder / "mounted")),
            *("--final-configs-dir", str(folder / "final")),
        ],
        env=environment,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-1_000:]


async def test_kafka_starts_with_the_settings_of_compose(tmp_path: Path) -> None:
    """One broker that is its own controller; it takes all topics and makes none by itself."""
    local = LocalSettings()
    port, controller = free_ports(2)
    node = planned_node(
        folder=tmp_path / "local",
        log_file=tmp_path / "kafka.log",
        address=BrokerAddress(port, controller),
        cache_dir=local.cache_dir,
    )
    prepare_node(node, local.cache_dir, SilentReporter())
    java, *flags, _, _ = node.command()
    for name in ("defaults", "mounted", "final", "data"):
        (tmp_path / name).mkdir()
    for name in _COPIED:
        (tmp_path / "defaults" / name).touch()
    environment = {
        **kafka_environment("127.0.0.1", port),
        # Where a container has an address of its own, here others listen on those ports.
        "KAFKA_LISTENERS": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": f"1@127.0.0.1:{controller}",
        "KAFKA_LOG_DIRS": str(tmp_path / "data"),
    }
    _set_up((java, *flags), environment, tmp_path)
    servers = f"127.0.0.1:{port}"
    command = (java, *flags, "kafka.Kafka", str(tmp_path / "final" / "server.properties"))
    with running(command, lambda: kafka_answers(servers), output=tmp_path / "output.txt"):
        await ensure_topics(servers, ALL_TOPICS)
        admin = AIOKafkaAdminClient(bootstrap_servers=servers)
        await admin.start()
        (stray,) = await admin.describe_topics(["stray"])
        topics = await admin.list_topics()
        await admin.close()
    assert stray["error_code"] == 3
    assert set(topics) == {topic.name for topic in ALL_TOPICS}
