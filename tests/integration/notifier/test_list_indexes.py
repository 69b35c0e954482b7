"""The inbox and the delivery log are read from an index in either direction: nothing sorts a tenant."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from services.notifier.adapters.mongo_inbox import MongoInbox
from services.notifier.adapters.mongo_notifications import MongoNotifications
from services.notifier.ports import InboxReader, LogFilter, Place
from shared.clock import ManualClock
from shared.config import ServiceSettings
from shared.documents.collection import ScopedCollection
from shared.documents.database import create_client, database_of
from shared.messaging.recording import RecordingPublisher

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pymongo.asynchronous.database import AsyncDatabase

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
READER = InboxReader("acme", "u-1", "ann@acme.example")


@pytest.fixture
async def database(mongodb_uri: str) -> AsyncIterator[AsyncDatabase[dict[str, Any]]]:
    """A database of its own, empty."""
    settings = ServiceSettings(
        http_port=1,
        signing_key=SecretStr("k" * 40),
        mongodb_uri=SecretStr(mongodb_uri),
        database_prefix=f"t{secrets.token_hex(6)}",
    )
    async with create_client(settings, service="notifier") as client:
        made = database_of(client, settings, service="notifier")
        yield made
        await client.drop_database(made.name)


@pytest.mark.parametrize("oldest_first", [False, True], ids=["newest", "oldest"])
@pytest.mark.parametrize("further", [False, True], ids=["first", "further"])
async def test_a_list_has_its_index(
    database: AsyncDatabase[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    *,
    further: bool,
    oldest_first: bool,
) -> None:
    """The first portion and the next ones come in order from an index, newest or oldest first."""
    inbox = MongoInbox(database)
    log = MongoNotifications(database, RecordingPublisher(), ManualClock(NOW))
    for store in (inbox, log):
        await store.ensure_indexes()
    plans: list[dict[str, Any]] = []
    plain = ScopedCollection.find

    async def find(self: ScopedCollection, query: Any, **how: Any) -> list[dict[str, Any]]:
        cursor = self._collection.find(self._scoped(query), sort=how.get("sort"))
        plans.append((await cursor.explain())["queryPlanner"]["winningPlan"])
        return await plain(self, query, **how)

    monkeypatch.setattr(ScopedCollection, "find", find)
    after = Place(NOW, "x") if further else None
    await inbox.page(READER, unread_only=False, after=after, limit=10, oldest_first=oldest_first)
    for wanted in (LogFilter(), LogFilter(state="pending"), LogFilter(channel="email")):
        await log.page("acme", wanted, after=after, limit=10, oldest_first=oldest_first)
    assert [(plan["stage"], plan["inputStage"]["stage"]) for plan in plans] == [("FETCH", "IXSCAN")] * 4
