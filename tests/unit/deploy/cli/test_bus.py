"""Which Kafka the command line speaks to, and by what: the settings of the services."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from deploy.cli.engine import bus_of
from deploy.cli.invocation import Invocation
from deploy.local.settings import LocalSettings
from shared.config import KafkaSettings
from shared.errors import ConfigurationError
from shared.messaging.security import client_security

SECRET = "k4fka-pass"
SECURED: dict[str, Any] = {
    "kafka_bootstrap_servers": "kafka-1:9093",
    "kafka_security_protocol": "SASL_SSL",
    "kafka_username": "earshot",
    "kafka_password": SECRET,
}


def test_local_kafka_is_spoken_to_plainly() -> None:
    """Without any setting a client is told the address and nothing about who it is."""
    arguments = bus_of(LocalSettings(kafka_port=19_555)).arguments()
    assert arguments["bootstrap_servers"] == "127.0.0.1:19555"
    assert not {name for name in arguments if name.startswith(("security", "sasl", "ssl"))}


def test_clients_are_made_as_those_of_the_services() -> None:
    """The same settings mean the same to both: protocol, mechanism, name and password."""
    arguments = bus_of(LocalSettings(**SECURED)).arguments()
    services = client_security(KafkaSettings(**SECURED))
    for name in ("security_protocol", "sasl_mechanism", "sasl_plain_username", "sasl_plain_password"):
        assert arguments[name] == services[name]
    assert arguments["ssl_context"].check_hostname


def test_the_password_is_not_shown() -> None:
    """A traceback or a log line may hold a bus."""
    assert SECRET not in repr(bus_of(LocalSettings(**SECURED)))


def test_a_protocol_that_local_kafka_does_not_speak_is_refused() -> None:
    """Nobody is left with a Kafka that answers in another language than it is spoken to."""
    with pytest.raises(ValidationError, match="EARSHOT_KAFKA_BOOTSTRAP_SERVERS"):
        LocalSettings(kafka_security_protocol="SSL")


def test_an_incomplete_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line says which variable is missing, as the services do."""
    monkeypatch.setenv("EARSHOT_KAFKA_BOOTSTRAP_SERVERS", "kafka-1:9093")
    monkeypatch.setenv("EARSHOT_KAFKA_SECURITY_PROTOCOL", "SASL_SSL")
    with pytest.raises(ConfigurationError, match="EARSHOT_KAFKA_PASSWORD"):
        Invocation({}).settings()
