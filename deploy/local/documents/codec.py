"""How BSON becomes Python values here, and how it goes back without loss.

Dates stay integers (``DatetimeMS``) so that every 64-bit date survives; UUIDs stay ``Binary``; 64-bit
integers stay ``Int64``. A stored document is kept as the bytes the client sent, so types that Python
cannot express are only at risk when an update re-encodes the document: `reencode_is_exact` finds those.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import bson
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument

from deploy.local.documents.errors import CommandError, FailedToParseError
from deploy.local.documents.wire import array_of

if TYPE_CHECKING:
    from collections.abc import Iterator

Document = dict[str, Any]

MAX_DOCUMENT_BYTES: Final = 16 * 1024 * 1024
"""MongoDB's own ceiling for one document; drivers split batches by it."""

OPTIONS: Final[CodecOptions[Document]] = CodecOptions(
    document_class=dict,
    uuid_representation=UuidRepresentation.UNSPECIFIED,
    datetime_conversion=DatetimeConversion.DATETIME_MS,
)

_FIRST_DECODED: Final = 8
_MOST_DECODED: Final = 128
"""At a time; few at first, as whoever asks may want no more than one."""
_MOST_BYTES_AT_ONCE: Final = 4 * 1024 * 1024
_BEFORE_ARRAY: Final = 6
"""Bytes of a document before its only field, which is an array without a name: size, type, end of name."""
_SHALLOW: Final = OPTIONS.with_options(document_class=RawBSONDocument)
_ENCODING: Final = _SHALLOW
"""Which class documents are decoded to makes no difference to encoding, but the driver looks for a mark on it
each time, and one without costs it a raised exception: half a microsecond of two."""


def decode(data: bytes) -> Document:
    """Decode one document; raises `FailedToParseError` for anything that is not BSON."""
    try:
        return bson.decode(data, OPTIONS)
    except (BSONError, ValueError, OverflowError) as error:
        raise FailedToParseError(f"the document is not valid BSON: {error}") from error


def decode_each(bodies: Iterator[bytes]) -> Iterator[Document]:
    """Decode one document after another, some in one call, which costs half of a call for each."""
    size = _FIRST_DECODED
    while some := list(islice(bodies, size)):
        try:
            yield from bson.decode_all(b"".join(some), OPTIONS)
        except (BSONError, ValueError, OverflowError) as error:
            raise FailedToParseError(f"a document is not valid BSON: {error}") from error
        size = _MOST_DECODED


def decode_exactly(bodies: list[bytes]) -> list[Document] | None:
    """Decode all in one call; None where they are too many bytes, or encoding would not give them again."""
    joined = b"".join(bodies)
    if len(joined) > _MOST_BYTES_AT_ONCE:
        return None
    try:
        documents = bson.decode_all(joined, OPTIONS)
        again = bson.encode({"": documents}, codec_options=_ENCODING)
    except (BSONError, ValueError, OverflowError):
        return None
    return documents if again[_BEFORE_ARRAY:-1] == array_of(bodies) else None


def decode_shallow(data: bytes) -> Document:
    """Decode a stored document's own fields; documents and arrays within keep their bytes, for `encode`."""
    return dict(RawBSONDocument(data, _SHALLOW))


def encode(document: Document) -> bytes:
    """Encode one document; raises `CommandError` 10334 when it is larger than MongoDB allows."""
    try:
        data = bson.encode(document, codec_options=_ENCODING)
    except (BSONError, ValueError, OverflowError) as error:
        raise FailedToParseError(f"the result cannot be written as BSON: {error}") from error
    if len(data) > MAX_DOCUMENT_BYTES:
        check_size(data)
    return data


def check_size(data: bytes) -> None:
    if len(data) > MAX_DOCUMENT_BYTES:
        raise CommandError(
            f"the document is {len(data)} bytes; the most a document can have is {MAX_DOCUMENT_BYTES}", 10334
        )


def reencode_is_exact(data: bytes, document: Document) -> bool:
    """Whether decoding and encoding gives the same bytes, which undefined, symbol and DBPointer do not."""
    return bool(bson.encode(document, codec_options=_ENCODING) == data)
