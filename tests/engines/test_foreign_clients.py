"""What is on the bus, read by clients of other lineages: librdkafka, and Kafka's own command-line tools.

One connected workspace with some facts serves all tests of this file.
"""

from __future__ import annotations

import json
import random
import threading
import time
import uuid
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import Consumer, Message, TopicPartition
from confluent_kafka.admin import AdminClient

from shared.contracts.registry import EVENT_BY_TYPE
from shared.contracts.resources import ResourceDeleted
from shared.contracts.topics import ALL_TOPICS
from tests.e2e.torture.run import stand
from tests.engines.kafka_tools import CONSOLE_CONSUMER, CONSUMER_GROUPS, VERIFIABLE_CONSUMER, tool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.contracts.event import Event
    from tests.e2e.torture.run import Stand

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

_FACTS = 5
_READ_SECONDS = 60
_MIRROR = {
    "resources.admins": {"admins": "AdminChanged"},
    "resources.teams": {"teams": "TeamChanged"},
    "resources.tags": {"tags": "TagChanged"},
    "resources.contacts": {"contacts": "ContactChanged"},
    "resources.companies": {"companies": "CompanyChanged"},
    "resources.conversations": {"conversations": "ConversationChanged", "parts": "ConversationPartChanged"},
}
"""By topic: the detector's collections that mirror it, and the event that each of their documents is."""

Read = dict[tuple[str, int, int], tuple[str | None, Any, dict[str, str]]]
"""Key, value and headers by topic, partition and offset."""


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """Yield a connected workspace whose facts have gone through the whole chain."""
    with stand(tmp_path_factory.mktemp("foreign"), random.Random(11), each_second=1) as found:
        found.connect()
        found.writer.write(_FACTS)
        verdict = found.settle(lambda _: None)
        assert verdict.faults == []
        yield found


def _consumer(servers: str, group: str, **settings: Any) -> Consumer:
    return Consumer(
        {
            "bootstrap.servers": servers,
            "group.id": group,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            **settings,
        }
    )


def _place(message: Message) -> tuple[str, int, int]:
    topic, partition, offset = message.topic(), message.partition(), message.offset()
    assert topic is not None
    assert partition is not None
    assert offset is not None
    return topic, partition, offset


def _content(message: Any) -> tuple[str | None, Any, dict[str, str]]:
    key, value = message.key(), message.value()
    return (
        None if key is None else key.decode(),
        None if value is None else json.loads(value),
        {name: content.decode() for name, content in message.headers() or []},
    )


def _read_all(servers: str) -> Read:
    """Return every record of every topic, as librdkafka gives it."""
    consumer = _consumer(servers, f"foreign.{uuid.uuid4().hex}")
    found: Read = {}
    try:
        known = consumer.list_topics(timeout=_READ_SECONDS).topics
        ends: dict[tuple[str, int], int] = {}
        for topic in ALL_TOPICS:
            for number in known[topic.name].partitions:
                low, high = consumer.get_watermark_offsets(TopicPartition(topic.name, number), _READ_SECONDS)
                if high > low:
                    ends[topic.name, number] = high
        consumer.assign([TopicPartition(topic, number, 0) for topic, number in ends])
        deadline = time.monotonic() + _READ_SECONDS
        while ends and time.monotonic() < deadline:
            for message in consumer.consume(500, timeout=1):
                assert message.error() is None
                place = _place(message)
                found[place] = _content(message)
                if place[2] + 1 >= ends.get(place[:2], place[2] + 2):
                    del ends[place[:2]]
        assert ends == {}, "these partitions were not read to their end"
    finally:
        consumer.close()
    return found


def test_librdkafka_reads_every_topic(ground: Stand) -> None:
    """Keys, values and headers of all records arrive; each is a CloudEvent or a tombstone."""
    found = _read_all(ground.cluster.bootstrap_servers)
    topics = {topic for topic, _, _ in found}
    assert {"connections", "sync.requests", "sync.progress", "signals.customer", "deliveries"} <= topics
    for key, value, headers in found.values():
        assert key
        if value is None:
            continue
        assert headers["ce_specversion"] == "1.0"
        assert headers["content-type"] == "application/json"
        assert headers["ce_organizationid"] == value["organization_id"]
        assert headers["ce_id"]


