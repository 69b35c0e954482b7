"""Who names the component speaks to Kafka by TLS and a password, in every pod and for every number."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from deploy.k8s.rendering import pod_of, render
from tests.contract.deployment.conftest import folder_of
from tests.contract.deployment.keda_definitions import DEFINITIONS, SASL

if TYPE_CHECKING:
    from collections.abc import Iterator

Manifest = dict[str, Any]

AS_KEDA_SAYS = {"PLAIN": "plaintext", "SCRAM-SHA-256": "scram_sha256", "SCRAM-SHA-512": "scram_sha512"}
"""KEDA's name for each mechanism that the services speak."""


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> list[Manifest]:
    """Production with the component."""
    return render(folder_of("kafka-tls", tmp_path_factory.mktemp("secured")))


def _settings(manifests: list[Manifest]) -> dict[str, str]:
    found: dict[str, str] = next(item["data"] for item in manifests if item["kind"] == "ConfigMap")
    return found


def _clients(manifests: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    for item in manifests:
        pod = pod_of(item)
        for container in (pod or {}).get("containers", []):
            if any(variable["name"] == "EARSHOT_KAFKA_PASSWORD" for variable in container.get("env", [])):
                yield item["metadata"]["name"], pod or {}


def _kafka_triggers(manifests: list[Manifest]) -> list[Manifest]:
    return [
        trigger
        for item in manifests
        if item["kind"] == "ScaledObject"
        for trigger in item["spec"]["triggers"]
        if trigger["type"] == "kafka"
    ]


def test_every_client_finds_the_certificate_where_the_setting_says(secured: list[Manifest]) -> None:
    """All five speak to Kafka, the job that creates topics too, and read the same file."""
    settings = _settings(secured)
    assert settings["EARSHOT_KAFKA_SECURITY_PROTOCOL"] == "SASL_SSL"
    file = Path(settings["EARSHOT_KAFKA_CA_FILE"])
    clients = dict(_clients(secured))
    assert clients.keys() == {"connector", "syncer", "detector", "notifier", "topics"}
    for name, pod in clients.items():
        (mount,) = [
            mount for mount in pod["containers"][0]["volumeMounts"] if mount["mountPath"] == str(file.parent)
        ]
        volume = next(volume for volume in pod["volumes"] if volume["name"] == mount["name"])
        assert volume["secret"] == {"secretName": "earshot-kafka-ca"}, name


def test_keda_asks_for_lag_as_the_services_read(secured: list[Manifest]) -> None:
    """Each number that comes from Kafka is asked for by the services' mechanism, user and certificate."""
    settings = _settings(secured)
    (authentication,) = [item for item in secured if item["kind"] == "TriggerAuthentication"]
    given = {
        entry["parameter"]: (entry["name"], entry["key"])
        for entry in authentication["spec"]["secretTargetRef"]
    }
    assert given == {
        "username": ("earshot-kafka", "username"),
        "password": ("earshot-kafka", "password"),
        "ca": ("earshot-kafka-ca", "ca.crt"),
    }
    triggers = _kafka_triggers(secured)
    assert len(triggers) == 3
    for trigger in triggers:
        assert trigger["authenticationRef"] == {"name": authentication["metadata"]["name"]}
        assert trigger["metadata"]["sasl"] == AS_KEDA_SAYS[settings["EARSHOT_KAFKA_SASL_MECHANISM"]]
        assert trigger["metadata"]["tls"] == "enable"


def test_keda_speaks_each_mechanism_of_the_services() -> None:
    """What somebody puts in SCRAM-SHA-512's place in the component, KEDA can speak too."""
    assert set(AS_KEDA_SAYS.values()) <= SASL


@pytest.mark.parametrize(
    ("name", "value"),
    [("sasl", "SCRAM-SHA-512"), ("sasl", "aws_msk_iam"), ("tls", "true"), ("ssl", "enable")],
)
def test_what_the_kafka_scaler_does_not_know_is_noticed(
    secured: list[Manifest], name: str, value: str
) -> None:
    """A value by another name than KEDA's would stop scaling, and nobody but its log would say so."""
    wrong = copy.deepcopy(next(item for item in secured if item["kind"] == "ScaledObject"))
    wrong["spec"]["triggers"][0]["metadata"][name] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, DEFINITIONS["ScaledObject"])


def test_a_parameter_that_the_kafka_scaler_does_not_know_is_noticed(secured: list[Manifest]) -> None:
    """KEDA would ask without it: by no user, or without the authority's certificate."""
    wrong = copy.deepcopy(next(item for item in secured if item["kind"] == "TriggerAuthentication"))
    wrong["spec"]["secretTargetRef"][0]["parameter"] = "user"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, DEFINITIONS["TriggerAuthentication"])
