"""A thousand records that are no events of ours on every topic: each is put aside, nothing is held up."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import MessageSizeTooLargeError

from shared.contracts.connections import ApiKeyRevoked, ConnectionChanged, DataRemovalRequested
from shared.contracts.deliveries import NotificationDelivered
from shared.contracts.resources import (
    AdminChanged,
    CompanyChanged,
    ContactChanged,
    ConversationChanged,
    TagChanged,
    TeamChanged,
)
from shared.contracts.signals import SignalDetected
from shared.contracts.sync import SyncProgressed, SyncRequested
from shared.contracts.topics import (
    ACCESS,
    ALL_TOPICS,
    CONNECTIONS,
    DEAD_LETTERS,
    DELIVERIES,
    REMOVALS,
    RESOURCES_ADMINS,
    RESOURCES_COMPANIES,
    RESOURCES_CONTACTS,
    RESOURCES_CONVERSATIONS,
    RESOURCES_TAGS,
    RESOURCES_TEAMS,
    SIGNALS,
    SYNC_PROGRESS,
    SYNC_REQUESTS,
    Topic,
)
from tests.e2e.chain.installation import TookTooLongError, eventually
from tests.e2e.torture.run import RECIPIENTS, stand
from tests.e2e.torture.verdict import pending

if TYPE_CHECKING:
    from pathlib import Path

    from shared.contracts.event import Event
    from tests.e2e.torture.run import Stand

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

_EACH = 1_000
_READ: dict[str, tuple[type[Event], int, int]] = {
    CONNECTIONS.name: (ConnectionChanged, 2, 2),
    SYNC_REQUESTS.name: (SyncRequested, 1, 1),
    SYNC_PROGRESS.name: (SyncProgressed, 1, 1),
    RESOURCES_ADMINS.name: (AdminChanged, 1, 1),
    RESOURCES_TEAMS.name: (TeamChanged, 1, 1),
    RESOURCES_TAGS.name: (TagChanged, 1, 1),
    RESOURCES_CONTACTS.name: (ContactChanged, 1, 1),
    RESOURCES_COMPANIES.name: (CompanyChanged, 1, 1),
    RESOURCES_CONVERSATIONS.name: (ConversationChanged, 1, 1),
    SIGNALS.name: (SignalDetected, 1, 1),
    REMOVALS.name: (DataRemovalRequested, 4, 3),  # the notifier waits for the detector's word alone
    DELIVERIES.name: (NotificationDelivered, 0, 0),
    ACCESS.name: (ApiKeyRevoked, 0, 0),  # followed without a group; what is no event is passed over
}
"""By topic: an event of it, how many groups of ours read the topic, and how many of them that event."""

_POISONED = [topic for topic in ALL_TOPICS if topic not in DEAD_LETTERS]
_MARK = b"poison"
_SAID = ("original-topic", "reason", "original-offset")
_PUT_ASIDE_SECONDS = 300

Poison = tuple[bytes, list[tuple[str, bytes]]]

_LARGE_EVERY = 250
"""One that comes close to the broker's limit is sent seldom."""


def _event(kind: str, body: bytes) -> Poison:
    return body, [("ce_specversion", b"1.0"), ("ce_type", kind.encode()), ("ce_id", b"poison")]


