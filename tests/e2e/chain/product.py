"""The product as programs outside see it: its JSON API through the gateway, its topics through aiokafka."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Protocol

import httpx
from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.simulator.tokens import DEMO_TOKEN
from tests.e2e.chain.groups import behind
from tests.e2e.chain.installation import eventually

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.e2e.chain.workspace import Workspace

_CALL_SECONDS = 20
_SYNC_SECONDS = 120
_QUIET_SECONDS = 60
_PIPELINE = ("earshot.detector.conversations", "earshot.detector.directory", "earshot.notifier.main")
"""Consumer groups between Intercom and a notice."""

Json = dict[str, Any]
Record = tuple[str, str, Json | None, dict[str, str]]


class Reachable(Protocol):
    """Anything that runs the product: where its pages are, and its bus."""

    @property
    def bootstrap_servers(self) -> str: ...

    @property
    def address(self) -> str: ...


class Product:
    """One organization's view of an installation; signed in by a bearer key of its own."""

    def __init__(self, installation: Reachable) -> None:
        self._installation = installation
        self.client = httpx.Client(base_url=f"{installation.address}/api/v1", timeout=_CALL_SECONDS)
        key = self.client.post("/keys", json={"name": "tests", "role": "admin"}).raise_for_status().json()
        self.client.headers["Authorization"] = f"Bearer {key['token']}"

    def close(self) -> None:
        self.client.close()

    def connect(
        self, *, token: str = DEMO_TOKEN, region: str = "us", lifecycle: bool = True, interval: int = 3_600
    ) -> Json:
        """Connect by token, with these settings from the first call on; return the connection."""
        settings = {"lifecycle_events": lifecycle, "sync_interval_seconds": interval}
        body = {"access_token": token, "region": region, "settings": settings}
        answer = self.client.post("/connections", json=body)
        assert answer.status_code == httpx.codes.CREATED, answer.text
        # A workspace that was connected before keeps the settings that it had.
        return self.save(answer.json()["id"], **settings)

    def save(self, connection_id: str, **settings: Any) -> Json:
        """Change some settings of a connection; the others stay."""
        settings = {**self.connection(connection_id)["settings"], **settings}
        answer = self.client.put(f"/connections/{connection_id}/settings", json=settings)
        found: Json = answer.raise_for_status().json()
        return found

    def connection(self, connection_id: str) -> Json:
        found: Json = self.client.get(f"/connections/{connection_id}").raise_for_status().json()
        return found

    def connections(self) -> list[Json]:
        found: list[Json] = self.client.get("/connections").raise_for_status().json()["items"]
        return found

    def read(self, connection_id: str) -> int:
        """Return how many conversations the run under way has read, 0 when there is none."""
        progress = self.connection(connection_id)["progress"]
        counts = progress["counts"] if progress else []
        return sum(count["done"] for count in counts if count["resource"] == "conversation")

    def synced(self, connection_id: str, *, seconds: float = _SYNC_SECONDS, every: float = 0.1) -> Json:
        """Wait for the first completed run; return the connection."""

        def complete() -> Json | None:
            found = self.connection(connection_id)
            return found if found["ledger"]["completed_at"] else None

        return eventually("the initial sync completes", complete, seconds=seconds, every=every)

    def sync(self, connection_id: str) -> Json:
        """Ask for a run and wait until it is complete."""
        before = self.connection(connection_id)["ledger"]["completed_at"]
        self.client.post(f"/connections/{connection_id}/sync").raise_for_status()

        def complete() -> Json | None:
            found = self.connection(connection_id)
            return found if found["ledger"]["completed_at"] != before else None

        return eventually("the run that was asked for completes", complete, seconds=_SYNC_SECONDS)

    def state(self, connection_id: str, wanted: str, *, seconds: float = 60) -> Json:
        """Wait until the connection is in a state; return it."""

        def reached() -> Json | None:
            found = self.connection(connection_id)
            return found if found["state"] == wanted else None

        return eventually(f"the connection is {wanted}", reached, seconds=seconds)

    def disconnect(self, connection_id: str) -> None:
        """Disconnect, and return when nothing that was read is under way any more."""
        self.client.post(f"/connections/{connection_id}/disconnect").raise_for_status()
        self.settled()

    def settled(self) -> None:
        """Wait until all that was read went through the detector and the notifier."""
        eventually(
            "everything on the bus is taken",
            lambda: lag(self._installation.bootstrap_servers) == 0,
            seconds=_QUIET_SECONDS,
            every=0.5,
        )

    def remove(self, connection: Json) -> Json:
        """Remove the data of a connection and wait until every service has confirmed it."""
        path = f"/connections/{connection['id']}/data"
        self.client.delete(path, params={"confirm": connection["workspace_name"]}).raise_for_status()

        def confirmed() -> Json | None:
            found = self.connection(connection["id"])
            return found if len(found["removal_confirmed_by"]) == 4 else None

        return eventually("all services confirm the removal", confirmed, seconds=_QUIET_SECONDS)

    def pages(self, path: str, **query: Any) -> list[Json]:
        """Return all items of a list, page by page; what is asked for as None is left out."""
        found: list[Json] = []
        cursor: str | None = None
        while True:
            asked = {"limit": 100, **query, "cursor": cursor}
            asked = {name: value for name, value in asked.items() if value is not None}
            page = self.client.get(path, params=asked).raise_for_status().json()
            found += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return found

    def signals(self, **query: Any) -> list[Json]:
        return self.pages("/signals", **{"state": "any", **query})

    def webhook_rule(self, workspace: Workspace, name: str, **conditions: Any) -> Json:
        """Store a rule that alerts one of the workspace's webhook receivers."""
        body = {
            "name": name,
            "channel": "webhook",
            "url": workspace.webhook_url(name),
            "secret": workspace.secret,
            **conditions,
        }
        answer = self.client.post("/rules", json=body)
        assert answer.status_code == httpx.codes.CREATED, answer.text
        rule: Json = answer.json()
        return rule

    def drop_rules(self) -> None:
        """Remove all webhook rules."""
        for rule in self.pages("/rules", limit=None):
            if rule["channel"] == "webhook":
                self.client.delete(f"/rules/{rule['id']}").raise_for_status()


