"""What a run meets is said at its end, and Kafka's own image is run as deploy/compose runs it."""

from __future__ import annotations

import re

import yaml

from tests.engines.choice import ENGINES, ROOT, TITLES, docker_missing, said
from tests.engines.contained_kafka import kafka_environment, kafka_image


def test_each_engine_is_named_with_a_reason_where_it_is_not_met() -> None:
    """Three document servers and two Kafkas: nothing is left out in silence."""
    lines = said()
    assert [line.partition(": ")[0] for line in lines[: len(ENGINES)]] == [TITLES[name] for name in ENGINES]
    local, image = lines[len(ENGINES) :]
    assert re.match(r"Apache Kafka \d+\.\d+\.\d+ of local mode: ", local)
    assert kafka_image() in image
    assert all(re.search(r": (met$|not met, .{20,})", line) for line in lines)
    # One of the two is met, and the reason of the other is Docker's.
    assert local.endswith(": met") is not image.endswith(": met")
    assert image.endswith(": met") is (docker_missing() is None)


def test_the_image_has_the_settings_of_compose() -> None:
    """But for where it is found: so what the tests meet is what an installation by compose has."""
    composed = yaml.safe_load((ROOT / "deploy/compose/compose.yaml").read_text("utf-8"))["services"]["kafka"]
    ours = kafka_environment("192.0.2.7", 40_001)
    differing = {name for name in composed["environment"] if ours[name] != composed["environment"][name]}
    assert ours.keys() == composed["environment"].keys()
    assert differing == {"KAFKA_ADVERTISED_LISTENERS", "KAFKA_CONTROLLER_QUORUM_VOTERS"}
    assert ours["KAFKA_ADVERTISED_LISTENERS"] == "PLAINTEXT://192.0.2.7:40001"
    assert kafka_image() == composed["image"]
