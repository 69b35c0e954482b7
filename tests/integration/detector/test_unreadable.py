"""One stored document that cannot be read leaves every list, file and live page to all the others."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from services.detector.adapters.mongo_conversation_list import MongoConversationList
from services.detector.adapters.mongo_lists import MongoLists
from services.detector.domain.customer_list import CustomerRow
from services.detector.lists import ConversationFilter, SignalFilter
from services.detector.pages.live import LiveFeed
from shared.contracts.resources import TagChanged
from tests.unit.services.detector.rig import LEAVING, NOW, WISH

if TYPE_CHECKING:
    import httpx
    from pymongo.asynchronous.database import AsyncDatabase

    from tests.unit.services.detector.rig import Rig

MACHINE = {"Accept": "application/json"}
HIDDEN = "words that nobody reads"

OTHER_WISH = "Please support exporting the reports as a spreadsheet."


@pytest.fixture
async def filled(rig: Rig) -> Rig:
    """Two of everything."""
    await rig.connect()
    rows = [CustomerRow("acc-1", "Northwind"), CustomerRow("acc-2", "Contoso")]
    await rig.engine.customers.keep("local", rows)
    await rig.tell(
        rig.contact("ann", ("co1",)).model_copy(update={"name": "Ann Reyes"}),
        rig.company("co1", "Northwind", external_id="acc-1"),
        rig.contact("lee", ("co2",)).model_copy(update={"name": "Lee Wong"}),
        rig.company("co2", "Contoso", external_id="acc-2"),
        *rig.said("k1", f"{LEAVING} {WISH}", contact_ids=("ann",), at=NOW - timedelta(hours=2)),
        *rig.said("k2", f"{LEAVING} {OTHER_WISH}", contact_ids=("lee",), at=NOW - timedelta(hours=1)),
    )
    await rig.tell(rig.contact("eve").model_copy(update={"name": "Eve Nobody"}))
    await rig.count_people_all()
    return rig


async def _spoil(
    database: AsyncDatabase[dict[str, Any]], collection: str, query: dict[str, Any], value: dict[str, Any]
) -> Any:
    victim = await database[collection].find_one({"organization_id": "local", **query}, sort=[("_id", -1)])
    assert victim is not None
    await database[collection].update_one({"_id": victim["_id"]}, {"$set": value})
    return victim["_id"]


LISTS = {
    "signals": ("signals", "/signals?", "/insights"),
    "conversations": ("conversations", "/conversations?", "/conversations"),
    "customers": ("customers", "/customers?", "/customers"),
    "people": ("contacts", "/people?", "/people"),
    "requests": ("requests", "/requests?", "/requests"),
    "companies": ("companies", "/customers/companies?", "/settings/organization/customers/companies"),
}
NEEDED: dict[str, dict[str, Any]] = {
    "signals": {"people": [{"name": HIDDEN}]},
    "conversations": {"data": {"title": HIDDEN}},
    "customers": {"renewal_date": HIDDEN},
    "contacts": {"data": {"name": HIDDEN}},
    "requests": {"wordings": 7},
    "companies": {"data": {"name": HIDDEN}},
}


@pytest.mark.parametrize("name", LISTS)
async def test_a_list_shows_all_but_what_cannot_be_read(
    filled: Rig, browser: httpx.AsyncClient, database: AsyncDatabase[dict[str, Any]], name: str
) -> None:
    """The page, its file and the API; the log names the document and quotes nothing of it."""
    collection, api, page = LISTS[name]
    before = (await browser.get(f"/api/v1{api}limit=50", headers=MACHINE)).json()["items"]
    victim = await _spoil(database, collection, {}, NEEDED[collection])
    with capture_logs() as lines:
        answer = await browser.get(f"/api/v1{api}limit=50", headers=MACHINE)
        assert answer.status_code == 200, answer.text
        assert len(answer.json()["items"]) == len(before) - 1
        for path in (page, f"{page}/export.csv"):
            answer = await browser.get(path)
            assert answer.status_code in {200, 404 if path.endswith("csv") else 200}, path
            assert HIDDEN not in answer.text
    named = [line for line in lines if line["event"] == "a document cannot be read and is left out"]
    assert {(line["collection"], line["document_id"]) for line in named} == {(collection, victim)}
    assert HIDDEN not in str(named)
    assert filled


async def test_a_live_page_hears_of_all_other_signals(
    rig: Rig, database: AsyncDatabase[dict[str, Any]]
) -> None:
    """One look serves every page of every organization."""
    left_out: list[str] = []
    lists = MongoLists(database, left_out.append)
    feed = LiveFeed(lists=lists, clock=rig.clock, every_seconds=1)
    news = asyncio.create_task(anext(feed.watch("local", SignalFilter)))
    await rig.connect()
    rig.clock.advance(1)
    await rig.tell(*rig.said("k1", f"{LEAVING} {WISH}"))
    await _spoil(database, "signals", {"kind": "churn_risk"}, NEEDED["signals"])
    await feed.look()
    assert "feature_request" in await news
    assert left_out == ["signals"]


@pytest.mark.usefixtures("filled")
async def test_who_waits_is_found_beside_what_cannot_be_read(
    database: AsyncDatabase[dict[str, Any]],
) -> None:
    """Also where its digest is what cannot be read; and signals that cannot be read are none's."""
    left_out: list[str] = []
    lists = MongoConversationList(database, left_out.append)
    wanted = ConversationFilter(state="waiting")
    before = (await (await lists.find("local", wanted)).portion(position=None, limit=9)).items
    await _spoil(database, "conversations", {"key": before[0].key}, {"digest": HIDDEN})
    after = (await (await lists.find("local", wanted)).portion(position=None, limit=9)).items
    assert [one.key for one in after] == [one.key for one in before[1:]]
    assert set(left_out) == {"conversations"}
    keys = [one.key for one in before]
    signals = await lists.open_signals("local", keys)
    await _spoil(database, "signals", {"conversation_keys": keys[0]}, NEEDED["signals"])
    assert len((await lists.open_signals("local", keys))[keys[0]]) == len(signals[keys[0]]) - 1


