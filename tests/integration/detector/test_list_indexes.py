"""Every list of pages and API is answered by an index that has its order: nothing sorts or scans a tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import pytest

from services.detector.adapters.mongo_conversation_list import MongoConversationList
from services.detector.adapters.mongo_customers import MongoCustomers
from services.detector.adapters.mongo_health import MongoHealth
from services.detector.adapters.mongo_lists import MongoLists
from services.detector.adapters.mongo_mirror import MongoMirror
from services.detector.adapters.mongo_requests import MongoRequests
from services.detector.adapters.mongo_signals import MongoSignals
from services.detector.lists import (
    ConversationFilter,
    CustomerSort,
    Narrowing,
    PersonSort,
    RequestSort,
    SignalFilter,
    SignalSort,
)
from shared.clock import ManualClock
from shared.documents.collection import ScopedCollection
from shared.messaging.recording import RecordingPublisher
from tests.unit.services.detector.rig import NOW

if TYPE_CHECKING:
    from pymongo.asynchronous.database import AsyncDatabase

ORG = "acme"


@pytest.fixture
async def database(database: AsyncDatabase[dict[str, Any]]) -> AsyncDatabase[dict[str, Any]]:
    """A database with the detector's indexes and nothing else."""
    stores = (
        MongoMirror(database),
        MongoSignals(database, RecordingPublisher(), ManualClock(NOW)),
        MongoCustomers(database),
        MongoRequests(database),
        MongoHealth(database),
    )
    for store in stores:
        await store.prepare()
    return database


def lists() -> dict[str, tuple[str, Any]]:
    """Return by name how each list is asked for, and the field that it is sorted by."""
    found: dict[str, tuple[str, Any]] = {
        "people by name": (
            "key",
            lambda its, at: its.people(ORG, words="dana", sort="id", position=at, limit=10),
        ),
        "companies that may be customers": (
            "key",
            lambda its, at: its.undecided(ORG, position=at, limit=10),
        ),
        "companies": (
            "name_normalised",
            lambda its, at: its.companies(ORG, words=None, matched_by=None, position=at, limit=10),
        ),
        "companies of a name": (
            "name_normalised",
            lambda its, at: its.companies(ORG, words="north", matched_by=None, position=at, limit=10),
        ),
        "companies that match nobody": (
            "name_normalised",
            lambda its, at: its.companies(ORG, words=None, matched_by="none", position=at, limit=10),
        ),
        "conversations": (
            "updated_at",
            lambda its, at: its.conversations(ORG, person=None, position=at, limit=10),
        ),
        "conversations of a person": (
            "updated_at",
            lambda its, at: its.conversations(ORG, person="ws1:dana", position=at, limit=10),
        ),
        "conversations of a teammate": (
            "updated_at",
            lambda its, at: its.conversations(ORG, person=None, teammate="ws1:1", position=at, limit=10),
        ),
        "conversations of a customer": (
            "updated_at",
            lambda its, at: its.conversations(
                ORG, person=None, position=at, limit=10, narrowed=Narrowing(customer_id="c1")
            ),
        ),
    }
    for signals in get_args(SignalSort):
        field = {"newest": "shown_at"}.get(signals, signals)
        for name, wanted in {
            "open": SignalFilter(state="open"),
            "any": SignalFilter(state="any"),
            "of a kind": SignalFilter(state="open", kind="churn_risk"),
            "assigned": SignalFilter(state="open", assigned_to="bo@acme.example"),
        }.items():
            found[f"signals {name} by {signals}"] = (field, _signals(wanted, signals))
    for customers in get_args(CustomerSort):
        name = customers.removeprefix("-")
        field = {"attention": "attention", "name": "name_folded"}.get(name, f"sort_{name}")
        found[f"customers by {customers}"] = (field, _customers(customers))
    for people in get_args(PersonSort):
        field = {"id": "key", "last": "sort_last"}.get(people.removeprefix("-"), "conversations")
        found[f"people by {people}"] = (field, _people(people))
    for requests in get_args(RequestSort):
        name = requests.removeprefix("-")
        found[f"requests by {requests}"] = ({"last": "sort_last"}.get(name, name), _requests(requests))
    return found


