"""What follows contacts that belong to others, and what went, over stores in memory."""

from __future__ import annotations

import pytest

from tests.unit.services.detector.moving_suite import TestMovingPeople
from tests.unit.services.detector.rig import Rig, memory_rig

__all__ = ["TestMovingPeople"]


@pytest.fixture
def rig() -> Rig:
    """A detector without a bus, over stores in memory."""
    return memory_rig()
