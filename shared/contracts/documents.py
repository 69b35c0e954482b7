"""The published contracts: a JSON Schema for each event and the AsyncAPI document, made from the code.

`python -m shared.contracts.documents` writes them; with `--check` it changes nothing and fails where a
checked-in file is stale, or where a schema changed in a way that would break a reader of its version.
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.contracts.compatibility import breaking_changes
from shared.contracts.examples import EXAMPLES
from shared.contracts.registry import ALL_EVENTS
from shared.contracts.resources import ResourceDeleted, topic_of
from shared.contracts.topics import ALL_TOPICS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.contracts.event import Event
    from shared.contracts.topics import Topic

PUBLISHED = Path(__file__).parent / "published"
_ASYNCAPI = "asyncapi.json"
_BINDING_VERSION = "0.5.0"

_ATTRIBUTES: dict[str, str] = {
    "ce_specversion": "Always 1.0.",
    "ce_id": "The same fact always has the same id, so that a re-publish is recognisable.",
    "ce_type": "The event's type with its version.",
    "ce_source": "The service that publishes, as /earshot/<service>.",
    "ce_subject": "The thing the event is about; equal to the record's key.",
    "ce_time": "When it was published, RFC 3339.",
    "ce_organizationid": "The tenant.",
    "ce_connectionid": "The connection, where the event belongs to one.",
    "ce_traceparent": "W3C trace context, where the event was caused inside a trace.",
    "content-type": "Always application/json.",
}
_OPTIONAL_ATTRIBUTES = frozenset({"ce_connectionid", "ce_traceparent"})


def schema_of(event: type[Event]) -> dict[str, Any]:
    """Return an event's JSON Schema with its type as title."""
    return {**event.model_json_schema(mode="validation"), "title": event.TYPE}


def asyncapi() -> dict[str, Any]:
    """Return the AsyncAPI 3 document of all topics and events."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Earshot events",
            "version": "1",
            "description": (
                "What Earshot's services publish on Kafka. Every record is a CloudEvent 1.0 in binary content"
                " mode; a record without a value is a tombstone: its thing is gone."
            ),
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic) for topic in ALL_TOPICS},
        "operations": _operations(),
        "components": {
            "messages": {event.TYPE: _message(event) for event in ALL_EVENTS},
            "schemas": {"attributes": _attributes()},
        },
    }


def _events_on(topic: Topic) -> list[type[Event]]:
    on_it = [event for event in ALL_EVENTS if topic == event.TOPIC]
    if topic.name.startswith("resources.") and ResourceDeleted not in on_it:
        on_it.append(ResourceDeleted)
    return on_it


def _channel(topic: Topic) -> dict[str, Any]:
    retention = -1 if topic.retention is None else int(topic.retention.total_seconds() * 1000)
    return {
        "address": topic.name,
        "description": f"{topic.description} Records of one {topic.ordered_by} stay in order.",
        "messages": {
            event.TYPE: {"$ref": f"#/components/messages/{event.TYPE}"} for event in _events_on(topic)
        },
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": {
                    "cleanup.policy": [topic.cleanup],
                    "retention.ms": retention,
                    "max.message.bytes": topic.max_message_bytes,
                },
                "bindingVersion": _BINDING_VERSION,
            }
        },
    }


def _operations() -> dict[str, Any]:
    return {
        f"{service}.{topic.name}": {
            "action": "send",
            "channel": {"$ref": f"#/channels/{topic.name}"},
            "summary": f"{service} publishes here.",
        }
        for topic in ALL_TOPICS
        for service in topic.written_by
    }


def _message(event: type[Event]) -> dict[str, Any]:
    return {
        "name": event.TYPE,
        "summary": (event.__doc__ or "").strip().partition("\n")[0],
        "headers": {"$ref": "#/components/schemas/attributes"},
        "examples": [_example(event)],
        "payload": {"$ref": f"./{event.TYPE}.json"},
        "bindings": {"kafka": {"key": {"type": "string"}, "bindingVersion": _BINDING_VERSION}},
    }


def _example(kind: type[Event]) -> dict[str, Any]:
    event = next(example for example in EXAMPLES if type(example) is kind)
    moments = [value for _, value in event if isinstance(value, datetime)]
    headers = {
        "ce_specversion": "1.0",
        "ce_id": event.event_id(),
        "ce_type": event.TYPE,
        "ce_source": f"/earshot/{topic_of(event).written_by[0]}",
        "ce_subject": event.key(),
        "ce_time": max(moments).isoformat(),
        "ce_organizationid": event.organization_id,
        "content-type": "application/json",
    }
    if event.connection_id is not None:
        headers["ce_connectionid"] = event.connection_id
    return {"headers": headers, "payload": event.model_dump(mode="json", exclude_none=True)}


def _attributes() -> dict[str, Any]:
    return {
        "type": "object",
        "required": [name for name in _ATTRIBUTES if name not in _OPTIONAL_ATTRIBUTES],
        "properties": {
            name: {"type": "string", "description": description} for name, description in _ATTRIBUTES.items()
        },
    }


def documents() -> Mapping[str, str]:
    """Return the published files by name, as they should be now."""
    generated: dict[str, Any] = {f"{event.TYPE}.json": schema_of(event) for event in ALL_EVENTS}
    generated[_ASYNCAPI] = asyncapi()
    return {
        name: json.dumps(body, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        for name, body in generated.items()
    }


def problems(folder: Path = PUBLISHED) -> list[str]:
    """Return what is wrong with the checked-in files, a sentence each; empty when all is well."""
    messages = []
    generated = documents()
    for name, text in generated.items():
        path = folder / name
        if not path.exists():
            messages.append(f"{name} is missing; run `make contracts`.")
            continue
        checked_in = path.read_text(encoding="utf-8")
        if name != _ASYNCAPI:
            breaks = breaking_changes(json.loads(checked_in), json.loads(text))
            messages += [
                f"{name}: {change}. Readers of this version would break; make a new version instead."
                for change in breaks
            ]
        if checked_in != text:
            messages.append(f"{name} is stale; run `make contracts`.")
    messages += [
        f"{path.name} belongs to no event any more."
        for path in folder.glob("*.json")
        if path.name not in generated
    ]
    return messages


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail where a file is stale")
    if parser.parse_args().check:
        messages = problems()
        sys.stdout.writelines(f"{problem}\n" for problem in messages)
        return 1 if messages else 0
    PUBLISHED.mkdir(exist_ok=True)
    for name, text in documents().items():
        (PUBLISHED / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
