"""The list of parts: what runs under which settings, and what each is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import pytest
from pydantic import ValidationError

from deploy.local.keys import LocalKeys
from deploy.local.parts import all_parts
from deploy.local.settings import LocalSettings
from deploy.local.supervision.part import Stage

if TYPE_CHECKING:
    from deploy.local.supervision.part import Part

KEYS = LocalKeys("s" * 64, "connector-ring", "notifier-ring")


def parts(tmp_path: Path, *, demo: bool = True, **settings: Any) -> dict[str, Part]:
    made = LocalSettings(**{"data_dir": tmp_path, "cache_dir": tmp_path, **settings})
    return {part.name: part for part in all_parts(made, KEYS, httpx.AsyncClient(), demo=demo)}


def test_everything_runs_by_default(tmp_path: Path) -> None:
    """Both engines, the four services, the demo workspace and the pages."""
    assert list(parts(tmp_path)) == [
        "kafka", "documents", "connector", "syncer", "detector", "notifier", "simulator", "gateway",
    ]  # fmt: skip


def test_an_engine_that_is_named_is_not_started(tmp_path: Path) -> None:
    """Who has engines names them; services are told where, and nothing of that kind runs here."""
    found = parts(
        tmp_path, kafka_bootstrap_servers="kafka.example:9092", mongodb_uri="mongodb://user:pass@db.example"
    )
    assert "kafka" not in found
    assert "documents" not in found
    environment = found["syncer"].environment
    assert environment["EARSHOT_KAFKA_BOOTSTRAP_SERVERS"] == "kafka.example:9092"
    assert environment["EARSHOT_MONGODB_URI"] == "mongodb://user:pass@db.example"


def test_documents_are_asked_over_a_socket_in_the_data_folder(tmp_path: Path) -> None:
    """No port is taken, so nobody else on the machine can ask; a port that is named is listened on."""
    found = parts(tmp_path, data_dir=Path("data"))
    path = Path("data").absolute() / "run" / "documents.sock"
    assert str(path) in found["documents"].command()
    assert not found["documents"].ports
    assert found["detector"].environment["EARSHOT_MONGODB_URI"] == f"mongodb://{quote(str(path), safe='')}"

    found = parts(tmp_path, data_dir=Path("data"), mongodb_port=4713)
    assert [need.port for need in found["documents"].ports] == [4713]
    assert found["detector"].environment["EARSHOT_MONGODB_URI"] == "mongodb://127.0.0.1:4713"


def test_a_path_too_long_for_a_socket_means_a_port(tmp_path: Path) -> None:
    """Operating systems take about a hundred bytes; then the port is the one that services look at anyway."""
    found = parts(tmp_path, data_dir=Path("/") / ("d" * 100))
    assert [need.port for need in found["documents"].ports] == [27_117]
    assert found["detector"].environment["EARSHOT_MONGODB_URI"] == "mongodb://127.0.0.1:27117"


def test_without_demo_nothing_points_at_it(tmp_path: Path) -> None:
    """The connector keeps Intercom's own addresses, and private webhooks stay refused."""
    found = parts(tmp_path, demo=False)
    assert "simulator" not in found
    assert not [name for name in found["connector"].environment if "INTERCOM" in name]
    assert "EARSHOT_ALLOW_PRIVATE_WEBHOOKS" not in found["notifier"].environment
    assert "EARSHOT_TEAMS_HOSTS" not in found["notifier"].environment


def test_the_demo_workspace_is_the_allowed_host(tmp_path: Path) -> None:
    """In demo mode credentials go to the simulator on its own port, and nowhere else."""
    environment = parts(tmp_path, demo_port=4711)["connector"].environment
    assert json.loads(environment["EARSHOT_INTERCOM_HOSTS"]) == {"us": "http://127.0.0.1:4711"}
    assert environment["EARSHOT_INTERCOM_AUTHORIZE_URL"] == "http://127.0.0.1:4711/oauth"


def test_key_rings_reach_their_owners_alone(tmp_path: Path) -> None:
    """Only connector and notifier get a ring, each its own; all services share the signing key."""
    found = parts(tmp_path)
    rings = {name: part.environment.get("EARSHOT_CREDENTIAL_KEYS") for name, part in found.items()}
    assert {name: ring for name, ring in rings.items() if ring} == {
        "connector": "connector-ring",
        "notifier": "notifier-ring",
    }
    services = [part for part in found.values() if part.environment.get("EARSHOT_SIGNING_KEY")]
    assert [part.name for part in services] == ["connector", "syncer", "detector", "notifier"]


def test_every_part_listens_on_a_port_with_a_setting(tmp_path: Path) -> None:
    """A port that is in use can always be moved; no two parts share one."""
    needs = [need for part in parts(tmp_path).values() for need in part.ports]
    assert len({need.port for need in needs}) == len(needs)
    for need in needs:
        field = need.setting.removeprefix("EARSHOT_").lower()
        assert getattr(LocalSettings(), field) == need.port


def test_stages_stop_in_reverse(tmp_path: Path) -> None:
    """Engines start first and stop last; the gateway starts last and stops first."""
    stages = [part.stage for part in parts(tmp_path).values()]
    assert stages == sorted(stages)
    assert stages[-1] is Stage.EDGE


def test_blank_engine_settings_mean_unset() -> None:
    """An empty variable is how shells say that something is not set."""
    settings = LocalSettings(kafka_bootstrap_servers=" ")
    assert settings.kafka_bootstrap_servers is None
    assert settings.bootstrap_servers == "127.0.0.1:19092"


def test_a_port_out_of_range_is_refused() -> None:
    """Nonsense is refused where it is read."""
    with pytest.raises(ValidationError):
        LocalSettings(port=70_000)