TIES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "contacts": ({}, {"data": {"name": HIDDEN}}),
    "customers": ({"external_id": "acc-2"}, {"mood_messages": HIDDEN}),
    "companies": ({}, {"data": {"name": HIDDEN}}),
    "tags": ({}, {"data.name": 7}),
    "parts": ({}, {"data": {"text": [HIDDEN], "redacted": False}}),
}


@pytest.mark.parametrize("collection", TIES)
async def test_a_row_is_shown_without_what_cannot_be_read_beside_it(
    filled: Rig, browser: httpx.AsyncClient, database: AsyncDatabase[dict[str, Any]], collection: str
) -> None:
    """One contact, customer or company of one conversation keeps no page from anybody."""
    await filled.tell(TagChanged(**filled.fields(id="t1", name="vip")))
    await database["conversations"].update_many({}, {"$set": {"data.tag_ids": ["t1"]}})
    found = (await browser.get("/api/v1/conversations?limit=50", headers=MACHINE)).json()["items"]
    people = (await browser.get("/api/v1/people?limit=50", headers=MACHINE)).json()["items"]
    customer = await database["customers"].find_one({"external_id": "acc-1"})
    assert customer is not None
    victim = await _spoil(database, collection, *TIES[collection])
    with capture_logs() as lines:
        rows = (await browser.get("/api/v1/conversations?limit=50", headers=MACHINE)).json()["items"]
        assert len(rows) == len(found) == 2
        for path in (
            "/conversations",
            "/conversations/export.csv",
            "/people",
            *(f"/conversations/{one['id']}" for one in found),
            *(f"/people/{one['id']}" for one in people[:1]),
            f"/customers/{customer['customer_id']}",
        ):
            answer = await browser.get(path)
            assert answer.status_code == 200, path
            assert HIDDEN not in answer.text
    named = [line for line in lines if line["event"] == "a document cannot be read and is left out"]
    assert victim in {line["document_id"] for line in named}
    assert HIDDEN not in str(named)


WRONG: dict[str, list[dict[str, Any]]] = {
    "signals": [
        {"opened_at": HIDDEN},
        {"shown_at": HIDDEN, "changed_at": HIDDEN},
        {"number": [1]},
        {"title": 7},
        {"kind": HIDDEN},
        {"proofs.0.said_at": HIDDEN},
        {"proofs.0.confidence": [1]},
        {"history.0.at": HIDDEN},
    ],
    "conversations": [
        {"subject": [HIDDEN]},
        {"analysis.messages": HIDDEN},
        {"digest.last_customer_at": HIDDEN},
        {"digest.moods.0.0": HIDDEN},
    ],
    "customers": [
        {"name": [HIDDEN]},
        {"monthly_spend": [1]},
        {"mood": HIDDEN},
        {"facts.last_seen_at": HIDDEN},
        {"last_signal_at": HIDDEN},
        {"open_signals": HIDDEN},
    ],
    "contacts": [{"conversations": HIDDEN}, {"conversations": [1]}],
    "requests": [{"title": 7}, {"created_at": HIDDEN}, {"customers": [1]}, {"last_at": HIDDEN}],
    "companies": [{"customer_id": [1]}, {"suggestions": [{"customer_id": 7}]}, {"basis": HIDDEN}],
}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.usefixtures("filled")
async def test_a_value_of_another_type_makes_a_document_unreadable(
    browser: httpx.AsyncClient, database: AsyncDatabase[dict[str, Any]], name: str
) -> None:
    """It is left out where it is read, instead of failing the page that uses it."""
    collection, api, page = LISTS[name]
    before = (await browser.get(f"/api/v1{api}limit=50", headers=MACHINE)).json()["items"]
    for value in WRONG[collection]:
        query = {"digest.moods.0": {"$exists": True}} if "digest.moods.0.0" in value else {}
        found = await database[collection].find_one(query, sort=[("_id", -1)])
        victim = await _spoil(database, collection, query, value)
        with capture_logs() as lines:
            answer = await browser.get(f"/api/v1{api}limit=50", headers=MACHINE)
            assert answer.status_code == 200, (value, answer.text)
            assert len(answer.json()["items"]) == len(before) - 1, value
            assert (await browser.get(page)).status_code == 200, value
        named = [line for line in lines if line["event"] == "a document cannot be read and is left out"]
        assert {(line["collection"], line["document_id"]) for line in named} == {(collection, victim)}
        assert found is not None
        await database[collection].replace_one({"_id": victim}, found)
