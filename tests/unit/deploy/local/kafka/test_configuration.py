"""The broker's configuration listens on loopback alone and survives any folder name."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from deploy.local.kafka.configuration import BrokerAddress, log_configuration, server_properties


def properties(data: Path) -> dict[str, str]:
    text = server_properties(BrokerAddress(19_092, 19_093), data)
    return dict(line.split("=", 1) for line in text.splitlines())


def test_every_listener_is_on_loopback() -> None:
    """Nobody on the network reaches a broker that asks for no password."""
    found = properties(Path("/data"))
    for name in ("listeners", "advertised.listeners"):
        assert all("//127.0.0.1:" in listener for listener in found[name].split(","))


def test_ports_are_those_of_the_settings() -> None:
    """Clients and the quorum find the node where the settings put it."""
    found = properties(Path("/data"))
    assert "PLAINTEXT://127.0.0.1:19092" in found["listeners"]
    assert found["controller.quorum.voters"] == "1@127.0.0.1:19093"


def test_a_mistyped_topic_is_an_error() -> None:
    """No topic comes into being by asking for it."""
    assert properties(Path("/data"))["auto.create.topics.enable"] == "false"


def test_heartbeats_fit_into_a_session() -> None:
    """Kafka refuses to start with fewer than two."""
    found = properties(Path("/data"))
    assert int(found["broker.heartbeat.interval.ms"]) * 2 <= int(found["broker.session.timeout.ms"])


def test_a_backslash_in_a_folder_survives() -> None:
    """Java's properties format takes the backslash for an escape."""
    assert properties(Path("/da\\ta"))["log.dirs"] == "/da\\\\ta"


def test_the_log_goes_to_its_file_whatever_the_folder_is_called() -> None:
    """Characters that XML gives a meaning do not break the log's configuration."""
    path = Path('/a & b/<c>"/kafka.log')
    root = ET.fromstring(log_configuration(path))  # noqa: S314 - text that was made one line above
    file = root.find("Appenders/RollingFile")
    assert file is not None
    assert file.get("fileName") == str(path)
