"""The engine's suite over a document server, and what only stored documents can show."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from services.detector.adapters import known_names
from services.detector.adapters.bus_tombstones import BusTombstones
from services.detector.adapters.mongo_connections import MongoConnections, MongoLeases, MongoRereads
from services.detector.adapters.mongo_corrections import MongoCorrections
from services.detector.adapters.mongo_customers import MongoCustomers
from services.detector.adapters.mongo_due_subjects import MongoDueSubjects
from services.detector.adapters.mongo_followed import MongoFollowed
from services.detector.adapters.mongo_health import MongoHealth
from services.detector.adapters.mongo_mirror import MongoMirror
from services.detector.adapters.mongo_model_use import MongoModelUse
from services.detector.adapters.mongo_people import MongoPeopleCounts
from services.detector.adapters.mongo_questions import MongoQuestions
from services.detector.adapters.mongo_redetections import MongoRedetections
from services.detector.adapters.mongo_requests import MongoRequests
from services.detector.adapters.mongo_signals import MongoSignals
from services.detector.adapters.mongo_unmatched import MongoUnmatched
from services.detector.domain.customer import Customer
from services.detector.domain.identity import known_customer_id, provisional_customer_id
from services.detector.domain.matching import match_company, normalise_name
from services.detector.engine import Stores
from shared.clock import ManualClock
from shared.contracts.signals import SignalDetected
from shared.errors import TransientError
from shared.messaging.recording import RecordingPublisher
from tests.engines.expiry import let_nothing_expire
from tests.unit.services.detector.account_suite import TestAccountFacts, TestAttributes
from tests.unit.services.detector.again_suite import TestAgain
from tests.unit.services.detector.arriving_suite import TestArriving
from tests.unit.services.detector.customer_suite import TestCustomers
from tests.unit.services.detector.cut_short_suite import TestMarks
from tests.unit.services.detector.domain_hint_suite import TestDomainHints
from tests.unit.services.detector.follow_suite import TestFollowing
from tests.unit.services.detector.health_suite import TestHealth
from tests.unit.services.detector.judgement_suite import TestCorrections, TestPeople
from tests.unit.services.detector.left_out_suite import TestLeftOut
from tests.unit.services.detector.list_suite import TestLongLists
from tests.unit.services.detector.match_suite import (
    TestCompaniesOfOneCustomer,
    TestFactsOfMovedCompanies,
    TestMatching,
)
from tests.unit.services.detector.moving_suite import TestMovingPeople
from tests.unit.services.detector.people_suite import TestCounting
from tests.unit.services.detector.reading_suite import TestReading, TestShiftsThatStand
from tests.unit.services.detector.redetection_suite import (
    TestAccounts,
    TestDeciding,
    TestMeanwhile,
    TestPreview,
    TestSideBySide,
)
from tests.unit.services.detector.removal_suite import TestRemoval
from tests.unit.services.detector.request_suite import TestMany, TestRegrouping
from tests.unit.services.detector.rig import LEAVING, NOW, ORG, WORKSPACE, Rig, kinds
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

if TYPE_CHECKING:
    from pymongo.asynchronous.database import AsyncDatabase

    from shared.contracts.event import Event

__all__ = [
    "TestAccountFacts",
    "TestAccounts",
    "TestAgain",
    "TestArriving",
    "TestAttributes",
    "TestCompaniesOfOneCustomer",
    "TestCorrections",
    "TestCounting",
    "TestCustomers",
    "TestDeathBeforeTheSignal",
    "TestDeciding",
    "TestDismissedWishes",
    "TestDomainHints",
    "TestFactsOfMovedCompanies",
    "TestFollowing",
    "TestHealth",
    "TestLeftOut",
    "TestLongLists",
    "TestMany",
    "TestMarks",
    "TestMatching",
    "TestMeanwhile",
    "TestMovingPeople",
    "TestPeople",
    "TestPreview",
    "TestReading",
    "TestRefusedWishes",
    "TestRegrouping",
    "TestRemoval",
    "TestRemovedWishes",
    "TestShiftsThatStand",
    "TestSideBySide",
    "TestTakingBack",
    "TestUndoing",
    "TestUndoingBesideOthers",
    "TestUndoingWishes",
    "TestWhoseItIs",
    "TestWithdrawnWishes",
]


@pytest.fixture
async def rig(database: AsyncDatabase[Any], monkeypatch: pytest.MonkeyPatch) -> Rig:
    """A detector without a bus, over documents."""
    let_nothing_expire(monkeypatch)
    publisher, clock = RecordingPublisher(), ManualClock(NOW)
    mirror, signals = MongoMirror(database), MongoSignals(database, publisher, clock)
    customers, requests = MongoCustomers(database), MongoRequests(database)
    health, corrections = MongoHealth(database), MongoCorrections(database)
    questions, model_use = MongoQuestions(database), MongoModelUse(database)
    connections, rereads = MongoConnections(database, publisher, clock), MongoRereads(database)
    redetections, rematches = MongoRedetections(database), MongoRereads(database, "rematches")
    unmatched = MongoUnmatched(database)
    for store in (mirror, signals, customers, unmatched, health, requests, corrections):
        await store.prepare()
    for kept in (connections, rereads, rematches, redetections, questions, model_use):
        await kept.prepare()
    stores = Stores(
        mirror=mirror,
        followed=MongoFollowed(database, "company"),
        followed_contacts=MongoFollowed(database, "contact"),
        people_counts=MongoPeopleCounts(database),
        signals=signals,
        customers=customers,
        unmatched=unmatched,
        health=health,
        corrections=corrections,
        requests=requests,
        connections=connections,
        rereads=rereads,
        rematches=rematches,
        due=MongoDueSubjects(database),
        redetections=redetections,
        questions=questions,
        model_use=model_use,
        leases=MongoLeases(database),
        tombstones=BusTombstones(publisher),
    )
    return Rig(stores, publisher, clock)


async def test_a_fact_that_was_not_published_is_swept(rig: Rig) -> None:
    """A signal stored while the bus was away is told by the sweeper, exactly once."""
    await rig.connect()
    rig.publisher.fail_next(TransientError("the bus is away"))
    assert await rig.tell(*rig.said("k1", LEAVING)) == []
    rig.clock.advance(10)
    signals = rig.stores.signals
    assert isinstance(signals, MongoSignals)
    assert await signals.pending.sweep() == 1
    assert await signals.pending.sweep() == 0
    assert kinds(rig.published()) == [("detected", "churn_risk")]


async def test_redacted_words_are_in_no_document(rig: Rig, database: AsyncDatabase[Any]) -> None:
    """Mirror, what was read from it, signals, customers: none keeps words of a message that was redacted."""
    await rig.connect()
    await rig.tell(rig.contact(), rig.company(), *rig.said("k1", LEAVING))
    assert "cancel our subscription" in await _everything(database)
    await rig.tell(rig.part("k1", 0, "", redacted=True))
    assert "cancel our subscription" not in await _everything(database)


async def _everything(database: AsyncDatabase[Any]) -> str:
    names = await database.list_collection_names()
    return "".join([str([one async for one in database[name].find({})]) for name in names])


_BUS_TRIES = 8
"""As often as `shared.messaging` tries a batch before handing it back."""


async def test_two_replicas_settle_one_customer_at_once(rig: Rig) -> None:
    """Conversations of one person read at the same time give one signal with all the evidence."""
    await rig.connect()
    await rig.tell(rig.contact(), rig.company())

    async def told_by_the_bus(*events: Event) -> None:
        """Bring the batch again while a replica says that others were quicker, as the consumer does."""
        for _ in range(_BUS_TRIES):
            try:
                await rig.tell(*events)
            except TransientError:
                continue
            return
        pytest.fail("the batch was never settled")

    batches = [rig.said(f"k{number}", LEAVING) for number in range(8)]
    await asyncio.gather(*(told_by_the_bus(*events) for events in batches))
    (signal,) = await rig.signals(state="open")
    assert set(signal.conversation_ids) == {f"k{number}" for number in range(8)}
    # Both may publish what is pending: the same fact with the same id, so nobody is told twice.
    opened = {event.event_id() for event in rig.published() if isinstance(event, SignalDetected)}
    assert len(opened) == 1


async def test_names_are_found_in_a_long_list(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many begin alike, whoever bears the very name is there, and so is everybody who shares it."""
    monkeypatch.setattr(known_names, "_NEIGHBOURS", 5)
    names = [f"Acme {number:03}" for number in range(60)]
    rows = [Customer(known_customer_id(ORG, str(n)), ORG, name, str(n)) for n, name in enumerate(names)]
    twins = [Customer(known_customer_id(ORG, f"t{n}"), ORG, names[n], f"t{n}") for n in range(10)]
    await rig.stores.customers.save([*rows, *twins])
    known = await rig.stores.customers.known_like(ORG, {"59"}, {normalise_name(one) for one in names[:40]})
    matched = {
        name: match_company(external_id=None, name=name, known=known, decisions=(), by_name="exact").basis
        for name in names[:40]
    }
    assert matched == {name: "none" if name in names[:10] else "name" for name in names[:40]}
    assert "59" in {one.external_id for one in known}


