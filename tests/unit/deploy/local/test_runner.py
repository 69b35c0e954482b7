"""What the runner checks before it starts anything, and how it tells topics apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deploy.local import runner
from deploy.local.errors import LocalModeError
from shared.contracts.topics import ALL_TOPICS

if TYPE_CHECKING:
    from pathlib import Path


def test_a_full_disk_is_told_before_anything_starts(tmp_path: Path) -> None:
    """A person learns how much is left, how much is needed, and which setting names another folder."""
    with pytest.raises(LocalModeError, match=r"MB left.*EARSHOT_DATA_DIR"):
        runner.check_free_space(tmp_path, least_bytes=1 << 62)
    runner.check_free_space(tmp_path, least_bytes=0)


def test_changed_topics_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A topic more, or less, is another set: services then wait until it is made."""
    before = runner.topics_digest()
    assert runner.topics_digest() == before
    monkeypatch.setattr(runner, "ALL_TOPICS", ALL_TOPICS[1:])
    assert runner.topics_digest() != before
