"""Each settings table names every setting of its model, with its default, and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from deploy.local.settings import LocalSettings
from deploy.simulator.settings import SimulatorSettings
from deploy.topics.settings import TopicsSettings
from services.connector.settings import Settings as ConnectorSettings
from services.detector.settings import Settings as DetectorSettings
from services.notifier.settings import Settings as NotifierSettings
from services.syncer.settings import Settings as SyncerSettings
from shared.config import KafkaSecuritySettings, KafkaSettings, ServiceSettings
from tests.contract.readmes.papers import codes, readmes, rows, section, text_of

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo
    from pydantic_settings import BaseSettings

SERVICES: dict[str, type[ServiceSettings]] = {
    "connector": ConnectorSettings,
    "syncer": SyncerSettings,
    "detector": DetectorSettings,
    "notifier": NotifierSettings,
}
PREFIX = "EARSHOT_"

# Defaults that a table says in words: too long to be repeated, or made elsewhere.
IN_WORDS = {
    "INTERCOM_HOSTS": "Intercom's three",
    "INTERCOM_APP_HOSTS": "Intercom's three",
    "INTERCOM_AUTHORIZE_URL": "Intercom's own",
    "INTERCOM_TOKEN_URL": "Intercom's own",
    "INTERCOM_UNINSTALL_URL": "Intercom's own",
    "MAX_ANSWER_BYTES": "32 Mi",
    "KAFKA_CA_FILE": "the system's",
    "REDIRECT_URI": "the connector's callback",
    "CACHE_DIR": "~/.cache/earshot",
    "API_ADDRESS": "this machine's",
}


def default_of(name: str, field: FieldInfo) -> str:
    """Return a default as an operator would write it."""
    if name in IN_WORDS:
        return IN_WORDS[name]
    value: Any = field.get_default(call_default_factory=True)
    if value is PydanticUndefined:
        return "required"
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}" if value < 100_000 else f"{value:.0f}"
    return "[]" if value == () else str(value)


def told(table: list[list[str]]) -> dict[str, str]:
    """Return default by setting as a table says it; one row may tell of several, parted by commas."""
    found: dict[str, str] = {}
    for cells in table:
        # `EARSHOT_CONNECTOR_PORT`, `_SYNCER_`: as the first of the row, with another word in its middle.
        names = [
            f"{word.strip('_')}_PORT" if word.startswith("_") else word.removeprefix(PREFIX)
            for word in codes(cells[0])
        ]
        defaults = [part.strip().strip("`") for part in cells[1].split(",")]
        if len(defaults) != len(names):
            defaults = [cells[1].strip("`")] * len(names)
        found |= dict(zip(names, defaults, strict=True))
    return found


def own(model: type[BaseSettings], without: type[BaseSettings] | None) -> dict[str, str]:
    left = set() if without is None else set(without.model_fields) - {"http_port"}
    return {
        name.upper(): default_of(name.upper(), field)
        for name, field in model.model_fields.items()
        if name not in left
    }


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_s_table_is_its_settings(service: str) -> None:
    """What a service has beside the shared settings is in its README, with its default, and nothing else."""
    paper = f"services/{service}/README.md"
    table = told(rows(section(paper, "Settings")))
    if service == "detector":
        model = told(rows(section(paper, "A language model beside")))
        table |= {f"LANGUAGE_MODEL_{name}": default for name, default in model.items()}
    assert table == own(SERVICES[service], ServiceSettings)


def test_the_table_of_kafka_s_protection_is_complete() -> None:
    """The messaging README has every setting of TLS and SASL."""
    table = told(rows(section("shared/messaging/README.md", "Kafka behind TLS")))
    assert table == own(KafkaSecuritySettings, None)


def test_the_simulator_s_table_is_its_settings() -> None:
    """The demo workspace's README has every setting; switches have a table of their own."""
    table = told(rows(section("deploy/simulator/README.md", "Settings")))
    switches = {name for name in table if name.startswith("SWITCHES")}
    assert {name: default for name, default in table.items() if name not in switches} == {
        name: default for name, default in own(SimulatorSettings, None).items() if name != "SWITCHES"
    }


def test_local_mode_s_table_is_its_settings() -> None:
    """Local mode's README has what it decides itself; how Kafka is protected stands with messaging."""
    table = told(rows(section("deploy/local/README.md", "Settings")))
    assert {name: "none" if default == "unset" else default for name, default in table.items()} == own(
        LocalSettings, KafkaSecuritySettings
    )


def test_the_first_readme_has_every_shared_setting() -> None:
    """What all services read is in one table at the top."""
    table = told(rows(section("README.md", "Settings")))
    shared = own(ServiceSettings, KafkaSecuritySettings)
    del shared["HTTP_PORT"]
    made_by_local_mode = {
        name: default for name, default in table.items() if default in {"local", "made by local mode"}
    }
    assert shared | made_by_local_mode == {
        name: default for name, default in table.items() if name in shared | made_by_local_mode
    }


def test_the_topics_job_s_settings_are_told() -> None:
    """The Kubernetes README has what the job takes beside where Kafka is."""
    named = set(codes(text_of("deploy/k8s/README.md")))
    for name in set(TopicsSettings.model_fields) - set(KafkaSettings.model_fields):
        assert f"{PREFIX}{name}".upper() in {word.split("=")[0] for word in named}


def test_no_paper_names_a_setting_that_is_not_there() -> None:
    """Every EARSHOT_… in a README belongs to some model."""
    models: list[type[BaseSettings]] = [*SERVICES.values(), LocalSettings, TopicsSettings, SimulatorSettings]
    known = {
        f"{model.model_config['env_prefix']}{name}".upper() for model in models for name in model.model_fields
    }
    for paper in readmes():
        for word in codes(paper.read_text("utf-8")):
            name = word.split("=")[0].split("__")[0]
            if name.startswith(PREFIX) and name.replace("_", "").isalnum() and not name.endswith("_"):
                assert name in known, f"{paper}: {name}"