def test_a_new_subscriber_rebuilds_the_mirror(ground: Stand) -> None:
    """The last record of each key in the compacted topics is what the detector holds, field by field."""
    last: dict[tuple[str, str], tuple[dict[str, str], Any]] = {}
    for (topic, _, _), (key, value, headers) in sorted(_read_all(ground.cluster.bootstrap_servers).items()):
        if topic in _MIRROR:
            assert key is not None
            last[topic, key] = (headers, value)
    rebuilt: dict[tuple[str, str], Event] = {}
    held: dict[tuple[str, str], Event] = {}
    database = ground.evidence.mongo["earshot_detector"]
    for (topic, key), (headers, value) in last.items():
        kind = None if value is None else EVENT_BY_TYPE[headers["ce_type"]]
        if kind is not None and kind is not ResourceDeleted:
            rebuilt[topic, key] = kind.model_validate(value)
    kinds = {(topic, type(event).__name__): type(event) for (topic, _), event in rebuilt.items()}
    for topic, names in _MIRROR.items():
        for name, kind_name in names.items():
            for row in database[name].find({"deleted_at": {"$exists": False}}):
                event = kinds[topic, kind_name].model_validate(row["data"])
                held[topic, event.key()] = event
    assert rebuilt.keys() == held.keys()
    differing = [place for place, event in rebuilt.items() if event != held[place]]
    assert differing == []


def test_consumers_join_and_leave_without_gap(ground: Stand) -> None:
    """Members that commit after storing come and go; what they stored together is every record.

    None gets a record twice while it holds its partition: only who is given one anew is given again what
    nobody had committed.
    """
    servers = ground.cluster.bootstrap_servers
    wanted = {place for place in _read_all(servers) if place[0] == "resources.conversations"}
    group = f"foreign.{uuid.uuid4().hex}"
    stored: Counter[tuple[str, int, int]] = Counter()
    given: Counter[int] = Counter()
    guard = threading.Lock()

    def assigned(_consumer: Consumer, partitions: list[TopicPartition]) -> None:
        with guard:
            given.update(one.partition for one in partitions)

    def member(seconds: float) -> None:
        consumer = _consumer(servers, group, **{"session.timeout.ms": 6_000})
        consumer.subscribe(["resources.conversations"], on_assign=assigned)
        ends = time.monotonic() + seconds
        try:
            while time.monotonic() < ends:
                taken = [one for one in consumer.consume(20, timeout=0.2) if one.error() is None]
                with guard:
                    stored.update(map(_place, taken))
                if consumer.assignment():
                    try:
                        consumer.commit(asynchronous=False)
                    except Exception:  # noqa: BLE001, S112 - taken away in a rebalance, or nothing to commit
                        continue
        finally:
            consumer.close()

    threads = [threading.Thread(target=member, args=(seconds,)) for seconds in (6, 12, 25)]
    for thread in threads:
        thread.start()
        time.sleep(2)
    for thread in threads:
        thread.join()
    assert set(stored) == wanted
    assert {place: times for place, times in stored.items() if times > given[place[1]]} == {}
    assert max(given.values()) > 1, "no partition changed hands, so nothing was tried here"


def test_the_console_consumer_reads_headers_and_keys(ground: Stand) -> None:
    """Kafka's own consumer prints headers, key and value of a signal."""
    printed = tool(
        CONSOLE_CONSUMER,
        "--bootstrap-server",
        ground.cluster.bootstrap_servers,
        "--topic",
        "signals.customer",
        "--from-beginning",
        "--max-messages",
        "1",
        "--property",
        "print.key=true",
        "--property",
        "print.headers=true",
    )
    headers, key, value = printed.strip().split("\t", 2)
    assert "ce_specversion:1.0" in headers
    assert json.loads(value)["signal_id"] in key


def test_the_group_tool_sees_nothing_behind(ground: Stand) -> None:
    """Kafka's own tool lists our groups, and no partition of theirs has a lag."""
    printed = tool(
        CONSUMER_GROUPS,
        "--bootstrap-server",
        ground.cluster.bootstrap_servers,
        "--describe",
        "--group",
        "earshot.detector.conversations",
    )
    rows = [line.split() for line in printed.splitlines() if line.startswith("earshot.")]
    assert len(rows) == 12
    assert all(row[5] in {"0", "-"} for row in rows)


def test_the_verifiable_consumer_takes_all_records(ground: Stand) -> None:
    """Kafka's own tool for system tests receives every conversation record, in order for each partition."""
    servers = ground.cluster.bootstrap_servers
    wanted = sum(1 for topic, _, _ in _read_all(servers) if topic == "resources.conversations")
    printed = tool(
        VERIFIABLE_CONSUMER,
        "--bootstrap-server",
        servers,
        "--topic",
        "resources.conversations",
        "--group-id",
        f"foreign.{uuid.uuid4().hex}",
        "--reset-policy",
        "earliest",
        "--max-messages",
        str(wanted),
    )
    events = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    assert sum(event["count"] for event in events if event["name"] == "records_consumed") == wanted


def test_our_groups_are_stable_to_others(ground: Stand) -> None:
    """An admin client of librdkafka sees each of our groups with its members."""
    admin = AdminClient({"bootstrap.servers": ground.cluster.bootstrap_servers})
    listed = admin.list_consumer_groups(request_timeout=_READ_SECONDS).result()
    names = {group.group_id for group in listed.valid}
    assert {"earshot.detector.conversations", "earshot.notifier.main", "earshot.syncer.requests"} <= names
