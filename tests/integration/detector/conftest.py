"""A detector's application over a document server, filled by its own use cases."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from pydantic import SecretStr

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
from services.detector.app import create_app
from services.detector.engine import Stores
from services.detector.settings import Settings
from shared.auth.identity import LOCAL_IDENTITY
from shared.clock import ManualClock
from shared.documents.database import create_client, database_of
from shared.messaging.recording import RecordingPublisher
from tests.engines.expiry import let_nothing_expire
from tests.unit.services.detector.rig import NOW, Rig

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pymongo.asynchronous.database import AsyncDatabase


@pytest.fixture
def settings(mongodb_uri: str) -> Settings:
    """Settings with a database of its own; no bus answers, which pages do not need."""
    return Settings(
        mongodb_uri=SecretStr(mongodb_uri),
        kafka_bootstrap_servers="127.0.0.1:1",
        database_prefix=f"t{secrets.token_hex(6)}",
        signing_key=SecretStr("k" * 40),
    )


@pytest.fixture
async def database(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[AsyncDatabase[dict[str, Any]]]:
    """The application's database, empty; nothing of what is put into it expires."""
    let_nothing_expire(monkeypatch)
    async with create_client(settings, service="detector") as client:
        made = database_of(client, settings, service="detector")
        yield made
        await client.drop_database(made.name)


@pytest.fixture
async def rig(database: AsyncDatabase[dict[str, Any]]) -> Rig:
    """The detector's use cases over the application's database."""
    publisher, clock = RecordingPublisher(), ManualClock(NOW)
    mirror, signals = MongoMirror(database), MongoSignals(database, publisher, clock)
    customers, requests = MongoCustomers(database), MongoRequests(database)
    health, corrections = MongoHealth(database), MongoCorrections(database)
    questions, model_use = MongoQuestions(database), MongoModelUse(database)
    for store in (mirror, signals, customers, health, requests, corrections, questions, model_use):
        await store.prepare()
    stores = Stores(
        mirror=mirror,
        followed=MongoFollowed(database, "company"),
        followed_contacts=MongoFollowed(database, "contact"),
        people_counts=MongoPeopleCounts(database),
        signals=signals,
        customers=customers,
        unmatched=MongoUnmatched(database),
        health=health,
        corrections=corrections,
        requests=requests,
        connections=MongoConnections(database, publisher, clock),
        rereads=MongoRereads(database),
        rematches=MongoRereads(database, "rematches"),
        due=MongoDueSubjects(database),
        redetections=MongoRedetections(database),
        questions=questions,
        model_use=model_use,
        leases=MongoLeases(database),
        tombstones=BusTombstones(publisher),
    )
    return Rig(stores, publisher, clock, organization_id=LOCAL_IDENTITY.organization_id)


@pytest.fixture
async def browser(settings: Settings, rig: Rig) -> AsyncIterator[httpx.AsyncClient]:
    """A reader on this machine, who is signed in by local mode as its administrator."""
    app = create_app(settings, on_stop=pytest.fail, clock=rig.clock)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1", headers={"Accept": "text/html"}
    ) as client:
        page = await client.get("/settings/organization/detection")
        client.headers["x-csrf-token"] = page.text.partition('csrf-token" content="')[2].partition('"')[0]
        yield client
    # The application was not run, only asked, so nobody else closes what it opened.
    await app.state.lifecycle.end()
