"""People in order of their last contact, and of how much was said with them, for people and machines."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from services.detector.adapters import mongo_old_people, walking
from services.detector.adapters.mongo_lists import MongoLists
from services.detector.adapters.mongo_old_people import MongoOldPeople
from services.detector.lists import Narrowing
from shared.contracts.resources import TagChanged
from shared.documents.collection import ScopedCollection
from tests.unit.services.detector.rig import NOW, UNRELATED

if TYPE_CHECKING:
    import httpx
    from pymongo.asynchronous.database import AsyncDatabase

    from tests.unit.services.detector.rig import Rig

MACHINE = {"Accept": "application/json"}
AGO = {name: NOW - timedelta(days=days) for name, days in (("ann", 9), ("bo", 1), ("cy", 5))}


@pytest.fixture
async def five(rig: Rig) -> Rig:
    """Five people; with two nobody was in contact, and one takes part in nothing."""
    await rig.connect()
    await rig.tell(
        rig.contact("ann", last_replied_at=AGO["ann"]),
        rig.contact("bo", last_contacted_at=AGO["bo"], last_replied_at=AGO["ann"]),
        rig.contact("cy", last_replied_at=AGO["cy"]),
        rig.contact("dee"),
        rig.contact("eve"),
    )
    for number, names in enumerate((("ann", "cy"), ("cy",), ("cy", "bo"), ("bo",), ("dee",))):
        await rig.tell(*rig.said(f"k{number}", UNRELATED, contact_ids=names))
    await rig.count_people_all()
    return rig


async def answer(browser: httpx.AsyncClient, query: str) -> Any:
    """Return what the API says of people."""
    found = await browser.get(f"/api/v1/people{query}", headers=MACHINE)
    assert found.status_code == 200
    return found.json()


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("id", "ann bo cy dee eve"),
        ("-last", "bo cy ann eve dee"),
        ("last", "ann cy bo dee eve"),
        ("-conversations", "cy bo dee ann eve"),
        ("conversations", "eve ann dee bo cy"),
    ],
)
async def test_people_are_sorted(browser: httpx.AsyncClient, sort: str, names: str) -> None:
    """Page by page, on the page and in the file; who was never in contact is last in either direction."""
    found: list[str] = []
    further: str | None = ""
    while further is not None:
        page = await answer(browser, f"?sort={sort}&limit=2{further and f'&cursor={further}'}")
        assert page["count"] == 5
        found += [one["id"].removeprefix("ws1:") for one in page["items"]]
        further = page["next_cursor"]
    assert found == names.split()
    listed = (await browser.get(f"/people?sort={sort}")).text
    assert re.findall(r'href="/people/ws1:(\w+)"', listed) == names.split()
    file = (await browser.get(f"/people/export.csv?sort={sort}")).text.splitlines()
    assert [line.split(",")[0] for line in file[1:]] == [f"ws1:{one}" for one in names.split()]


@pytest.mark.usefixtures("five")
async def test_a_person_tells_what_people_are_sorted_by(browser: httpx.AsyncClient) -> None:
    """The number of conversations and the last contact, in the list as at the person's own address."""
    told = {one["id"]: one for one in (await answer(browser, ""))["items"]}
    assert (told["ws1:bo"]["conversations"], told["ws1:dee"]["last_contact_at"]) == (2, None)
    assert told["ws1:bo"]["last_contact_at"].startswith(AGO["bo"].isoformat()[:19])
    # Moods are told at the person's own address only.
    assert await answer(browser, "/ws1:bo") == told["ws1:bo"] | {"mood_messages": 0}
    page = (await browser.get("/people")).text
    assert page.index("ws1:bo") < page.index("ws1:ann")
    assert 'aria-sort="descending"' in page


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize("sort", ["conversations", "last", "mood"])
async def test_other_orders_are_refused(browser: httpx.AsyncClient, sort: str) -> None:
    """An order that there is not, and the place of another order."""
    cursor = (await answer(browser, "?sort=-last&limit=2"))["next_cursor"]
    wrong = await browser.get(f"/api/v1/people?sort={sort}&cursor={cursor}", headers=MACHINE)
    assert wrong.status_code == 422


