"""Connections as documents, and back."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from services.connector.domain.connection import Connection
from services.connector.domain.unreadable import Unreadable
from shared.documents.collection import ORGANIZATION
from shared.documents.reading import why_unreadable

if TYPE_CHECKING:
    from shared.documents.database import Document

_CONNECTION = TypeAdapter(Connection)


def fields_of(connection: Connection) -> dict[str, Any]:
    fields = asdict(connection)
    fields["settings"] = connection.settings.model_dump()
    del fields["id"]
    if connection.removal is not None:
        fields["removal"]["confirmed"] = [
            {"service": service, "documents": documents}
            for service, documents in connection.removal.confirmed
        ]
    return fields


def connection_from(document: Document) -> Connection:
    fields = {**document, "id": document["_id"]}
    removal = document.get("removal")
    if removal:
        confirmed = [(entry["service"], entry["documents"]) for entry in removal["confirmed"]]
        fields["removal"] = {**removal, "confirmed": confirmed}
    return _CONNECTION.validate_python(fields)


def connection_or_why_not(document: Document) -> Connection | Unreadable:
    """Return the connection, or what is known of one that cannot be read."""
    try:
        return connection_from(document)
    except Exception as error:  # noqa: BLE001 - whatever it is about one of them, all others are read
        return Unreadable(str(document[ORGANIZATION]), str(document["_id"]), why_unreadable(error))
