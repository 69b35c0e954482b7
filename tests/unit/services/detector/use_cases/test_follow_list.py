"""What follows from the organization's list, over stores in memory."""

from __future__ import annotations

import pytest

from tests.unit.services.detector.list_suite import TestLongLists
from tests.unit.services.detector.rig import Rig, memory_rig

__all__ = ["TestLongLists"]


@pytest.fixture
def rig() -> Rig:
    """A detector without a bus, over stores in memory."""
    return memory_rig()
