"""The record of who runs: one runner a folder, and nothing of a dead one is taken for alive."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import psutil
import pytest

from deploy.local.errors import AlreadyRunning
from deploy.local.supervision.record import (
    RunnerLock,
    end_leftovers,
    is_running,
    read_record,
    write_record,
)
from deploy.local.supervision.supervisor import PartStatus, State

if TYPE_CHECKING:
    from pathlib import Path


def test_a_second_runner_is_told_who_holds_the_folder(tmp_path: Path) -> None:
    """It learns the pid and the address, and that it may have a folder of its own."""
    lock = RunnerLock(tmp_path)
    lock.take()
    write_record(tmp_path, "http://127.0.0.1:8700", [])
    with pytest.raises(AlreadyRunning, match=rf"already running with pid {os.getpid()}.*EARSHOT_DATA_DIR"):
        RunnerLock(tmp_path).take()
    lock.release()
    again = RunnerLock(tmp_path)
    again.take()
    again.release()


def test_what_was_written_is_read(tmp_path: Path) -> None:
    """Parts come back with their state and the time their process began."""
    write_record(tmp_path, "http://x", [PartStatus("kafka", "Kafka", State.READY, pid=os.getpid())])
    record = read_record(tmp_path)
    assert record is not None
    assert record.pid == os.getpid()
    assert record.parts[0]["state"] == "ready"
    assert is_running(record.parts[0]["pid"], record.parts[0]["started"])


@pytest.mark.parametrize("content", ["", "{", '{"pid": 1}', "[]", '{"pid": "x", "started": 1}'])
def test_a_broken_record_counts_as_none(tmp_path: Path, content: str) -> None:
    """A record cut short by a full disk stops nobody from starting."""
    (tmp_path / "record.json").write_text(content)
    assert read_record(tmp_path) is None
    assert end_leftovers(tmp_path) == []


def test_a_pid_that_was_given_to_another_process_is_not_ours() -> None:
    """The same number with another start is somebody else's process, and is left alone."""
    mine = psutil.Process().create_time()
    assert is_running(os.getpid(), mine)
    assert not is_running(os.getpid(), mine - 100)
    assert not is_running(None, None)


def test_leftovers_of_another_process_are_not_touched(tmp_path: Path) -> None:
    """A record whose pid now belongs to another process ends nothing: this test would die otherwise."""
    write_record(tmp_path, "http://x", [PartStatus("kafka", "Kafka", State.READY, pid=os.getpid())])
    text = (tmp_path / "record.json").read_text()
    started = str(psutil.Process().create_time())
    (tmp_path / "record.json").write_text(text.replace(started, "1.0"))
    assert end_leftovers(tmp_path) == []
