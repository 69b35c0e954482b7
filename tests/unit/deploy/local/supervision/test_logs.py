"""Logs stay bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.local.supervision.logs import cut_if_large

if TYPE_CHECKING:
    from pathlib import Path


def test_a_large_log_is_kept_once_and_started_anew(tmp_path: Path) -> None:
    """What was written is beside, and a part that appends goes on in the same file."""
    log = tmp_path / "detector.log"
    with log.open("ab") as part:
        part.write(b"x" * 11)
        part.flush()
        assert cut_if_large(log, most_bytes=10)
        part.write(b"after")
        part.flush()
    assert log.read_bytes() == b"after"
    assert (tmp_path / "detector.log.1").read_bytes() == b"x" * 11


def test_a_small_or_missing_log_is_left_alone(tmp_path: Path) -> None:
    """Nothing is copied that need not be."""
    log = tmp_path / "detector.log"
    assert not cut_if_large(log)
    log.write_bytes(b"x" * 10)
    assert not cut_if_large(log, most_bytes=10)
    assert [file.name for file in tmp_path.iterdir()] == ["detector.log"]
