"""The command line knows its commands, tells errors in a sentence, and answers `status` without a runner."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from deploy.cli.app import create_app
from deploy.cli.invocation import Invocation
from deploy.local.supervision.record import write_record
from deploy.local.supervision.supervisor import PartStatus, State
from shared.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """Give a runner whose data folder is empty."""
    monkeypatch.setenv("EARSHOT_DATA_DIR", str(tmp_path))
    return CliRunner()


def test_help_lists_every_command(command: CliRunner) -> None:
    """A newcomer finds all of them."""
    result = command.invoke(create_app(), ["--help"], obj=Invocation({}))
    assert result.exit_code == 0
    assert all(name in result.output for name in ("up", "status", "tail", "dlq"))


def test_status_without_a_runner_says_how_to_start(command: CliRunner) -> None:
    """The exit code is 3, as service managers have it for what is not running."""
    result = command.invoke(create_app(), ["status"], obj=Invocation({}))
    assert result.exit_code == 3
    # A long data folder wraps the sentence anywhere between two words.
    assert "earshot up" in " ".join(result.output.split())


def test_status_for_programs_without_a_runner(command: CliRunner) -> None:
    """Programs get a plain no."""
    result = command.invoke(create_app(), ["status", "--json"], obj=Invocation({}))
    assert result.exit_code == 3
    assert json.loads(result.output)["running"] is False


def test_status_shows_the_parts_of_a_live_runner(command: CliRunner, tmp_path: Path) -> None:
    """Each part has its state; one that has no process has no memory; who cannot be asked is told."""
    (tmp_path / "run").mkdir()
    parts = [
        PartStatus("notifier", "Notifier", State.RESTARTING, why="it ended with exit code 1", restarts=2)
    ]
    # An address of no protocol is refused before any socket is opened: the connector cannot be asked.
    write_record(tmp_path / "run", "nowhere://127.0.0.1", parts)
    result = command.invoke(create_app(), ["status", "--json"], obj=Invocation({}))
    found = json.loads(result.output)
    assert result.exit_code == 0
    assert found["parts"][0]["state"] == "restarting"
    assert found["parts"][0]["memory_bytes"] is None
    assert found["connections"] is None
    assert "cannot be asked" in found["connections_why"]


def test_a_setting_that_cannot_be_used_is_named(command: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the variable, not a traceback."""
    monkeypatch.setenv("EARSHOT_KAFKA_PORT", "many")
    result = command.invoke(create_app(), ["status"], obj=Invocation({}))
    assert isinstance(result.exception, ConfigurationError)
    assert "EARSHOT_KAFKA_PORT" in str(result.exception)


def test_redrive_wants_to_know_which(command: CliRunner) -> None:
    """Neither nothing nor both is taken for all."""
    for arguments in (["dlq", "redrive"], ["dlq", "redrive", "detector:1", "--all"]):
        result = command.invoke(create_app(), arguments, obj=Invocation({}))
        assert isinstance(result.exception, ConfigurationError)
