"""Framing: what is read from and written to the wire, and what ends a connection."""

from __future__ import annotations

import struct

import bson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.documents import wire

PING = bson.encode({"ping": 1, "$db": "admin"})


def message(payload: bytes, opcode: int = wire.OP_MSG) -> bytes:
    return wire.HEADER.pack(16 + len(payload), 7, 0, opcode) + payload


def test_a_body_and_sequences_are_read() -> None:
    """A command's document and its document sequences come out as the bytes that were sent."""
    documents = [bson.encode({"_id": number}) for number in range(3)]
    inner = b"documents\0" + b"".join(documents)
    payload = struct.pack("<I", 0) + b"\0" + PING + b"\1" + struct.pack("<i", len(inner) + 4) + inner
    request = wire.parse(message(payload))
    assert (request.request_id, request.body, request.sequences) == (7, PING, {"documents": documents})
    assert request.wants_reply


def test_more_to_come_wants_no_reply_and_a_checksum_is_skipped() -> None:
    """The two required flags that clients may set are understood."""
    request = wire.parse(message(struct.pack("<I", 3) + b"\0" + PING + b"\x01\x02\x03\x04"))
    assert request.body == PING
    assert not request.wants_reply


def test_the_legacy_greeting() -> None:
    """OP_QUERY on a command collection names its database and is answered by OP_REPLY."""
    payload = struct.pack("<i", 0) + b"admin.$cmd\0" + struct.pack("<ii", 0, -1) + PING
    request = wire.parse(message(payload, wire.OP_QUERY))
    assert (request.legacy_database, request.body) == ("admin", PING)
    answer = wire.reply_to(request, PING)
    assert wire.HEADER.unpack_from(answer) == (len(answer), 0, 7, wire.OP_REPLY)
    assert answer.endswith(PING)


def test_a_message_says_how_long_it_is() -> None:
    """Its length is read where it begins, 0 while it has not come whole; a senseless one is an error."""
    whole = message(PING)
    assert wire.announced_size(whole) == len(whole)
    assert wire.announced_size(b"xyz" + whole, 3) == len(whole)
    assert wire.announced_size(whole[:15]) == 0
    for size in (-1, 16, wire.MAX_MESSAGE_BYTES + 1):
        with pytest.raises(wire.ProtocolError, match=str(size)):
            wire.announced_size(struct.pack("<i", size) + whole[4:])


@pytest.mark.parametrize(
    "broken",
    [
        message(b""),
        message(struct.pack("<I", 0)),
        message(struct.pack("<I", 4) + b"\0" + PING),
        message(struct.pack("<I", 0) + b"\0" + PING + b"\0" + PING),
        message(struct.pack("<I", 0) + b"\2" + PING),
        message(struct.pack("<I", 0) + b"\0" + PING[:-3]),
        message(struct.pack("<I", 0) + b"\0" + PING + b"\1" + struct.pack("<i", 99) + b"x\0"),
        message(struct.pack("<I", 0) + b"\0" + PING + b"\1" + struct.pack("<i", -1) + b"x\0"),
        message(PING, wire.OP_COMPRESSED),
        message(struct.pack("<i", 0) + b"admin.people\0" + struct.pack("<ii", 0, -1) + PING, wire.OP_QUERY),
    ],
)
def test_broken_messages_are_protocol_errors(broken: bytes) -> None:
    """Whatever does not follow the protocol raises the one error that ends the connection."""
    with pytest.raises(wire.ProtocolError):
        wire.parse(broken)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_parser(payload: bytes) -> None:
    """Any bytes are either a request or a protocol error."""
    try:
        request = wire.parse(message(payload))
    except wire.ProtocolError:
        return
    assert isinstance(request.body, bytes)


@given(
    st.lists(st.dictionaries(st.text("ab", min_size=1), st.integers(0, 9)), max_size=120),
    st.integers(0, 1 << 62),
)
def test_cursor_replies_are_bson(documents: list[dict[str, int]], cursor_id: int) -> None:
    """A reply put together from stored bytes reads like one that was encoded whole."""
    reply = wire.cursor_reply(
        "firstBatch", [bson.encode(document) for document in documents], cursor_id, "d.c"
    )
    assert bson.decode(reply) == {
        "cursor": {"firstBatch": documents, "id": cursor_id, "ns": "d.c"},
        "ok": 1.0,
    }


def test_the_name_of_a_command_is_its_first_field() -> None:
    """The name is found without decoding; an empty document has none."""
    assert wire.command_name(PING) == "ping"
    with pytest.raises(wire.ProtocolError):
        wire.command_name(bson.encode({}))