async def test_nobody_is_counted_for_each_page_once_none_is_left(
    five: Rig, database: AsyncDatabase[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A count looks at every grave; an earlier build beside this one may still add somebody."""
    counted = []
    plain = ScopedCollection.count

    async def count(self: ScopedCollection, query: Any, **how: Any) -> int:
        counted.append(query)
        return await plain(self, query, **how)

    monkeypatch.setattr(ScopedCollection, "count", count)
    old = MongoOldPeople(database, five.clock)
    assert await old.left(five.organization_id) == 0
    counted.clear()
    await database["contacts"].update_many({"key": {"$gt": ""}}, {"$unset": {"sort_last": ""}})
    assert (await old.left(five.organization_id), counted) == (0, [])
    five.clock.advance(600)
    assert await old.left(five.organization_id) == 5
    assert await old.left(five.organization_id) == 5
    assert len(counted) == 4


async def test_people_of_an_earlier_build_are_in_every_order(
    five: Rig, browser: httpx.AsyncClient, database: AsyncDatabase[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their documents lack what people are sorted by; it is filled in by slices, and said meanwhile."""
    monkeypatch.setattr(mongo_old_people, "_AT_ONCE", 2)
    await five.tell(five.contact("gone"), five.deleted("contact", "gone"))
    await database["contacts"].update_many({}, {"$unset": {"sort_last": "", "conversations": ""}})
    assert (await answer(browser, "?sort=-last"))["items"] == []
    assert "5 people of an earlier version" in (await browser.get("/people")).text
    assert await MongoOldPeople(database, five.clock).fill()
    # The process died here; another one begins anew.
    old = MongoOldPeople(database, five.clock)
    while await old.fill():
        pass
    await five.count_people_all()
    for sort, names in (("-last", "bo cy ann eve dee"), ("-conversations", "cy bo dee ann eve")):
        found = (await answer(browser, f"?sort={sort}"))["items"]
        assert [one["id"].removeprefix("ws1:") for one in found] == names.split()
    assert "of an earlier version" not in (await browser.get("/people")).text
    assert await database["contacts"].count_documents({"sort_last": None}) == 1


async def test_a_person_that_cannot_be_read_back_holds_nobody_up(
    five: Rig, database: AsyncDatabase[Any]
) -> None:
    """Everybody else is filled in; the one that some defect spoilt stays as before."""
    await database["contacts"].update_many({}, {"$unset": {"sort_last": ""}})
    await database["contacts"].update_one({"key": "ws1:bo"}, {"$unset": {"data.id": ""}})
    old = MongoOldPeople(database, five.clock)
    while await old.fill():
        pass
    left = [one["key"] async for one in database["contacts"].find({"sort_last": None})]
    assert left == ["ws1:bo"]


@pytest.fixture
async def tagged(rig: Rig) -> Rig:
    """Nine people: every third has the tag, every third a conversation with it, the others neither."""
    await rig.connect()
    await rig.tell(TagChanged(**rig.fields(id="t1", name="vip")))
    for number in range(9):
        tags = ("t1",) if number % 3 == 0 else ()
        await rig.tell(
            rig.contact(f"p{number}", last_replied_at=NOW - timedelta(days=number), tag_ids=tags),
            *rig.said(
                f"k{number}",
                UNRELATED,
                contact_ids=(f"p{number}",),
                tag_ids=("t1",) if number % 3 == 1 else (),
            ),
        )
    await rig.count_people_all()
    return rig


@pytest.mark.parametrize("sort", ["id", "-last", "last", "-conversations"])
@pytest.mark.parametrize("limit", [1, 2, 4, 10])
async def test_a_tag_that_many_have_is_looked_for_on_each_portion(
    tagged: Rig, database: AsyncDatabase[Any], monkeypatch: pytest.MonkeyPatch, sort: Any, limit: int
) -> None:
    """Page by page the same people in the same order as by a tag that few have; no command names them all."""
    monkeypatch.setattr(walking, "_AT_ONCE", 2)
    named: list[int] = []
    plain = ScopedCollection._scoped

    def scoped(self: ScopedCollection, query: Any) -> Any:
        lists = re.findall(r"'\$in': \[([^\]]*)\]", str(query))
        named.append(max([0, *(one.count(",") + 1 for one in lists)]))
        return plain(self, query)

    monkeypatch.setattr(ScopedCollection, "_scoped", scoped)
    few = await _walked(MongoLists(database), tagged.organization_id, sort, limit)
    assert len(few) == 6
    assert max(named) == 6
    named.clear()
    lists = MongoLists(database, most_named=3)
    assert await _walked(lists, tagged.organization_id, sort, limit) == few
    assert max(named) <= 2
    assert await lists.count_people(tagged.organization_id, words=None, narrowed=VIP) is None
    assert await MongoLists(database).count_people(tagged.organization_id, words=None, narrowed=VIP) == 6


async def test_a_rare_tag_takes_so_many_portions_at_most(
    tagged: Rig, database: AsyncDatabase[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that found too few by then is short, and the next one goes on from there."""
    monkeypatch.setattr(walking, "_AT_ONCE", 2)
    monkeypatch.setattr(walking, "_MOST_PORTIONS", 1)
    lists = MongoLists(database, most_named=3)
    first = await lists.people(
        tagged.organization_id, words=None, sort="id", position=None, limit=9, narrowed=VIP
    )
    assert (len(first.items), first.next is None) == (2, False)
    assert len(await _walked(lists, tagged.organization_id, "id", 9)) == 6


VIP = Narrowing(tag="vip")


async def _walked(lists: MongoLists, organization_id: str, sort: Any, limit: int) -> list[str]:
    found: list[str] = []
    position = None
    while True:
        page = await lists.people(
            organization_id, words=None, sort=sort, position=position, limit=limit, narrowed=VIP
        )
        assert len(page.items) <= limit
        found += [row.contact.id for row in page.items]
        position = page.next
        if position is None:
            return found


@pytest.mark.usefixtures("five")
async def test_the_file_says_whose_people_are(browser: httpx.AsyncClient, rig: Rig) -> None:
    """Who is of two companies is of two customers; who is of none is nobody's."""
    await rig.tell(
        rig.company(),
        rig.company("co2", "Contoso"),
        rig.contact("bo", ("co1", "co2")),
        rig.contact("eve", ()),
    )
    file = io.StringIO((await browser.get("/people/export.csv")).text)
    whose = {row["id"].removeprefix("ws1:"): row["customer"] for row in csv.DictReader(file)}
    assert whose == {
        "ann": "Northwind",
        "bo": "Northwind; Contoso",
        "cy": "Northwind",
        "dee": "Northwind",
        "eve": "",
    }


async def test_pages_of_people_name_the_next_step_while_there_is_nothing(
    browser: httpx.AsyncClient, rig: Rig
) -> None:
    """Connecting first, then seeing how far it is read; not another empty page."""
    for path in ("/people", "/people/graph"):
        assert "Connect Intercom" in (await browser.get(path)).text
    await rig.connect()
    for path in ("/people", "/people/graph"):
        assert "Connect Intercom" not in (await browser.get(path)).text
    assert "See how far reading is" in (await browser.get("/people")).text
