"""A Kafka record as one JSON object: a CloudEvent in structured form, read by the public SDK."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event
from cloudevents.core.formats.json import JSONFormat

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiokafka import ConsumerRecord

_MOST_TEXT = 2_000
"""Characters shown of a value that is no event."""

_MILLISECONDS = 1_000


def as_json(record: ConsumerRecord[bytes, bytes]) -> Mapping[str, Any]:
    """Return the record's event in CloudEvents' JSON format.

    What is no event is shown all the same, under a name that no event has: `tombstone` for the end of a
    key, `unreadable` with the reason for anything else.
    """
    if not record.value:
        return {"tombstone": where(record)}
    try:
        message = KafkaMessage(headers=dict(record.headers), key=_text(record.key), value=record.value)
        event: dict[str, Any] = json.loads(JSONFormat().write(from_binary_event(message, JSONFormat())))
    except Exception as error:  # noqa: BLE001 - the SDK raises many kinds; each means that this is no event
        found = where(record) | {"value": record.value.decode(errors="backslashreplace")[:_MOST_TEXT]}
        return {"unreadable": found | {"why": f"{type(error).__name__}: {error}"[:_MOST_TEXT]}}
    return event


def where(record: ConsumerRecord[bytes, bytes]) -> dict[str, Any]:
    """Return where a record lies, its key and its time."""
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "key": _text(record.key),
        "time": _time(record.timestamp),
    }


def _time(timestamp: int) -> str:
    try:
        return datetime.fromtimestamp(timestamp / _MILLISECONDS, UTC).isoformat()
    except (ValueError, OverflowError):
        # Whoever publishes sets it, and nothing holds it to be a moment that a calendar has.
        return str(timestamp)


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode(errors="backslashreplace")
