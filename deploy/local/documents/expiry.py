"""Removing documents whose time to live is over, by their TTL index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bson.datetime_ms import DatetimeMS

from deploy.local.documents.commands.call import reply
from deploy.local.documents.commands.writing import now
from deploy.local.documents.query.clauses import parse_filter
from deploy.local.documents.query.execution import run
from deploy.local.documents.query.planner import plan
from deploy.local.documents.storage import records
from deploy.local.documents.storage.scan import Source

if TYPE_CHECKING:
    from deploy.local.documents.storage.catalog import Collection, Index
    from deploy.local.documents.storage.database import Database
    from deploy.local.documents.storage.sessions import WriteSession

BATCH: Final = 1000
"""Documents removed per index and round, so that a great expiry does not hold up other writes for long."""


def remove_expired(session: WriteSession) -> bytes:
    """Remove up to `BATCH` expired documents of every TTL index; a reply with their number."""
    removed = 0
    for name in session.names():
        database = session.existing(name)
        if database is None:
            continue
        for collection in list(database.catalog.values()):
            for index in collection.indexes:
                if index.expire_after_seconds is not None:
                    session.database(name, create=False)
                    removed += _expire(database, collection, index, index.expire_after_seconds)
    return reply({"n": removed})


def _expire(database: Database, collection: Collection, index: Index, seconds: float) -> int:
    """Documents with a date old enough in the field; of several dates in an array the oldest decides."""
    limit = DatetimeMS(int(now()) - int(seconds * 1000))
    ((path, _),) = index.order
    node = parse_filter({".".join(path): {"$lte": limit}})
    chosen = plan(collection, node, (), index.name)
    removed = 0
    for match in list(zip(run(Source(database.connection), collection, chosen), range(BATCH), strict=False)):
        records.delete(database, collection, match[0].rid, match[0].decoded())
        removed += 1
    return removed
