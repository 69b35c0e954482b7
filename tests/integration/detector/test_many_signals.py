"""Lists that are narrowed by signals which more have than a query may name: the same, read in portions."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from services.detector.adapters import walking
from services.detector.adapters.mongo_conversation_list import MongoConversationList
from services.detector.adapters.mongo_lists import MongoLists
from services.detector.adapters.mongo_requests import MongoRequests
from services.detector.domain.standing import Demand
from services.detector.domain.wishes import Request
from services.detector.lists import ConversationFilter, Counted, Narrowing
from shared.contracts.resources import Author, TagChanged
from shared.documents.collection import ScopedCollection
from tests.unit.services.detector.rig import LEAVING, NOW, UNRELATED

if TYPE_CHECKING:
    from collections.abc import Callable

    from pymongo.asynchronous.database import AsyncDatabase

    from tests.unit.services.detector.rig import Rig

LEAVERS = Narrowing(kind="churn_risk")
KINDS: dict[str, ConversationFilter] = {
    "all": ConversationFilter(narrowed=LEAVERS),
    "sure ones": ConversationFilter(narrowed=Narrowing(min_confidence=0.5)),
    "waiting": ConversationFilter(narrowed=LEAVERS, state="waiting"),
    "of a name": ConversationFilter(narrowed=LEAVERS, words="dana"),
    "waiting and of a name": ConversationFilter(narrowed=LEAVERS, state="waiting", words="dana"),
}


@pytest.fixture
async def filled(rig: Rig) -> Rig:
    """Nine people of nine companies; two of three are about to leave, and one of these two waits."""
    await rig.connect()
    for number in range(9):
        at = NOW - timedelta(hours=number)
        await rig.tell(
            rig.contact(f"p{number}", (f"co{number}",)),
            rig.company(f"co{number}", f"Company {number}"),
            rig.part(
                f"k{number}",
                0,
                UNRELATED if number % 3 == 2 else LEAVING,
                author=Author(type="user", id=f"p{number}", name="Dana Ruiz", email="dana@contoso.example"),
                at=at,
            ),
            rig.conversation(
                f"k{number}",
                contact_ids=(f"p{number}",),
                at=at,
                state="open" if number % 3 == 0 else "closed",
            ),
        )
    await rig.review_due()
    return rig


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many values each query named at most."""
    found: list[int] = []
    plain = ScopedCollection._scoped

    def scoped(self: ScopedCollection, query: Any) -> Any:
        lists = re.findall(r"'\$in': \[([^\]]*)\]", str(query))
        found.append(max([0, *(one.count(",") + 1 for one in lists)]))
        return plain(self, query)

    monkeypatch.setattr(walking, "_AT_ONCE", 2)
    monkeypatch.setattr(ScopedCollection, "_scoped", scoped)
    return found


async def _all(ask: Callable[..., Any], limit: int) -> list[Any]:
    items, position = [], None
    while True:
        found = await ask(position=position, limit=limit)
        assert len(found.items) <= limit
        items += found.items
        position = found.next
        if position is None:
            return items


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("limit", [1, 2, 4, 10])
async def test_lists_are_the_same_however_many_are_meant(
    database: AsyncDatabase[Any], named: list[int], limit: int
) -> None:
    """Customers, people and conversations, page by page; no command names more than a portion has."""
    few, many = MongoLists(database), MongoLists(database, most_named=3)

    async def everything(lists: MongoLists) -> list[list[str]]:
        async def customers(**given: Any) -> Any:
            return await lists.customers(
                "local", words=None, owner=None, known=None, sort="name", narrowed=LEAVERS, **given
            )

        async def people(**given: Any) -> Any:
            return await lists.people("local", words=None, sort="id", narrowed=LEAVERS, **given)

        async def conversations(**given: Any) -> Any:
            return await lists.conversations("local", person=None, narrowed=LEAVERS, **given)

        return [
            [one.customer.name for one in await _all(customers, limit)],
            [one.contact.id for one in await _all(people, limit)],
            [one.key for one in await _all(conversations, limit)],
        ]

    found = await everything(few)
    assert list(map(len, found)) == [6, 6, 6]
    assert max(named) == 6
    named.clear()
    assert await everything(many) == found
    assert max(named) <= 2
    for lists, there in ((few, 6), (many, None)):
        assert (
            await lists.count_customers("local", words=None, owner=None, known=None, narrowed=LEAVERS)
            == there
        )
        assert await lists.count_people("local", words=None, narrowed=LEAVERS) == there
        assert await lists.has_conversations("local", LEAVERS)
    assert not await many.has_conversations("local", Narrowing(kind="churn_risk", tag="no such tag"))


