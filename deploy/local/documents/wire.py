"""MongoDB's wire protocol: OP_MSG both ways, and the OP_QUERY greeting that drivers still begin with.

Document sequences (the bodies of inserts) stay as bytes, so that what is stored is what was sent. A frame
that breaks the protocol ends the connection, because nothing after it can be trusted.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

OP_REPLY: Final = 1
OP_QUERY: Final = 2004
OP_COMPRESSED: Final = 2012
OP_MSG: Final = 2013

MAX_MESSAGE_BYTES: Final = 48_000_000
"""What MongoDB servers announce and take."""

HEADER: Final = struct.Struct("<iiii")
_START: Final = struct.Struct("<iiiiI")
"""The header, and the flags that follow it in every message."""
_REPLY: Final = struct.Struct("<iiiiIB")
"""The same before a reply, with the kind of its only section."""
_SECTION: Final = struct.Struct("<Bi")
_INT: Final = struct.Struct("<i")
_CHECKSUM_PRESENT: Final = 1
_MORE_TO_COME: Final = 2
_UNKNOWN_FLAGS: Final = 0xFFFF & ~(_CHECKSUM_PRESENT | _MORE_TO_COME)
"""Of the flags that must be understood, those that are not."""
_SMALLEST_DOCUMENT: Final = 5


class ProtocolError(Exception):
    """The bytes do not follow the protocol; the connection has to be closed."""


@dataclass(slots=True, eq=False)
class Request:
    """One command as it came over the wire; not to be changed.

    Attributes:
        request_id: What the reply answers.
        body: The command document's bytes.
        sequences: Document sequences by argument name, such as ``documents`` of an insert.
        wants_reply: False for fire-and-forget commands.
        legacy_database: The database named by an OP_QUERY, whose reply is an OP_REPLY; None for OP_MSG.
    """

    request_id: int
    body: bytes
    sequences: dict[str, list[bytes]]
    wants_reply: bool = True
    legacy_database: str | None = None


def announced_size(data: bytes | bytearray, at: int = 0) -> int:
    """How long the message that begins there says it is, 0 where that is not known yet."""
    if len(data) - at < HEADER.size:
        return 0
    (size,) = _INT.unpack_from(data, at)
    if not HEADER.size < size <= MAX_MESSAGE_BYTES:
        raise ProtocolError(f"a message claims {size} bytes")
    return int(size)


def parse(message: bytes) -> Request:
    """Read one whole message, header included; raises `ProtocolError`."""
    try:
        _, request_id, _, opcode, flags = _START.unpack_from(message)
        if opcode == OP_MSG:
            return _parse_message(request_id, flags, message)
        if opcode == OP_QUERY:
            return _parse_query(request_id, message)
    except (struct.error, ValueError) as error:
        raise ProtocolError(f"a message ended in the middle of a field: {error}") from error
    raise ProtocolError(f"opcode {opcode} is not spoken here; only OP_MSG and the OP_QUERY greeting are")


def _parse_message(request_id: int, flags: int, message: bytes) -> Request:
    if flags & _UNKNOWN_FLAGS:
        raise ProtocolError(f"OP_MSG has unknown required flags {flags & _UNKNOWN_FLAGS:#x}")
    end = len(message) - (4 if flags & _CHECKSUM_PRESENT else 0)
    at, body, sequences = _START.size, b"", {}
    while at < end:
        # Both kinds of section begin with their size: a document, and a sequence of them.
        kind, size = _SECTION.unpack_from(message, at)
        at += 1
        stop = at + size
        if size < _SMALLEST_DOCUMENT or stop > end:
            raise ProtocolError(f"a section claims {size} bytes where {end - at} are left")
        if kind == 0:
            if body:
                raise ProtocolError("OP_MSG has two body sections")
            body = message[at:stop]
        elif kind == 1:
            name, documents = _sequence(message, at + 4, stop)
            if name in sequences:
                raise ProtocolError(f"OP_MSG has two document sequences named {name!r}")
            sequences[name] = documents
        else:
            raise ProtocolError(f"OP_MSG has a section of unknown kind {kind}")
        at = stop
    if not body:
        raise ProtocolError("OP_MSG has no body section")
    return Request(request_id, body, sequences, not flags & _MORE_TO_COME)


def _sequence(message: bytes, at: int, stop: int) -> tuple[str, list[bytes]]:
    name_end = message.index(b"\x00", at, stop)
    name = message[at:name_end].decode()
    at = name_end + 1
    documents = []
    while at < stop:
        document = _document(message, at, stop)
        documents.append(document)
        at += len(document)
    return name, documents


def _document(message: bytes, at: int, end: int) -> bytes:
    (size,) = _INT.unpack_from(message, at)
    if size < _SMALLEST_DOCUMENT or at + size > end:
        raise ProtocolError(f"a document claims {size} bytes where {end - at} are left")
    return message[at : at + size]


def _parse_query(request_id: int, message: bytes) -> Request:
    name_end = message.index(b"\x00", 20)
    namespace = message[20:name_end].decode()
    if not namespace.endswith(".$cmd"):
        raise ProtocolError("OP_QUERY is only spoken for commands")
    body = _document(message, name_end + 9, len(message))
    return Request(request_id, body, {}, legacy_database=namespace.removesuffix(".$cmd"))


def reply_to(request: Request, document: bytes) -> bytes:
    """Frame a reply document for the request it answers."""
    if request.legacy_database is not None:
        payload = struct.pack("<iqii", 8, 0, 0, 1) + document
        return HEADER.pack(16 + len(payload), 0, request.request_id, OP_REPLY) + payload
    return _REPLY.pack(_REPLY.size + len(document), 0, request.request_id, OP_MSG, 0, 0) + document


def command_name(body: bytes) -> str:
    """The name of a command: its document's first field, read without decoding the rest."""
    if len(body) == _SMALLEST_DOCUMENT:
        raise ProtocolError("a command document is empty")
    return body[5 : body.index(b"\x00", 5)].decode()


def array_of(documents: list[bytes]) -> bytes:
    """A BSON array of documents that are already BSON."""
    parts = [b"\x03%d\x00%b" % (at, document) for at, document in enumerate(documents)]
    size = sum(map(len, parts)) + _SMALLEST_DOCUMENT
    return b"".join((_INT.pack(size), *parts, b"\x00"))


def cursor_reply(batch_name: str, documents: list[bytes], cursor_id: int, namespace: str) -> bytes:
    """The reply of a command that opens or continues a cursor, built without decoding its documents."""
    batch = array_of(documents)
    text = namespace.encode()
    inner = b"".join(
        (
            b"\x04", batch_name.encode(), b"\x00", batch,
            b"\x12id\x00", struct.pack("<q", cursor_id),
            b"\x02ns\x00", _INT.pack(len(text) + 1), text, b"\x00\x00",
        )
    )  # fmt: skip
    cursor = _INT.pack(len(inner) + 4) + inner
    outer = b"\x03cursor\x00" + cursor + b"\x01ok\x00" + struct.pack("<d", 1.0) + b"\x00"
    return _INT.pack(len(outer) + 4) + outer
