"""What follows a company that changed hands, over stores in memory."""

from __future__ import annotations

import pytest

from tests.unit.services.detector.follow_suite import TestFollowing
from tests.unit.services.detector.rig import Rig, memory_rig

__all__ = ["TestFollowing"]


@pytest.fixture
def rig() -> Rig:
    """A detector without a bus, over stores in memory."""
    return memory_rig()
