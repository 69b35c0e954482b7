"""What every command is given, and the small decisions they share: arguments, names, replies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from deploy.local.documents.codec import Document, decode, decode_exactly, encode, reencode_is_exact
from deploy.local.documents.errors import (
    BadValueError,
    CommandError,
    FailedToParseError,
    TypeMismatchError,
    UnsupportedError,
)
from deploy.local.documents.query.operators import whole_number
from deploy.local.documents.storage.catalog import check_collection_name, check_database_name

if TYPE_CHECKING:
    from deploy.local.documents.commands.cursors import CursorStore
    from deploy.local.documents.settings import Settings
    from deploy.local.documents.wire import Request

OK: Final = {"ok": 1.0}

_UNDERSTOOD_EVERYWHERE: Final = frozenset(
    {"$db", "lsid", "$clusterTime", "$readPreference", "readConcern", "writeConcern", "comment", "maxTimeMS"}
    | {"apiVersion", "apiStrict", "apiDeprecationErrors", "ordered", "bypassDocumentValidation", "$audit"}
)
"""Arguments that may stand beside every command. Concerns are met by being stricter than they ask."""


@dataclass(frozen=True, slots=True)
class Call:
    """One command on its way through the server.

    Attributes:
        name: The command's name as the client wrote it.
        database: The database it is about.
        body: The command document, decoded.
        request: The message it came in, for document sequences and exact bytes.
        cursors: Open cursors of all clients.
        settings: The server's settings.
        connection_id: The client connection, as a number.
    """

    name: str
    database: str
    body: Document
    request: Request
    cursors: CursorStore
    settings: Settings
    connection_id: int

    def allow(self, *names: str) -> None:
        """Refuse every argument that is neither named here nor harmless, so that none is silently ignored."""
        for name, value in self.body.items():
            if name in names or name in _UNDERSTOOD_EVERYWHERE or name == self.name:
                continue
            if name == "collation" and value in ({}, {"locale": "simple"}):
                continue
            if name in {"txnNumber", "startTransaction", "autocommit"}:
                raise CommandError(
                    "Transaction numbers are only allowed on a replica set member or mongos", 20
                )
            raise UnsupportedError(f"the option {name!r} of {self.name}")

    def collection_name(self) -> str:
        check_database_name(self.database)
        return check_collection_name(self.body[self.name])

    def namespace(self) -> str:
        return f"{self.database}.{self.body[self.name]}"

    def documents(self, argument: str) -> list[Document]:
        """A list of documents, from a document sequence or the body; refused if storing would change them."""
        if argument in self.request.sequences:
            bodies = self.request.sequences[argument]
            return decode_exactly(bodies) or [_decode_exact(data) for data in bodies]
        self.require_exact_body()
        value = self.body.get(argument)
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise FailedToParseError(f"{self.name} needs {argument!r}, an array of documents")
        return value

    def require_exact_body(self) -> None:
        """Refuse a command whose document cannot be written again as it came."""
        _require_exact(self.request.body, self.body)


def _decode_exact(data: bytes) -> Document:
    document = decode(data)
    _require_exact(data, document)
    return document


def _require_exact(data: bytes, document: Document) -> None:
    if not reencode_is_exact(data, document):
        raise UnsupportedError(
            "a write with undefined, symbol, DBPointer or a field twice", "insert such documents as they are"
        )


def number_argument(body: Document, name: str, default: int) -> int:
    """A whole number argument of zero or more."""
    value = body.get(name)
    if value is None:
        return default
    number = whole_number(value)
    if number is None:
        raise TypeMismatchError(f"{name!r} has to be a number")
    if number < 0:
        raise BadValueError(f"{name!r} has to be zero or more, not {number}")
    return number


def flag_argument(body: Document, name: str, *, default: bool = False) -> bool:
    value = body.get(name, default)
    if value is True or value is False:
        return value
    if not isinstance(value, int | float):
        raise TypeMismatchError(f"{name!r} has to be true or false")
    return bool(value)


def document_argument(body: Document, name: str) -> Document:
    value: Any = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise TypeMismatchError(f"{name!r} has to be a document")
    return value


def reply(fields: Document | None = None) -> bytes:
    return encode({**(fields or {}), **OK})
