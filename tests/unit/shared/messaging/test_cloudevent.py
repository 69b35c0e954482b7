"""CloudEvents in binary mode: what we write is read by the public SDK, and what is no event is named."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event
from cloudevents.core.formats.json import JSONFormat
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.sync import SyncRequested
from shared.errors import PermanentError
from shared.messaging.cloudevent import decode, encode, event_class, headers_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
names = st.text(min_size=1, max_size=60).filter(lambda text: text.strip() != "")


def request(**changes: str) -> SyncRequested:
    fields = {"organization_id": "acme", "connection_id": "c1", "request_id": "r1", "reason": "manual"}
    return SyncRequested.model_validate({**fields, "requested_at": NOW, **changes})


def test_public_sdk_reads_our_events() -> None:
    """An independent reader finds every attribute, extension and the data."""
    event = request()
    encoded = encode(event, source="/earshot/connector", time=NOW.isoformat(), traceparent=TRACE)
    read = from_binary_event(
        KafkaMessage(headers=dict(encoded.headers), key=encoded.key, value=encoded.value),
        JSONFormat(),
    )
    assert read.get_id() == event.event_id()
    assert read.get_type() == "earshot.sync.requested.v1"
    assert read.get_source() == "/earshot/connector"
    assert read.get_subject() == "c1"
    assert read.get_time() == NOW
    assert read.get_extension("organizationid") == "acme"
    assert read.get_extension("connectionid") == "c1"
    assert read.get_extension("traceparent") == TRACE
    data = read.get_data()
    assert isinstance(data, dict)
    assert data["request_id"] == "r1"


@given(names, names)
def test_what_is_encoded_is_decoded(organization: str, request_id: str) -> None:
    """Any text survives the way through key, headers and value."""
    event = request(organization_id=organization, request_id=request_id)
    encoded = encode(event, source="/earshot/connector", time=NOW.isoformat())
    headers = headers_of(encoded.headers)
    assert decode(event_class(headers), encoded.value) == event


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "invalid_event"),
        ({"ce_type": "earshot.sync.requested.v1"}, "invalid_event"),
        ({"ce_type": "earshot.sync.requested.v1", "ce_specversion": "0.3"}, "invalid_event"),
        ({"ce_type": "earshot.sync.requested.v99", "ce_specversion": "1.0"}, "unknown_version"),
        ({"ce_type": "com.example.other.v1", "ce_specversion": "1.0"}, "unknown_type"),
        ({"ce_type": "nonsense", "ce_specversion": "1.0"}, "unknown_type"),
    ],
)
def test_headers_that_announce_no_event_of_ours_are_named(headers: dict[str, str], reason: str) -> None:
    """Each way of being wrong has its own reason."""
    with pytest.raises(PermanentError) as refused:
        event_class(headers)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"\xff\xfe", "broken_bytes"),
        (b"", "broken_bytes"),
        (b"{", "broken_bytes"),
        (b"[]", "invalid_event"),
        (b'{"organization_id": "acme"}', "invalid_event"),
    ],
)
def test_values_that_are_no_event_are_named(value: bytes, reason: str) -> None:
    """Bytes that are no JSON and JSON that is no event are told apart."""
    with pytest.raises(PermanentError) as refused:
        decode(SyncRequested, value)
    assert refused.value.reason == reason


@given(st.binary(max_size=200))
def test_no_bytes_crash_the_decoder(value: bytes) -> None:
    """Rubbish ends in a decision, never in a stray exception."""
    with pytest.raises(PermanentError):
        decode(SyncRequested, value)


def test_headers_that_are_no_text_stay_readable() -> None:
    """Bytes that are not UTF-8 are shown escaped."""
    assert headers_of([("a", b"\xff")]) == {"a": "\\xff"}


def test_a_missing_field_is_named() -> None:
    """Whoever reads the dead letter sees which field was wrong."""
    with pytest.raises(PermanentError, match="connection_id"):
        decode(SyncRequested, b'{"organization_id": "acme"}')
