"""The stores over MongoDB's protocol keep the same promises, on a real engine."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest
from bson.codec_options import CodecOptions
from pymongo import AsyncMongoClient

from services.syncer.adapters.mongo_connections import MongoConnections
from services.syncer.adapters.mongo_cursors import MongoCursors
from services.syncer.adapters.mongo_fingerprints import MongoFingerprints
from services.syncer.adapters.mongo_gaps import MongoGaps
from services.syncer.adapters.mongo_runs import MongoRuns
from tests.unit.services.syncer.store_suite import (
    ConnectionSuite,
    CursorSuite,
    FingerprintSuite,
    GapSuite,
    RunSuite,
    Stores,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def stores(mongodb_uri: str) -> AsyncIterator[Stores]:
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(mongodb_uri, retryWrites=False)
    name = f"syncer_{uuid.uuid4().hex}"
    database = client.get_database(name, codec_options=CodecOptions(tz_aware=True))
    runs, fingerprints = MongoRuns(database), MongoFingerprints(database)
    cursors, gaps = MongoCursors(database), MongoGaps(database)
    for store in (runs, fingerprints, cursors, gaps):
        await store.ensure_indexes()
    yield Stores(MongoConnections(database), runs, fingerprints, cursors, gaps)
    await client.drop_database(name)
    await client.close()


class TestConnections(ConnectionSuite): ...


class TestCursors(CursorSuite): ...


class TestGaps(GapSuite): ...


class TestFingerprints(FingerprintSuite): ...


class TestRuns(RunSuite): ...