def records(bootstrap_servers: str, topics: Sequence[str]) -> list[Record]:
    """Return (topic, key, value, headers) of all records of the topics, as any Kafka client reads them.

    Order holds for each partition. A tombstone's value is None.
    """
    return [
        (topic, key, value, headers)
        for topic, _, key, value, headers in asyncio.run(_records(bootstrap_servers, topics))
    ]


def left_on(bootstrap_servers: str, topics: Sequence[str]) -> list[tuple[str, int, str]]:
    """Return (topic, partition, key) of what compaction keeps: no tombstone came last."""
    last: dict[tuple[str, int, str], bool] = {}
    for topic, partition, key, value, _ in asyncio.run(_records(bootstrap_servers, topics)):
        last[topic, partition, key] = value is not None
    return sorted(place for place, kept in last.items() if kept)


async def _records(
    bootstrap_servers: str, topics: Sequence[str]
) -> list[tuple[str, int, str, Json | None, dict[str, str]]]:
    found = []
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap_servers, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    async with consumer:
        await consumer._client.force_metadata_update()
        partitions = [
            TopicPartition(topic, number)
            for topic in topics
            for number in consumer.partitions_for_topic(topic) or ()
        ]
        assert partitions, f"no such topic among {topics}"
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        behind = {partition for partition in partitions if ends[partition] > 0}
        while behind:
            for batch in (await consumer.getmany(timeout_ms=500)).values():
                for record in batch:
                    value = None if record.value is None else json.loads(record.value)
                    headers = {name: content.decode() for name, content in record.headers}
                    found.append((record.topic, record.partition, record.key.decode(), value, headers))
            behind = {one for one in behind if await consumer.position(one) < ends[one]}
    return found


def lag(bootstrap_servers: str) -> int:
    """Return how many records the detector and the notifier have not taken yet, from resources to signals."""
    return sum(behind(bootstrap_servers, _PIPELINE).values())
