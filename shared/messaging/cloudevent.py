"""Events as CloudEvents 1.0 in Kafka's binary content mode: attributes in `ce_` headers, JSON value.

Decoding is strict: whatever cannot be an event of ours is refused with the reason that goes into the
dead-letter topic (DESIGN §3 and §4).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from shared.contracts.registry import EVENT_BY_TYPE
from shared.errors import PermanentError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.contracts.event import Event

CONTENT_TYPE = "application/json"
_SPEC_VERSION = "1.0"
_SPEC_VERSION_HEADER = ("ce_specversion", _SPEC_VERSION.encode())
_CONTENT_TYPE_HEADER = ("content-type", CONTENT_TYPE.encode())
DECIDING_HEADERS = frozenset({"ce_specversion", "ce_type", "ce_traceparent"})
"""The headers that `event_class` and tracing read; the others repeat what is in the value, or are for
other readers."""
_VERSIONED = re.compile(r"^(?P<name>[a-z0-9.-]+)\.v(?P<version>\d+)$")
_MOST_ERROR_TEXT = 500
"""Characters of a validation error kept in a dead letter's header."""

_TYPE_STEMS = frozenset(name.rsplit(".v", 1)[0] for name in EVENT_BY_TYPE)


@dataclass(frozen=True, slots=True)
class EncodedEvent:
    """What goes into a Kafka record: key, value and headers, ready to be sent."""

    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


def encode(event: Event, *, source: str, time: str, traceparent: str | None = None) -> EncodedEvent:
    """Return the record for an event; `time` is RFC 3339, `source` a URI-reference as "/earshot/syncer"."""
    key = event.key().encode()
    headers = [
        _SPEC_VERSION_HEADER,
        ("ce_id", event.event_id().encode()),
        ("ce_type", event.TYPE.encode()),
        ("ce_source", source.encode()),
        ("ce_subject", key),
        ("ce_time", time.encode()),
        ("ce_organizationid", event.organization_id.encode()),
        _CONTENT_TYPE_HEADER,
    ]
    if event.connection_id is not None:
        headers.append(("ce_connectionid", event.connection_id.encode()))
    if traceparent is not None:
        headers.append(("ce_traceparent", traceparent.encode()))
    return EncodedEvent(key=key, value=event.model_dump_json(exclude_none=True).encode(), headers=headers)


def headers_of(raw: Sequence[tuple[str, bytes | None]]) -> dict[str, str]:
    """Return headers as text, without those that have no value, which Kafka allows.

    Bytes that are not UTF-8 are escaped rather than raised over.
    """
    return {name: value.decode(errors="backslashreplace") for name, value in raw if value is not None}


def event_class(headers: Mapping[str, str]) -> type[Event]:
    """Return the class of the event that the headers announce.

    Raises:
        PermanentError: "unknown_version" if the type is known and its version is not, "unknown_type" for
            any other type, "invalid_event" if the headers contain no CloudEvent at all.
    """
    name = headers.get("ce_type")
    if name is None or headers.get("ce_specversion") != _SPEC_VERSION:
        raise PermanentError(
            "The record is no CloudEvent 1.0: header ce_type or ce_specversion is missing or different.",
            reason="invalid_event",
        )
    known = EVENT_BY_TYPE.get(name)
    if known is not None:
        return known
    match = _VERSIONED.match(name)
    if match and match["name"] in _TYPE_STEMS:
        raise PermanentError(
            f"Version {match['version']} of {match['name']} is not known here; update this service first.",
            reason="unknown_version",
        )
    raise PermanentError(f"No event is called {name[:200]!r}.", reason="unknown_type")


def decode(kind: type[Event], value: bytes) -> Event:
    """Return the event in a record's value.

    Raises:
        PermanentError: "broken_bytes" if the value is not JSON, "invalid_event" if a field is wrong.
    """
    try:
        return kind.model_validate_json(value)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        broken = any(detail["type"] == "json_invalid" for detail in details)
        where = "; ".join(f"{'.'.join(map(str, d['loc'])) or 'value'}: {d['msg']}" for d in details[:5])
        raise PermanentError(
            f"{kind.TYPE} cannot be read: {where}"[:_MOST_ERROR_TEXT],
            reason="broken_bytes" if broken else "invalid_event",
        ) from error
