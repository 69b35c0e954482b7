"""The port check names every part that cannot have its port, and the setting that moves it."""

from __future__ import annotations

import pytest

from deploy.local.errors import PortTaken
from deploy.local.ports import PortNeed, check_ports

PAGES = PortNeed(8700, "the pages", "EARSHOT_PORT")
KAFKA = PortNeed(19_092, "Kafka", "EARSHOT_KAFKA_PORT")


def test_free_ports_pass() -> None:
    """Nothing is raised when everything can be had."""
    check_ports([PAGES, KAFKA], free=lambda _port: True)


def test_each_taken_port_is_named_with_its_setting() -> None:
    """All problems are told at once, so that a person mends them in one go."""
    with pytest.raises(PortTaken) as caught:
        check_ports([PAGES, KAFKA], free=lambda _port: False)
    for word in ("8700", "EARSHOT_PORT", "19092", "EARSHOT_KAFKA_PORT"):
        assert word in str(caught.value)


def test_two_parts_on_one_port_are_told() -> None:
    """A setting that gives two parts the same port is refused, naming both settings."""
    with pytest.raises(PortTaken, match=r"EARSHOT_PORT.*EARSHOT_KAFKA_PORT"):
        check_ports([PAGES, PortNeed(8700, "Kafka", "EARSHOT_KAFKA_PORT")], free=lambda _port: True)
