"""A small workspace and a clock that stands still."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from deploy.simulator.generated import Size, build_generated_workspace
from shared.clock import ManualClock

if TYPE_CHECKING:
    from deploy.simulator.model import Workspace

NOW = 1_780_000_000


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime.fromtimestamp(NOW, UTC))


@pytest.fixture
def workspace() -> Workspace:
    return build_generated_workspace(
        seed=7, now=NOW, size=Size(conversations=60, parts=4, contacts=20, companies=5)
    )
