"""Who names the component speaks to Kafka by TLS and a password, in every pod and for every number."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from deploy.k8s.rendering import pod_of, render
from tests.contract.deployment.kustomizing import KUBECTL, kustomized, rendered_by_identity

if TYPE_CHECKING:
    from collections.abc import Iterator

Manifest = dict[str, Any]


@pytest.fixture(scope="module")
def secured(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Production with the component."""
    k8s, chosen = root / "deploy" / "k8s", tmp_path_factory.mktemp("secured").resolve()
    (chosen / "kustomization.yaml").write_text(
        f"""
namespace: earshot
resources: [{os.path.relpath(k8s / "overlays" / "production", chosen)}]
components: [{os.path.relpath(k8s / "components" / "kafka-tls", chosen)}]
"""
    )
    return chosen


def _clients(manifests: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    for item in manifests:
        pod = pod_of(item)
        for container in (pod or {}).get("containers", []):
            if any(variable["name"] == "EARSHOT_KAFKA_PASSWORD" for variable in container.get("env", [])):
                yield item["metadata"]["name"], pod or {}


def test_every_client_finds_the_certificate_where_the_setting_says(secured: Path) -> None:
    """All five speak to Kafka, the job that creates topics too, and read the same file."""
    manifests = render(secured)
    settings = next(item["data"] for item in manifests if item["kind"] == "ConfigMap")
    assert settings["EARSHOT_KAFKA_SECURITY_PROTOCOL"] == "SASL_SSL"
    file = Path(settings["EARSHOT_KAFKA_CA_FILE"])
    clients = dict(_clients(manifests))
    assert clients.keys() == {"connector", "syncer", "detector", "notifier", "topics"}
    for name, pod in clients.items():
        (mount,) = [
            mount for mount in pod["containers"][0]["volumeMounts"] if mount["mountPath"] == str(file.parent)
        ]
        volume = next(volume for volume in pod["volumes"] if volume["name"] == mount["name"])
        assert volume["secret"] == {"secretName": "earshot-kafka-ca"}, name


def test_keda_asks_for_lag_as_the_services_read(secured: Path) -> None:
    """Each number that comes from Kafka is asked for with user, password and certificate."""
    manifests = render(secured)
    (authentication,) = [item for item in manifests if item["kind"] == "TriggerAuthentication"]
    given = {
        entry["parameter"]: (entry["name"], entry["key"])
        for entry in authentication["spec"]["secretTargetRef"]
    }
    assert given["ca"] == ("earshot-kafka-ca", "ca.crt")
    triggers = [
        trigger
        for item in manifests
        if item["kind"] == "ScaledObject"
        for trigger in item["spec"]["triggers"]
        if trigger["type"] == "kafka"
    ]
    assert len(triggers) == 3
    for trigger in triggers:
        assert trigger["authenticationRef"] == {"name": authentication["metadata"]["name"]}
        assert (trigger["metadata"]["sasl"], trigger["metadata"]["tls"]) == ("scram_sha512", "enable")


@pytest.mark.skipif(KUBECTL is None, reason="kubectl is not here; the other tests check our own rendering")
def test_the_component_is_kustomize_s(secured: Path) -> None:
    """Kustomize takes it, and makes the same of it."""
    assert rendered_by_identity(secured) == kustomized(secured)
