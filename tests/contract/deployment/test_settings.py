"""What a manifest sets exists, what a service must have is set, and secrets come by reference."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from deploy.k8s.rendering import pod_of
from deploy.simulator.settings import SimulatorSettings
from deploy.topics.settings import TopicsSettings
from services.connector.settings import Settings as ConnectorSettings
from services.detector.settings import Settings as DetectorSettings
from services.notifier.settings import Settings as NotifierSettings
from services.syncer.settings import Settings as SyncerSettings

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from pydantic_settings import BaseSettings

Manifest = dict[str, Any]
Values = dict[str, str | None]
"""Value by variable; None where a secret holds it."""

MODELS: dict[str, type[BaseSettings]] = {
    "connector": ConnectorSettings,
    "syncer": SyncerSettings,
    "detector": DetectorSettings,
    "notifier": NotifierSettings,
    "topics": TopicsSettings,
    "simulator": SimulatorSettings,
}
A_KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
SECRET_WORDS = ("KEY", "SECRET", "PASSWORD", "MONGODB_URI")


def _known(model: type[BaseSettings]) -> set[str]:
    prefix = model.model_config["env_prefix"]
    return {f"{prefix}{name}".upper() for name in model.model_fields}


def _given(manifests: list[Manifest], name: str) -> tuple[Values, Values]:
    """Return what the container gets: of its own, and from the settings that all share."""
    manifest = next(item for item in manifests if item["metadata"]["name"] == name and pod_of(item))
    container = (pod_of(manifest) or {})["containers"][0]
    own: Values = {variable["name"]: variable.get("value") for variable in container.get("env", [])}
    shared: Values = {}
    if container.get("envFrom"):
        shared = next(item["data"] for item in manifests if item["kind"] == "ConfigMap")
    return own, shared


def _present(overlay: str) -> list[str]:
    return [name for name in MODELS if overlay == "demo" or name != "simulator"]


def test_every_setting_that_is_set_exists(manifests: list[Manifest], overlay: str) -> None:
    """A container's own variables belong to its model, the shared ones to somebody's: none is misspelt."""
    everybody = set[str]().union(*(_known(model) for model in MODELS.values()))
    for name in _present(overlay):
        own, shared = _given(manifests, name)
        assert own.keys() <= _known(MODELS[name]), name
        assert shared.keys() <= everybody


def test_every_setting_that_is_left_alone_is_described(
    manifests: list[Manifest], overlay: str, root: Path
) -> None:
    """The reverse: each setting of a model is in the manifests, or some README says what its default does."""
    folders = [root / folder for folder in ("services", "shared", "deploy")]
    readmes = [path for folder in folders for path in folder.rglob("README.md")]
    text = "\n".join(path.read_text("utf-8") for path in [root / "README.md", *readmes])
    described = set(re.findall(r"`([A-Z][A-Z0-9_]+)(?:=[^`]*)?`", text))
    # A table may name the beginning once: `EARSHOT_KAFKA_…`, and then `USERNAME`.
    beginnings = ["EARSHOT_", *re.findall(r"`(EARSHOT_[A-Z0-9_]+_)…?`", text)]
    for name in _present(overlay):
        own, shared = _given(manifests, name)
        left_alone = _known(MODELS[name]) - own.keys() - shared.keys()
        assert {
            setting
            for setting in left_alone - described
            if not any(setting.removeprefix(beginning) in described for beginning in beginnings)
        } == set(), name


def test_every_service_starts_with_what_it_is_given(
    manifests: list[Manifest], overlay: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The settings models take the values as they stand; required ones are all there."""
    for name in _present(overlay):
        own, shared = _given(manifests, name)
        with monkeypatch.context() as environment:
            for variable, value in (shared | own).items():
                environment.setenv(variable, A_KEY if value is None else value)
            MODELS[name]()


def test_each_service_listens_where_its_port_is(manifests: list[Manifest]) -> None:
    """EARSHOT_HTTP_PORT, the container's port and the Service's port are one number."""
    for item in manifests:
        own, _ = _given(manifests, item["metadata"]["name"]) if item["kind"] == "Deployment" else ({}, {})
        port = own.get("EARSHOT_HTTP_PORT")
        if port is None:
            continue
        container = (pod_of(item) or {})["containers"][0]
        assert container["ports"][0]["containerPort"] == int(port)
        service = next(
            other
            for other in manifests
            if other["kind"] == "Service" and other["metadata"]["name"] == item["metadata"]["name"]
        )
        assert service["spec"]["ports"][0]["port"] == int(port)


def test_no_manifest_holds_a_secret(manifests: list[Manifest], overlay: str) -> None:
    """What is named like a secret comes from one, and no Secret is among the manifests."""
    assert not [item for item in manifests if item["kind"] == "Secret"]
    for name in _present(overlay):
        own, shared = _given(manifests, name)
        held = {variable for variable, value in (shared | own).items() if value is not None}
        assert not {variable for variable in held if any(word in variable for word in SECRET_WORDS)}, name


def test_the_example_makes_every_secret_that_is_referred_to(
    manifests: list[Manifest], overlay: str, root: Path
) -> None:
    """Each secret and key that a manifest names is made by the example, which makes no other."""
    example = (root / "deploy/k8s/examples/external-secrets.yaml").read_text()
    made = {
        (item["spec"]["target"]["name"], entry["secretKey"])
        for item in yaml.safe_load_all(example)
        for entry in item["spec"]["data"]
    }
    named = {
        (reference["name"], reference["key"])
        for item in manifests
        for container in (pod_of(item) or {}).get("containers", [])
        for variable in container.get("env", [])
        if (reference := variable.get("valueFrom", {}).get("secretKeyRef"))
    }
    chosen = {("earshot-language-model", "key")}
    assert named == (made if overlay == "language-model" else made - chosen)
