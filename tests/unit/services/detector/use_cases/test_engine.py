"""The engine's suite over stores in memory."""

from __future__ import annotations

import pytest

from tests.unit.services.detector.account_suite import TestAccountFacts, TestAttributes
from tests.unit.services.detector.again_suite import TestAgain
from tests.unit.services.detector.arriving_suite import TestArriving
from tests.unit.services.detector.customer_suite import TestCustomers
from tests.unit.services.detector.domain_hint_suite import TestDomainHints
from tests.unit.services.detector.health_suite import TestHealth
from tests.unit.services.detector.judgement_suite import TestCorrections, TestPeople
from tests.unit.services.detector.left_out_suite import TestLeftOut
from tests.unit.services.detector.match_suite import (
    TestCompaniesOfOneCustomer,
    TestFactsOfMovedCompanies,
    TestMatching,
)
from tests.unit.services.detector.people_suite import TestCounting
from tests.unit.services.detector.reading_suite import TestReading, TestShiftsThatStand
from tests.unit.services.detector.removal_suite import TestRemoval
from tests.unit.services.detector.request_suite import TestMany, TestRegrouping
from tests.unit.services.detector.rig import Rig, memory_rig
from tests.unit.services.detector.taking_back_suite import TestTakingBack
from tests.unit.services.detector.undoing_suite import TestUndoing, TestUndoingBesideOthers, TestUndoingWishes
from tests.unit.services.detector.whose_suite import TestWhoseItIs
from tests.unit.services.detector.wish_suite import (
    TestDeathBeforeTheSignal,
    TestDismissedWishes,
    TestRefusedWishes,
    TestRemovedWishes,
)
from tests.unit.services.detector.withdrawn_wish_suite import TestWithdrawnWishes

__all__ = [
    "TestAccountFacts",
    "TestAgain",
    "TestArriving",
    "TestAttributes",
    "TestCompaniesOfOneCustomer",
    "TestCorrections",
    "TestCounting",
    "TestCustomers",
    "TestDeathBeforeTheSignal",
    "TestDismissedWishes",
    "TestDomainHints",
    "TestFactsOfMovedCompanies",
    "TestHealth",
    "TestLeftOut",
    "TestMany",
    "TestMatching",
    "TestPeople",
    "TestReading",
    "TestRefusedWishes",
    "TestRegrouping",
    "TestRemoval",
    "TestRemovedWishes",
    "TestShiftsThatStand",
    "TestTakingBack",
    "TestUndoing",
    "TestUndoingBesideOthers",
    "TestUndoingWishes",
    "TestWhoseItIs",
    "TestWithdrawnWishes",
]


@pytest.fixture
def rig() -> Rig:
    """A detector without a bus, over stores in memory."""
    return memory_rig()