def _poisons(topic: Topic) -> list[tuple[str, int, Poison]]:
    """Return the expected reason, how often it is expected, and the record; a thousand times."""
    event, all_groups, its_groups = _READ[topic.name]
    large: tuple[str, int, Poison] = ("invalid_event", all_groups, (b"x" * 1_000_000, []))
    small: list[tuple[str, int, Poison]] = [
        ("invalid_event", all_groups, (b'{"no": "event"}', [])),
        ("invalid_event", all_groups, (b"\xff\xfe\x00", [("ce_type", b"\xff\xfe")])),
        ("unknown_type", all_groups, _event("earshot.nonsense.v1", b"{}")),
        ("unknown_type", all_groups, _event("'; DROP TABLE signals; --", b"{}")),
        ("unknown_version", all_groups, _event(event.TYPE.rpartition(".")[0] + ".v99", b"{}")),
        # An event that a group does not ask for is passed over unread, whatever its words are.
        ("broken_bytes", its_groups, _event(event.TYPE, b'{"half": ')),
        ("broken_bytes", its_groups, _event(event.TYPE, b"[" * 100_000)),
        ("invalid_event", its_groups, _event(event.TYPE, b'{"organization_id": 7, "signal_id": []}')),
        ("invalid_event", its_groups, _event(event.TYPE, b"null")),
    ]
    return [large if number % _LARGE_EVERY == 0 else small[number % len(small)] for number in range(_EACH)]


async def _poison(servers: str, topics: list[Topic]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=servers, max_request_size=3_000_000) as producer:
        with pytest.raises(MessageSizeTooLargeError):
            await producer.send_and_wait(topics[0].name, b"x" * 2_000_000, key=_MARK)
        for topic in topics:
            sent = [
                await producer.send(topic.name, value, key=_MARK, partition=0, headers=headers)
                for _, _, (value, headers) in _poisons(topic)
            ]
            await asyncio.gather(*sent)


async def _dead(servers: str) -> Counter[tuple[str, str]]:
    """Return how many records were put aside by original topic and reason, each reader's once."""
    found: set[tuple[str, str, str, str]] = set()
    places = [TopicPartition(topic.name, 0) for topic in DEAD_LETTERS]
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, auto_offset_reset="earliest")
    async with consumer:
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        while any([await consumer.position(place) < ends[place] for place in places]):
            for batch in (await consumer.getmany(timeout_ms=500)).values():
                for record in batch:
                    headers = dict(record.headers)
                    said = (headers[f"dlq-{name}"].decode() for name in _SAID)
                    found.add((record.topic, *said))
    return Counter((topic, reason) for _, topic, reason, _ in found)


def _ids(ground: Stand, recipient: str, conversation_id: str) -> set[str]:
    """Return under which ids a recipient was told of the notice in a conversation."""
    return {
        message.message_id
        for message in ground.receiver.told()[recipient, conversation_id]
        if message.body["data"]["kind"] == "churn_risk" and message.body["data"].get("explicit", True)
    }


def test_poison_is_put_aside_and_holds_nothing_up(tmp_path: Path) -> None:
    """Every record is in the dead-letter topic of each of its readers; facts behind it arrive once."""
    with stand(tmp_path, random.Random(13), each_second=1) as ground:
        servers = ground.cluster.bootstrap_servers
        ground.connect()
        asyncio.run(_poison(servers, _POISONED))
        facts = ground.writer.write(5)
        expected: Counter[tuple[str, str]] = Counter()
        for topic in _POISONED:
            for reason, times, _ in _poisons(topic):
                expected[topic.name, reason] += times
        missing: Counter[tuple[str, str]] = Counter()

        def put_aside() -> bool:
            missing.clear()
            missing.update(+expected)
            missing.subtract(asyncio.run(_dead(servers)))
            return not any(missing.values())

        try:
            eventually("every poison is put aside", put_aside, seconds=_PUT_ASIDE_SECONDS, every=2)
        except TookTooLongError as error:
            raise AssertionError({name: count for name, count in missing.items() if count}) from error
        places = [(name, fact.conversation_id) for name in RECIPIENTS for fact in facts]
        eventually(
            "facts behind the poison arrive",
            lambda: all(_ids(ground, *place) for place in places),
            seconds=120,
        )
        eventually("nothing is pending", lambda: not pending(ground.evidence.mongo), seconds=120)
        assert {place: len(_ids(ground, *place)) for place in places} == dict.fromkeys(places, 1)
        assert json.dumps(ground.cluster.unready(ground.cluster.first())) == "{}"
        for name in ("connector", "syncer", "detector", "notifier"):
            assert ground.cluster.parts[name].starts == 1
