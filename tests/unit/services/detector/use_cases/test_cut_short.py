"""What is cut short, over stores in memory."""

from __future__ import annotations

import pytest

from tests.unit.services.detector.cut_short_suite import TestCutShort, TestMarks
from tests.unit.services.detector.rig import Rig, memory_rig

__all__ = ["TestCutShort", "TestMarks"]


@pytest.fixture
def rig() -> Rig:
    """A detector without a bus, over stores in memory."""
    return memory_rig()
