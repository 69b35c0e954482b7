"""What follows a busy contact or company costs no more than the slice read, or the number counted."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from services.detector.adapters.mongo_mirror import MongoMirror
from services.detector.settings import Settings
from shared.documents.collection import ScopedCollection
from shared.documents.database import create_client, database_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pymongo.asynchronous.database import AsyncDatabase

ORG, BUSY = "acme", "ws1:busy"
CONVERSATIONS = 40


@pytest.fixture
async def database(mongodb_uri: str) -> AsyncIterator[AsyncDatabase[dict[str, Any]]]:
    """A database with the mirror's indexes, and one contact and one company with many conversations."""
    settings = Settings(
        mongodb_uri=SecretStr(mongodb_uri),
        kafka_bootstrap_servers="127.0.0.1:1",
        database_prefix=f"t{secrets.token_hex(6)}",
        signing_key=SecretStr("k" * 40),
    )
    client = create_client(settings, service="detector")
    made = database_of(client, settings, service="detector")
    await MongoMirror(made).prepare()
    await made["conversations"].insert_many(
        {
            "_id": f"{ORG}/ws1/{number}",
            "organization_id": ORG,
            "key": f"ws1:{number:03}",
            "contact_keys": [BUSY, f"ws1:{number}"],
            "company_keys": [BUSY, "ws1:other"],
            "updated_at": -number,
        }
        for number in range(CONVERSATIONS)
    )
    yield made
    await client.drop_database(made.name)
    await client.close()


@pytest.mark.parametrize("whose", ["contacts", "companies"])
async def test_a_slice_is_read_in_order_from_an_index(
    database: AsyncDatabase[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    """A slice begins where the one before it ended: what was read already is not looked at again."""
    plans: list[dict[str, Any]] = []
    plain = ScopedCollection.find

    async def find(self: ScopedCollection, query: Any, **how: Any) -> list[dict[str, Any]]:
        plans.append(await self._collection.find(self._scoped(query), sort=how.get("sort")).explain())
        return await plain(self, query, **how)

    monkeypatch.setattr(ScopedCollection, "find", find)
    ask = getattr(MongoMirror(database), f"keys_by_{whose}")
    assert await ask(ORG, [BUSY], after="ws1:035", limit=2) == ["ws1:036", "ws1:037"]
    (told,) = plans
    assert told["queryPlanner"]["winningPlan"]["stage"] != "SORT"
    assert told["executionStats"]["totalDocsExamined"] == CONVERSATIONS - 36


@pytest.mark.parametrize("whose", ["contacts", "companies"])
async def test_what_is_left_is_counted_from_an_index(
    database: AsyncDatabase[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    """Nothing is examined but what is counted: the page asks every few seconds."""
    examined: list[int] = []
    plain = ScopedCollection.count

    async def count(self: ScopedCollection, query: Any, **how: Any) -> int:
        told = await self._collection.find(self._scoped(query)).explain()
        examined.append(told["executionStats"]["totalDocsExamined"])
        return await plain(self, query, **how)

    monkeypatch.setattr(ScopedCollection, "count", count)
    ask = getattr(MongoMirror(database), f"count_by_{whose}")
    assert await ask(ORG, {BUSY: "ws1:035"}) == CONVERSATIONS - 36
    assert examined == [CONVERSATIONS - 36]
