"""What every command is given, and the small decisions they share: arguments, names, replies."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

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
from deploy.local.documents.wire import command_name

if TYPE_CHECKING:
    from deploy.local.documents.commands.cursors import CursorStore
    from deploy.local.documents.settings import Settings
    from deploy.local.documents.wire import Request

OK: Final = {"ok": 1.0}

_UNDERSTOOD_EVERYWHERE: Final = frozenset(
    {"$db", "lsid", "$clusterTime", "$readPreference", "readConcern", "writeConcern", "comment", "maxTimeMS"}
    | {"apiVersion", "apiStrict", "apiDeprecationErrors", "ordered", "bypassDocumentValidation", "$audit"}
)
"""Arguments that may stand beside every command. A read concern is met by being stricter than it asks, a
write concern by the one server that there is, and by the disk where that is asked for (`waits_for_disk`)."""


_MOST_REMEMBERED_BYTES: Final = 1024
_MOST_REMEMBERED: Final = 512


class Command(NamedTuple):
    """A command document.

    Attributes:
        name: That of its first field.
        body: All that it holds; not to be changed.
        checked: What `Call` found out about it.
    """

    name: str
    body: Document
    checked: dict[str, Any]


def read_command(request: Request) -> Command:
    """Decode a command.

    Drivers send what is to be written beside the command, which is then the same bytes each time.
    """
    if request.sequences and len(request.body) <= _MOST_REMEMBERED_BYTES:
        return _remembered(request.body)
    return _decoded(request.body)


def _decoded(body: bytes) -> Command:
    return Command(command_name(body), decode(body), {})


_remembered: Final = lru_cache(_MOST_REMEMBERED)(_decoded)


@dataclass(slots=True, eq=False)
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
        checked: What was found out about the body before, if it is one that came again.
    """

    name: str
    database: str
    body: Document
    request: Request
    cursors: CursorStore
    settings: Settings
    connection_id: int
    checked: dict[str, Any] = field(default_factory=dict)
    _documents: dict[str, list[Document]] = field(default_factory=dict)

    def allow(self, *names: str) -> None:
        """Refuse every argument that is neither named here nor harmless, so that none is silently ignored."""
        if self.checked.get("options") == names:
            return
        for name in self.body.keys() - _UNDERSTOOD_EVERYWHERE:
            if name in names or name == self.name:
                continue
            value = self.body[name]
            if name == "collation" and value in ({}, {"locale": "simple"}):
                continue
            if name in {"txnNumber", "startTransaction", "autocommit"}:
                raise CommandError(
                    "Transaction numbers are only allowed on a replica set member or mongos", 20
                )
            raise UnsupportedError(f"the option {name!r} of {self.name}")
        self.checked["options"] = names

    def waits_for_disk(self) -> bool:
        """Whether the write concern asks for the journal: then a commit is not enough to be acknowledged."""
        concern = self.body.get("writeConcern")
        return isinstance(concern, dict) and bool(concern.get("j") or concern.get("fsync"))

    def collection_name(self) -> str:
        name: str | None = self.checked.get("collection")
        if name is None:
            check_database_name(self.database)
            name = self.checked["collection"] = check_collection_name(self.body[self.name])
        return name

    def namespace(self) -> str:
        return f"{self.database}.{self.body[self.name]}"

    def documents(self, argument: str) -> list[Document]:
        """A list of documents, from a document sequence or the body; refused if storing would change them."""
        known = self._documents.get(argument)
        if known is None:
            known = self._documents[argument] = self._decode_documents(argument)
        return known

    def _decode_documents(self, argument: str) -> list[Document]:
        bodies = self.request.sequences.get(argument)
        if bodies is not None:
            if len(bodies) == 1:
                return [_decode_exact(bodies[0])]
            return decode_exactly(bodies) or [_decode_exact(data) for data in bodies]
        self.require_exact_body()
        value = self.body.get(argument)
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise FailedToParseError(f"{self.name} needs {argument!r}, an array of documents")
        return value

    def require_exact_body(self) -> None:
        """Refuse a command whose document cannot be written again as it came."""
        if not reencode_is_exact(self.request.body, self.body):
            raise _inexact()


def _decode_exact(data: bytes) -> Document:
    document = decode(data)
    if not reencode_is_exact(data, document):
        raise _inexact()
    return document


def _inexact() -> UnsupportedError:
    return UnsupportedError(
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