async def test_each_name_has_its_own_namesakes(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that many begin like takes no suggestion from another one of the same question."""
    monkeypatch.setattr(known_names, "_NEIGHBOURS", 5)
    many = [Customer(known_customer_id(ORG, str(n)), ORG, f"Acme {n:03}", str(n)) for n in range(60)]
    other = Customer(known_customer_id(ORG, "z"), ORG, "Zebra Works", "z")
    await rig.stores.customers.save([*many, other])
    known = await rig.stores.customers.known_like(ORG, set(), {"acmes", "zebra work"})
    assert other.customer_id in {one.customer_id for one in known}


async def test_a_customer_that_cannot_be_read_back_holds_nobody_up(
    rig: Rig, database: AsyncDatabase[Any]
) -> None:
    """A document that some defect spoilt has no health; all others have theirs."""
    await rig.connect()
    await rig.tell(*(rig.company(f"co{number}", f"Firm {number}") for number in range(3)))
    culprit = provisional_customer_id(ORG, f"{WORKSPACE}:co1")
    await database["customers"].update_one({"customer_id": culprit}, {"$unset": {"facts": ""}})
    rig.clock.advance(1)
    assert await rig.engine.health.round(0, timedelta(hours=6)) == 3
    measured = [one async for one in database["customers"].find({"health_latest": {"$gt": {}}})]
    assert {one["name"] for one in measured} == {"Firm 0", "Firm 2"}
    assert rig.left_out == ["health"]


async def test_a_lease_is_held_by_one(rig: Rig) -> None:
    """Of two that ask at once one gets the lease, and it ends by itself."""
    leases = rig.stores.leases
    taken = await asyncio.gather(*(leases.take("round", name, NOW, 60) for name in ("a", "b", "c")))
    assert sorted(taken) == [False, False, True]
    assert await leases.take("round", "d", NOW + timedelta(seconds=61), 60)


async def test_a_part_may_be_as_long_as_the_contract_allows(rig: Rig) -> None:
    """Two hundred thousand characters are kept and read."""
    await rig.connect()
    text = f"{'All is fine with the reports. ' * 6_600}{LEAVING}"
    await rig.tell(rig.part("k1", 0, text), rig.conversation("k1"))
    parts = await rig.stores.mirror.parts(ORG, [f"{WORKSPACE}:k1"])
    assert parts[f"{WORKSPACE}:k1"][0].text == text
