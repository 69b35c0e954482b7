"""The redetections' suite over stores in memory."""

from __future__ import annotations

import pytest

from tests.unit.services.detector.redetection_suite import (
    OLD,
    TestAccounts,
    TestDeciding,
    TestDying,
    TestMeanwhile,
    TestPreview,
    TestSideBySide,
)
from tests.unit.services.detector.rig import Rig, memory_rig

__all__ = ["TestAccounts", "TestDeciding", "TestDying", "TestMeanwhile", "TestPreview", "TestSideBySide"]


@pytest.fixture
def rig() -> Rig:
    """A detector without a bus, over stores in memory."""
    return memory_rig(OLD)