@pytest.fixture
async def owned(filled: Rig, database: AsyncDatabase[Any]) -> None:
    """Of the nine, Dana owns the customers of six, who bear a tag and each wish for something."""
    await filled.tell(TagChanged(**filled.fields(id="t1", name="vip")))
    requests = MongoRequests(database)
    for number in range(6):
        contact, company = f"ws1:p{number}", f"ws1:co{number}"
        held = await database["companies"].find_one({"key": company})
        assert held is not None
        customer_id = held["customer_id"]
        await database["customers"].update_one({"customer_id": customer_id}, {"$set": {"owner": "Dana"}})
        # On the company of some and the conversation of others: a customer has it by either.
        tagged = (
            ("companies", {"key": company}) if number % 2 else ("conversations", {"key": f"ws1:k{number}"})
        )
        await database[tagged[0]].update_one(tagged[1], {"$set": {"tag_keys": ["ws1:t1"]}})
        await database["contacts"].update_one({"key": contact}, {"$set": {"tag_keys": ["ws1:t1"]}})
        wish = {"kind": "feature_request", "request_id": f"r{number}", "tags": ["vip"], "state": "open"}
        about = {"id": customer_id, "name": f"Company {number}", "owner": "Dana"}
        signal = {"organization_id": "local", "_id": f"wish {number}", "customer": about, **wish}
        places = {"subject": f"wisher {number}", "slot": "wish", "number": 1}
        await database["signals"].insert_one({**signal, **places})
        wanted = Request(f"r{number}", f"Wish {number}", "new", (("wish", str(number)),), NOW, NOW)
        await requests.add("local", wanted, Demand(1, 1, 0.0, NOW))


@pytest.mark.usefixtures("filled", "owned")
@pytest.mark.parametrize("narrowed", [Narrowing(tag="vip"), Narrowing(owner="Dana")], ids=["tag", "owner"])
async def test_lists_of_a_tag_and_an_owner_are_the_same_however_many_are_meant(
    database: AsyncDatabase[Any], named: list[int], narrowed: Narrowing
) -> None:
    """Customers, people, conversations and requests; a tag on very many takes no command past its limit."""
    few, many = MongoLists(database), MongoLists(database, most_named=3)

    async def everything(lists: MongoLists) -> list[list[str]]:
        async def customers(**given: Any) -> Any:
            return await lists.customers(
                "local", words=None, owner=None, known=None, sort="name", narrowed=narrowed, **given
            )

        async def people(**given: Any) -> Any:
            return await lists.people("local", words=None, sort="id", narrowed=narrowed, **given)

        async def conversations(**given: Any) -> Any:
            return await lists.conversations("local", person=None, narrowed=narrowed, **given)

        async def requests(**given: Any) -> Any:
            return await lists.requests(
                "local", state=None, words=None, sort="-last", narrowed=narrowed, **given
            )

        return [
            [one.customer.name for one in await _all(customers, 2)],
            [one.contact.id for one in await _all(people, 2)],
            [one.key for one in await _all(conversations, 2)],
            [one.request.request_id for one in await _all(requests, 2)],
        ]

    found = await everything(few)
    assert list(map(len, found)) == [6, 6, 3 if narrowed.tag else 6, 6]
    named.clear()
    assert await everything(many) == found
    assert max(named) <= 3
    for lists, there in ((few, 6), (many, None)):
        assert await lists.count_requests("local", state=None, words=None, narrowed=narrowed) == there
        assert await lists.count_people("local", words=None, narrowed=narrowed) == there


@pytest.mark.usefixtures("filled", "owned")
@pytest.mark.parametrize("state", [None, "waiting"])
@pytest.mark.parametrize("words", [None, "dana"])
async def test_conversations_of_an_owner_are_found_the_same(
    database: AsyncDatabase[Any], named: list[int], state: Any, words: str | None
) -> None:
    """Also those that wait, and those of a name."""
    wanted = ConversationFilter(narrowed=Narrowing(owner="Dana"), state=state, words=words)
    few = await MongoConversationList(database).find("local", wanted)
    many = await MongoConversationList(database, most_named=3).find("local", wanted)
    keys = [one.key for one in await _all(few.portion, 2)]
    assert len(keys) == (2 if state else 6)
    assert [one.key for one in await _all(many.portion, 2)] == keys
    assert await few.count(9) == await many.count(9) == Counted(len(keys))
    assert named


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("name", KINDS)
async def test_conversations_are_found_and_counted_the_same(
    database: AsyncDatabase[Any], named: list[int], name: str
) -> None:
    """Also those that wait, and those of a name."""
    wanted, there = KINDS[name], 3 if "waiting" in name else 6
    few = await MongoConversationList(database).find("local", wanted)
    many = await MongoConversationList(database, most_named=3).find("local", wanted)
    keys = [one.key for one in await _all(few.portion, 2)]
    assert len(keys) == there
    assert [one.key for one in await _all(many.portion, 2)] == keys
    for found in (few, many):
        assert await found.count(9) == await found.count(there) == Counted(there)
        assert await found.count(there - 1) == Counted(there - 1, is_all=False)
    assert named


@pytest.mark.usefixtures("filled", "named")
async def test_counting_ends_somewhere(database: AsyncDatabase[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what one page does not read to its end is said that there is more than was counted."""
    monkeypatch.setattr(walking, "_MOST_PORTIONS", 2)
    found = await MongoConversationList(database, most_named=3).find("local", KINDS["all"])
    assert await found.count(9) == Counted(3, is_all=False)


@pytest.mark.usefixtures("filled")
async def test_what_is_meant_is_worked_out_once(database: AsyncDatabase[Any], named: list[int]) -> None:
    """For a page's rows and their number, and for all portions of a file."""
    found = await MongoConversationList(database).find("local", KINDS["waiting and of a name"])
    named.clear()
    await found.portion(position=None, limit=2)
    await found.count(9)
    assert len(named) == 2