def _signals(wanted: SignalFilter, sort: SignalSort) -> Any:
    return lambda its, at: its.signals(ORG, wanted, sort=sort, position=at, limit=10)


def _customers(sort: CustomerSort) -> Any:
    return lambda its, at: its.customers(
        ORG, words=None, owner=None, known=None, sort=sort, position=at, limit=10
    )


def _people(sort: PersonSort) -> Any:
    return lambda its, at: its.people(ORG, words=None, sort=sort, position=at, limit=10)


def _requests(sort: RequestSort) -> Any:
    return lambda its, at: its.requests(ORG, state=None, words=None, sort=sort, position=at, limit=10)


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The plans of all questions that are asked from now on."""
    plans: list[dict[str, Any]] = []
    plain = ScopedCollection.find

    async def find(self: ScopedCollection, query: Any, **how: Any) -> list[dict[str, Any]]:
        cursor = self._collection.find(self._scoped(query), sort=how.get("sort"))
        plans.append((await cursor.explain())["queryPlanner"]["winningPlan"])
        return await plain(self, query, **how)

    monkeypatch.setattr(ScopedCollection, "find", find)
    return plans


@pytest.mark.parametrize("further", [False, True], ids=["first", "further"])
@pytest.mark.parametrize("name", lists())
async def test_a_list_has_its_index(
    database: AsyncDatabase[dict[str, Any]], plans: list[dict[str, Any]], name: str, *, further: bool
) -> None:
    """The first portion and the next ones are read in order from an index, wherever they begin."""
    field, ask = lists()[name]
    is_descending = name.startswith(("signals", "conversations")) or "by -" in name
    await ask(MongoLists(database), _somewhere(field, descending=is_descending) if further else None)
    assert {tuple(_stages(plan)) for plan in plans} == {("FETCH", "IXSCAN")}, plans


CONVERSATIONS = {
    "all": ConversationFilter(),
    "of a person": ConversationFilter(person="ws1:dana"),
    "open": ConversationFilter(state="open"),
    "waiting": ConversationFilter(state="waiting"),
    "of a customer that hold words": ConversationFilter(words="dana", narrowed=Narrowing(customer_id="c1")),
    "closed that hold words": ConversationFilter(words="dana", state="closed"),
}


@pytest.mark.parametrize("further", [False, True], ids=["first", "further"])
@pytest.mark.parametrize("name", CONVERSATIONS)
async def test_conversations_have_their_indexes(
    database: AsyncDatabase[dict[str, Any]], plans: list[dict[str, Any]], name: str, *, further: bool
) -> None:
    """By state, and with words, nothing is sorted; nor while it is seen who waits or bears a name."""
    position = _somewhere("updated_at", descending=True) if further else None
    found = await MongoConversationList(database).find(ORG, CONVERSATIONS[name])
    await found.portion(position=position, limit=10)
    assert {tuple(_stages(plan)) for plan in plans} == {("FETCH", "IXSCAN")}, plans


def _somewhere(field: str, *, descending: bool) -> dict[str, Any]:
    """Return a place in the middle of a list, as a cursor holds it."""
    value: Any = 5
    if field in {"key", "name_folded", "name_normalised", "title"}:
        value = "m"
    elif field.endswith("renewal"):
        value = "2026-09-01"
    elif field.endswith(("_at", "sort_last")):
        return {"f": field, "d": descending, "v": NOW.isoformat(), "t": True, "i": "acme/x"}
    return {"f": field, "d": descending, "v": value, "t": False, "i": "acme/x"}


def _stages(plan: dict[str, Any]) -> list[str]:
    names = [plan["stage"]]
    while "inputStage" in plan:
        plan = plan["inputStage"]
        names.append(plan["stage"])
    return names
