"""The compose file is locked down, pinned, and sets what exists."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from deploy.simulator.settings import SimulatorSettings
from deploy.topics.settings import TopicsSettings
from services.connector.settings import Settings as ConnectorSettings
from services.detector.settings import Settings as DetectorSettings
from services.notifier.settings import Settings as NotifierSettings
from services.syncer.settings import Settings as SyncerSettings
from shared.contracts.topics import SERVICES

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic_settings import BaseSettings

A_KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
MODELS: dict[str, type[BaseSettings]] = {
    "connector": ConnectorSettings,
    "syncer": SyncerSettings,
    "detector": DetectorSettings,
    "notifier": NotifierSettings,
    "topics": TopicsSettings,
    "simulator": SimulatorSettings,
}


@pytest.fixture(scope="module")
def services(root: Path) -> dict[str, Any]:
    composed: dict[str, Any] = yaml.safe_load((root / "deploy/compose/compose.yaml").read_text())["services"]
    return composed


def _example(root: Path, name: str) -> dict[str, str]:
    """Return the variables of an example, those that are commented out too."""
    text = (root / "deploy/compose" / f"{name}.example").read_text()
    return dict(re.findall(r"^#?(EARSHOT_\w+)=(.*)$", text, re.MULTILINE))


def _environment(root: Path, services: dict[str, Any], name: str, *, demo: bool) -> dict[str, str]:
    values: dict[str, str] = {}
    for file in services[name].get("env_file", []):
        values |= _example(root, file)
    values |= services[name].get("environment", {})
    if demo:
        over = yaml.safe_load((root / "deploy/compose/demo.yaml").read_text())["services"]
        values |= over.get(name, {}).get("environment", {})
    return values


def test_containers_are_locked_down(services: dict[str, Any]) -> None:
    """Read-only, no capability, no new privileges, bounded memory and CPU, for engines too."""
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert {"cpus", "memory"} <= service["deploy"]["resources"]["limits"].keys(), name


def test_containers_are_pinned_and_watched(services: dict[str, Any]) -> None:
    """Every image has a version; all that stays up has a health check."""
    for name, service in services.items():
        assert re.fullmatch(r"[\w./-]+:\d+\.\d+\.\d+[\w.-]*", service["image"]), name
        assert name == "topics" or service["healthcheck"]["test"][0] == "CMD", name


def test_only_this_machine_gets_in(root: Path, services: dict[str, Any]) -> None:
    """Every published port is bound to loopback, since local sign-in lets everybody in who gets there."""
    over = yaml.safe_load((root / "deploy/compose/demo.yaml").read_text())["services"]
    published = [
        port for one in (services, over) for service in one.values() for port in service.get("ports", [])
    ]
    assert len(published) == 2
    assert all(port.startswith("127.0.0.1:") for port in published)


@pytest.mark.parametrize("demo", [False, True], ids=["own workspace", "demo"])
@pytest.mark.parametrize("name", MODELS)
def test_settings_exist_and_suffice(
    root: Path, services: dict[str, Any], name: str, demo: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each variable belongs to its model, and the model takes the examples once filled in."""
    model = MODELS[name]
    values = _environment(root, services, name, demo=demo)
    known = {f"{model.model_config['env_prefix']}{field}".upper() for field in model.model_fields}
    assert values.keys() <= known
    for variable, value in values.items():
        monkeypatch.setenv(variable, value or A_KEY)
    model()


@pytest.mark.parametrize("service", SERVICES)
def test_keys_go_to_their_service_alone(services: dict[str, Any], service: str) -> None:
    """Connector and notifier have their own key rings; nobody else is given one."""
    files = services[service]["env_file"]
    own = [f"{service}.env"] if service in {"connector", "notifier"} else []
    assert files == ["earshot.env", *own]


def test_services_wait_for_topics(services: dict[str, Any]) -> None:
    """The job has made the topics before the first service starts, and the broker makes none by itself."""
    for service in SERVICES:
        assert services[service]["depends_on"]["topics"] == {"condition": "service_completed_successfully"}
    assert services["kafka"]["environment"]["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
