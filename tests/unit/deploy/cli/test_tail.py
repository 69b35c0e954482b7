"""Which topics a word means, and what a record looks like as JSON."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from aiokafka import ConsumerRecord

from deploy.cli.commands.tail import matching
from deploy.cli.events import as_json
from shared.contracts.topics import ALL_TOPICS
from shared.errors import ConfigurationError

NAMES = [topic.name for topic in ALL_TOPICS]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["signals"], ["signals.customer"]),
        (["deliveries"], ["deliveries"]),
        (["resources.contacts"], ["resources.contacts"]),
        (["sync"], ["sync.progress", "sync.requests"]),
        (["*.contacts", "deliveries", "deliveries"], ["deliveries", "resources.contacts"]),
    ],
)
def test_a_word_means_topics(words: list[str], found: list[str]) -> None:
    """A whole name, its first part, or a pattern; each topic once."""
    assert matching(words, NAMES) == found


def test_all_topics_by_a_star() -> None:
    """Everything can be watched at once."""
    assert matching(["*"], NAMES) == sorted(NAMES)


def test_a_word_that_means_nothing_names_what_there_is() -> None:
    """A typing error is answered with the list."""
    with pytest.raises(ConfigurationError, match=r"'signal'.*signals\.customer"):
        matching(["signal"], NAMES)


def record(value: bytes | None, headers: tuple[tuple[str, bytes], ...] = ()) -> ConsumerRecord[bytes, bytes]:
    fields: dict[str, Any] = {
        "topic": "signals.customer",
        "partition": 2,
        "offset": 17,
        "timestamp": 1_767_225_600_000,
        "timestamp_type": 0,
        "key": b"signal-1",
        "value": value,
        "checksum": None,
        "serialized_key_size": 8,
        "serialized_value_size": -1,
        "headers": headers,
    }
    return ConsumerRecord(**fields)


def test_an_event_is_shown_in_cloudevents_own_format() -> None:
    """Attributes come from the headers, data from the value, the key as partition key."""
    headers = {
        "ce_specversion": b"1.0",
        "ce_id": b"1",
        "ce_type": b"earshot.signal.v1",
        "ce_source": b"/earshot/detector",
        "ce_time": b"2026-01-01T00:00:00Z",
        "ce_organizationid": b"org-1",
        "content-type": b"application/json",
    }
    shown = as_json(record('{"quote":"é"}'.encode(), tuple(headers.items())))
    assert shown == {
        "specversion": "1.0",
        "id": "1",
        "type": "earshot.signal.v1",
        "source": "/earshot/detector",
        "time": "2026-01-01T00:00:00Z",
        "organizationid": "org-1",
        "datacontenttype": "application/json",
        "partitionkey": "signal-1",
        "data": {"quote": "é"},
    }


def test_the_end_of_a_key_is_shown() -> None:
    """A tombstone has no event in it, and is still seen."""
    assert as_json(record(None))["tombstone"] == {
        "topic": "signals.customer",
        "partition": 2,
        "offset": 17,
        "key": "signal-1",
        "time": "2026-01-01T00:00:00+00:00",
    }


@pytest.mark.parametrize("value", [b"\xff\xfe", b"plain", b"{}", b'{"half": '])
def test_what_is_no_event_is_shown_with_the_reason(value: bytes) -> None:
    """Rubbish on a topic neither stops the command nor disappears."""
    unreadable = as_json(record(value))["unreadable"]
    assert unreadable["why"]
    assert unreadable["offset"] == 17


def test_a_timestamp_that_is_no_moment_is_shown_as_it_is() -> None:
    """A producer may set any, microseconds for one; one such record must not end the command."""
    odd = replace(record(None), timestamp=1_767_225_600_000_000)
    shown = as_json(odd)["tombstone"]
    assert (shown["offset"], shown["time"]) == (17, "1767225600000000")
