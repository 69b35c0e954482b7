"""Revoked bearer keys on a real broker: known from the beginning of the topic, whatever else is in it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from deploy.cli.engine import Bus, open_producer
from deploy.local.kafka.topics import ensure_topics
from shared.auth.revoked_keys import RevokedKeysFromTopic
from shared.contracts.connections import ApiKeyRevoked
from shared.contracts.topics import ACCESS
from shared.observability.readiness import Readiness

if TYPE_CHECKING:
    from collections.abc import Callable

_PATIENCE_SECONDS = 30.0


def revoked(key_id: str) -> bytes:
    fact = ApiKeyRevoked(
        organization_id="acme",
        key_id=key_id,
        revoked_by="dana",
        revoked_at=datetime(2026, 3, 1, tzinfo=UTC),
    )
    return fact.model_dump_json().encode()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while not holds():
            await asyncio.sleep(0.05)


@pytest.mark.timeout(120)
async def test_revocations_are_known_and_followed(kafka: str) -> None:
    """An empty topic is known at once, a bad record hides nothing, and a later replica knows all at once."""
    await ensure_topics(kafka, [ACCESS])
    readiness, later = Readiness(), Readiness()
    keys = RevokedKeysFromTopic(kafka, readiness=readiness)
    following = [asyncio.create_task(keys.follow())]
    try:
        await until(lambda: readiness.ready)
        assert "k1" not in keys
        async with open_producer(Bus(kafka)) as producer:
            for key, value in ((b"bad", b"\xff{"), (b"k1", revoked("k1")), (b"k2", None)):
                await producer.send_and_wait(ACCESS.name, value, key=key, partition=0)
        await until(lambda: "k1" in keys)
        others = RevokedKeysFromTopic(kafka, readiness=later)
        following.append(asyncio.create_task(others.follow()))
        await until(lambda: later.ready)
        assert "k1" in others
        assert "k2" not in others
    finally:
        for task in following:
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)
