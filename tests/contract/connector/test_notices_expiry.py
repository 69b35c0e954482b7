"""A hint that was acknowledged is kept until it is on the bus, however long that takes."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from services.connector.adapters.mongo_notices import MongoNotices
from shared.clock import ManualClock
from shared.config import ServiceSettings
from shared.contracts.sync import SyncRequested
from shared.documents.database import create_client, database_of
from shared.errors import TransientError
from shared.messaging.recording import RecordingPublisher
from tests.unit.services.connector.fakes import NOW, a_connection

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pymongo.asynchronous.database import AsyncDatabase

HINT = SyncRequested(
    organization_id="acme", connection_id="c-1", request_id="hint-n-1", reason="hint", requested_at=NOW
)
DAY = timedelta(days=1).total_seconds()


@pytest.fixture
async def database(mongodb_uri: str) -> AsyncIterator[AsyncDatabase[dict[str, Any]]]:
    """A database of its own on the document server."""
    settings = ServiceSettings(
        http_port=1,
        signing_key=SecretStr("k" * 40),
        mongodb_uri=SecretStr(mongodb_uri),
        database_prefix=f"t{secrets.token_hex(6)}",
    )
    client = create_client(settings, service="connector")
    made = database_of(client, settings, service="connector")
    yield made
    await client.drop_database(made.name)
    await client.close()


async def _forgotten_from(database: AsyncDatabase[dict[str, Any]]) -> list[Any]:
    """Return the times from which the database counts, to forget the one notice that there is."""
    (notice,) = await database["notices"].find({}).to_list()
    indexes = (await database["notices"].index_information()).values()
    fields = [index["key"][0][0] for index in indexes if "expireAfterSeconds" in index]
    assert fields
    return [notice[field] for field in fields if field in notice]


@pytest.mark.parametrize("by", ["publish_pending", "sweep"])
async def test_a_notice_is_forgotten_only_after_its_hint_is_published(
    database: AsyncDatabase[dict[str, Any]], by: str
) -> None:
    """With the bus away for days nothing counts down; once it has taken the hint, something does."""
    clock, publisher = ManualClock(NOW), RecordingPublisher()
    notices = MongoNotices(database, publisher, clock)
    await notices.ensure_indexes()
    assert await notices.take(a_connection(), "n-1", HINT, NOW)
    publisher.fail_next(TransientError("away"))
    with pytest.raises(TransientError):
        await notices.publish_pending("acme", "n-1")
    assert await _forgotten_from(database) == []
    clock.advance(DAY)
    if by == "sweep":
        assert await notices.pending.sweep() == 1
    else:
        await notices.publish_pending("acme", "n-1")
    assert publisher.published == [HINT]
    assert await _forgotten_from(database) == [clock.now()]
    assert await notices.pending.sweep() == 0
    assert not await notices.take(a_connection(), "n-1", HINT, NOW)


async def test_a_database_from_before_takes_the_new_index(database: AsyncDatabase[dict[str, Any]]) -> None:
    """Its own index on another field stays, and new notices have nothing that it could count from."""
    await database["notices"].create_index("seen_at", expireAfterSeconds=10_800, name="expiry")
    notices = MongoNotices(database, RecordingPublisher(), ManualClock(NOW))
    await notices.ensure_indexes()
    await notices.take(a_connection(), "n-1", HINT, NOW)
    assert await _forgotten_from(database) == []
