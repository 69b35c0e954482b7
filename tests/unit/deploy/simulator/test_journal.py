"""A simulation that is started again is where it was."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import orjson
import pytest

from deploy.simulator.app import Simulator, create_simulator
from deploy.simulator.errors import JournalError, JournalFullError
from deploy.simulator.model import Mutation
from deploy.simulator.settings import SimulatorSettings
from deploy.simulator.tokens import Token
from deploy.simulator.truth import RESOURCES, truth_lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deploy.simulator.simulation import Simulation
    from shared.clock import ManualClock


def start(folder: Path, clock: ManualClock, seed: int = 1, megabytes: int = 16) -> Simulator:
    settings = SimulatorSettings(
        journal_megabytes=megabytes,
        data=folder,
        workspace="generated",
        conversations=30,
        contacts=12,
        companies=3,
        seed=seed,
        webhook_url=None,
    )
    return create_simulator(settings, clock)


def everything(simulation: Simulation) -> dict[str, list[bytes]]:
    return {each: list(truth_lines(simulation.first.workspace, each)) for each in RESOURCES}


@contextlib.contextmanager
def running(folder: Path, clock: ManualClock) -> Iterator[Simulation]:
    simulator = start(folder, clock)
    try:
        yield simulator.simulation
    finally:
        simulator.close()


def change_much(simulation: Simulation) -> None:
    contact_id = next(simulation.first.workspace.contacts.ids())
    simulation.mutate(None, Mutation("create_conversation", {"contact_id": contact_id, "body": "Hello"}))
    simulation.mutate(None, Mutation("reply", {"conversation_id": "215470000031", "body": "More"}))
    simulation.mutate(None, Mutation("delete_conversation", {"conversation_id": "215470000001"}))
    simulation.put_token(Token("t", "gen12345", "oauth-x", "revoked", frozenset({"read_tags"})))
    simulation.set_switches(simulation.switches.changed(parts_limit=5, plan_restricted=("read_tags",)))
    simulation.set_pace("fast")


def test_everything_is_there_again(tmp_path: Path, clock: ManualClock) -> None:
    """Records, tokens, switches and pace, to the byte; later, under another clock."""
    with running(tmp_path, clock) as first:
        change_much(first)
        wanted = everything(first)
    clock.advance(3_600)
    with running(tmp_path, clock) as second:
        assert everything(second) == wanted
        assert second.tokens.get("t") == first.tokens.get("t")
        assert second.switches == first.switches
        assert second.pace == "fast"


def test_a_line_cut_off_by_a_crash_is_dropped(tmp_path: Path, clock: ManualClock) -> None:
    """What was whole is replayed, and what is appended later is read again."""
    with running(tmp_path, clock) as first:
        change_much(first)
        wanted = everything(first)
    journal = tmp_path / "journal.jsonl"
    journal.write_bytes(journal.read_bytes() + b'{"mutation":"rep')
    with running(tmp_path, clock) as second:
        assert everything(second) == wanted
        second.mutate(None, Mutation("reply", {"conversation_id": "215470000031", "body": "Still there"}))
        wanted = everything(second)
    with running(tmp_path, clock) as third:
        assert everything(third) == wanted


def test_a_change_that_no_longer_applies_is_skipped(
    tmp_path: Path, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    """The rest is replayed, and the log says how many were left out."""
    with running(tmp_path, clock) as first:
        change_much(first)
        wanted = everything(first)
    journal = tmp_path / "journal.jsonl"
    lost = {"mutation": "reply", "arguments": {"conversation_id": "9", "body": "x"}, "at": 5}
    line = orjson.dumps(lost | {"workspace": "gen12345"}) + b"\n"
    journal.write_bytes(line + journal.read_bytes())
    with running(tmp_path, clock) as second:
        assert everything(second) == wanted
    assert "1 recorded changes" in caplog.text


def test_a_folder_belongs_to_one_workspace(tmp_path: Path, clock: ManualClock) -> None:
    """Other settings are refused with what to do."""
    start(tmp_path, clock).close()
    with pytest.raises(JournalError, match="another workspace"):
        start(tmp_path, clock, seed=2)


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path, clock: ManualClock) -> None:
    """A broken start file says which folder."""
    (tmp_path / "start.json").write_text("{broken")
    with pytest.raises(JournalError, match="cannot be used"):
        start(tmp_path, clock)


def test_a_full_disk_is_said_and_the_workspace_lives_on(
    tmp_path: Path, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    """The change is made, the message says that it will not be remembered."""
    simulator = start(tmp_path, clock)
    (tmp_path / "journal.jsonl").symlink_to("/dev/full")
    with pytest.raises(JournalError, match="Make room"):
        simulator.simulation.mutate(None, Mutation("create_tag", {"name": "full"}))
    assert "full" in {tag.name for tag in simulator.simulation.first.workspace.tags.values()}
    assert simulator.pacer.step()
    assert "Make room" in caplog.text
    simulator.close()


def test_a_full_journal_ends_the_living(
    tmp_path: Path, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing more is changed, the message says how to go on, and the pace stops so that it is said once."""
    simulator = start(tmp_path, clock, megabytes=1)
    simulation = simulator.simulation
    tag = {"name": "x" * 100_000}
    for _ in range(10):
        simulation.mutate(None, Mutation("create_tag", tag))
    before = len(simulation.first.workspace.tags)
    with pytest.raises(JournalFullError, match="Start over"):
        simulation.mutate(None, Mutation("create_tag", {"name": "one more"}))
    assert len(simulation.first.workspace.tags) == before
    simulation.set_pace("fast")
    assert not simulator.pacer.step()
    assert simulation.pace == "paused"
    assert "Nothing happens by itself" in caplog.text
    simulator.close()
    with contextlib.closing(start(tmp_path, clock, megabytes=1)) as again, pytest.raises(JournalFullError):
        again.simulation.mutate(None, Mutation("create_tag", {"name": "still full"}))
