"""Orders to remove one connection's data, as they are kept in documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.detector.adapters.mongo_connections import MongoConnections
from shared.clock import ManualClock
from shared.contracts.connections import DataRemoved
from shared.messaging.recording import RecordingPublisher
from tests.unit.services.detector.rig import CONNECTION, NOW, ORG

if TYPE_CHECKING:
    from pymongo.asynchronous.database import AsyncDatabase


async def test_the_newest_fifty_answers_are_known_and_no_more_are_kept(
    database: AsyncDatabase[dict[str, Any]],
) -> None:
    """However often a removal is ordered, its document stays small; what comes again is not answered anew."""
    publisher = RecordingPublisher()
    connections = MongoConnections(database, publisher, ManualClock(NOW))
    await connections.prepare()
    await connections.bar(ORG, CONNECTION, None)
    orders = [
        DataRemoved(
            organization_id=ORG,
            connection_id=CONNECTION,
            removal_id=f"order-{number}",
            service="detector",
            documents=0,
            removed_at=NOW,
        )
        for number in range(60)
    ]
    for order in orders:
        await connections.confirm(order)
    said = len(publisher.published)
    assert said == len(orders)
    for order in orders[10:]:
        await connections.confirm(order)
    assert len(publisher.published) == said
    (kept,) = await database["removals"].find({}).to_list()
    assert kept["said_for"] == [order.removal_id for order in orders[10:]]
