"""The engine's suite over stores in memory."""

from __future__ import annotations

import pytest

from tests.unit.services.detector.engine_suite import (
    TestAgain,
    TestArriving,
    TestAttributes,
    TestCorrections,
    TestDomainHints,
    TestHealth,
    TestMany,
    TestPeople,
    TestReading,
    TestRegrouping,
    TestShiftsThatStand,
    TestTakingBack,
    TestWhoseItIs,
)
from tests.unit.services.detector.rig import Rig, memory_rig
from tests.unit.services.detector.wish_suite import TestRefusedWishes, TestRemovedWishes

__all__ = [
    "TestAgain",
    "TestArriving",
    "TestAttributes",
    "TestCorrections",
    "TestDomainHints",
    "TestHealth",
    "TestMany",
    "TestPeople",
    "TestReading",
    "TestRefusedWishes",
    "TestRegrouping",
    "TestRemovedWishes",
    "TestShiftsThatStand",
    "TestTakingBack",
    "TestWhoseItIs",
]


@pytest.fixture
def rig() -> Rig:
    """A detector without a bus, over stores in memory."""
    return memory_rig()
