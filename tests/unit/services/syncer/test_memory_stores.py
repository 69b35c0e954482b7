"""The stores in memory keep the promises of the ports, so that tests over them mean something."""

from __future__ import annotations

import pytest

from tests.unit.services.syncer.fakes import (
    MemoryConnections,
    MemoryCursors,
    MemoryFingerprints,
    MemoryGaps,
    MemoryRuns,
)
from tests.unit.services.syncer.store_suite import (
    ConnectionSuite,
    CursorSuite,
    FingerprintSuite,
    GapSuite,
    RunSuite,
    Stores,
)


@pytest.fixture
def stores() -> Stores:
    return Stores(MemoryConnections(), MemoryRuns(), MemoryFingerprints(), MemoryCursors(), MemoryGaps())


class TestConnections(ConnectionSuite): ...


class TestCursors(CursorSuite): ...


class TestGaps(GapSuite): ...


class TestFingerprints(FingerprintSuite): ...


class TestRuns(RunSuite): ...
