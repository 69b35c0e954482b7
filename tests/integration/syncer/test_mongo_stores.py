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
    KEY,
    NOW,
    ConnectionSuite,
    CursorSuite,
    FingerprintSuite,
    GapSuite,
    RunSuite,
    Stores,
    claimed,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from services.syncer.domain.run import Run


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


class TestRuns(RunSuite):
    async def test_what_is_asked_for_while_a_run_starts_over_is_heard(
        self, stores: Stores, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Another replica stores a request between what this one reads and what it writes."""
        runs = stores.runs
        assert isinstance(runs, MongoRuns)
        await runs.request(KEY, request_id="r1", reason="scheduled", now=NOW)
        run = await claimed(stores)
        await runs.request(KEY, request_id="r2", reason="scheduled", now=NOW)
        own, late = runs._own, ["r3"]

        async def overtaken(run: Run, update: dict[str, Any], **condition: Any) -> bool:
            if "again" in update["$set"] and late:
                await runs.request(KEY, request_id=late.pop(), reason="reconcile", now=NOW)
            return await own(run, update, **condition)

        monkeypatch.setattr(runs, "_own", overtaken)
        assert await runs.finish(run, interrupted=False, now=NOW)
        following = await claimed(stores)
        assert (late, following.run_id, following.reason) == ([], "r3", "reconcile")
