"""One demo workspace for all tests that only look at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deploy.simulator.demo import build_demo_workspace

if TYPE_CHECKING:
    from deploy.simulator.model import Workspace

#: A Friday noon.
NOW = 1_795_176_000


@pytest.fixture(scope="session")
def now() -> int:
    return NOW


@pytest.fixture(scope="session")
def demo() -> Workspace:
    """Not to be changed by a test."""
    return build_demo_workspace(seed=1, now=NOW)


@pytest.fixture
def living() -> Workspace:
    """A workspace of one's own."""
    return build_demo_workspace(seed=1, now=NOW)
