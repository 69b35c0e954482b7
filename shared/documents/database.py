"""The connection to the document database: every choice of client settings is here, with its reason."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from bson.codec_options import CodecOptions
from pymongo import AsyncMongoClient
from pymongo.errors import (
    AutoReconnect,
    ConnectionFailure,
    DuplicateKeyError,
    ExecutionTimeout,
    PyMongoError,
    WTimeoutError,
)

from shared.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pymongo.asynchronous.database import AsyncDatabase
    from pymongo.monitoring import CommandListener

    from shared.config import ServiceSettings
    from shared.contracts.topics import Service

Document = dict[str, Any]

_SERVER_SELECTION_MS = 5_000
"""Milliseconds to look for a server; a handler that waits longer is retried by the bus anyway."""

_SOCKET_MS = 30_000
"""Milliseconds until a call that gets no answer counts as failed; no query of ours needs as long."""

_POOL = 32
"""Connections at most; a service runs far fewer queries at once."""


def create_client(
    settings: ServiceSettings, *, service: Service, listeners: Sequence[CommandListener] = ()
) -> AsyncMongoClient[Document]:
    """Return a client that connects at first use, with aware datetimes in UTC.

    Listeners are told of each command and its answer; in production there are none.
    """
    return AsyncMongoClient(
        settings.mongodb_uri.get_secret_value(),
        appname=f"earshot-{service}",
        tz_aware=True,
        serverSelectionTimeoutMS=_SERVER_SELECTION_MS,
        connectTimeoutMS=_SERVER_SELECTION_MS,
        socketTimeoutMS=_SOCKET_MS,
        maxPoolSize=_POOL,
        # The portable subset (DESIGN §7): guarded updates make repeats harmless, so the bus retries for us,
        # and servers without sessions serve as well.
        retryWrites=False,
        w="majority",
        event_listeners=list(listeners),
    )


def database_of(
    client: AsyncMongoClient[Document], settings: ServiceSettings, *, service: Service
) -> AsyncDatabase[Document]:
    """Return the one database that the service owns."""
    return client.get_database(
        settings.database_name(service), codec_options=CodecOptions(tz_aware=True, tzinfo=UTC)
    )


_PASSING_CODES = frozenset({6, 7, 11_600, 11_602, 10_107, 13_435, 50, 89, 91, 112, 189, 262, 9_001})
"""MongoDB codes of conditions that pass: host unreachable, stepping down, time limits."""
_NO_SPACE = 14_031


def as_transient(error: PyMongoError) -> TransientError | None:
    """Return the error as one to retry, or None when trying again cannot help."""
    if isinstance(error, DuplicateKeyError):
        return None
    if isinstance(error, (ConnectionFailure, AutoReconnect, ExecutionTimeout, WTimeoutError)):
        return TransientError(f"The document database did not answer: {type(error).__name__}")
    code = getattr(error, "code", None)
    if code == _NO_SPACE:
        return TransientError(
            f"The document database has no space left on its disk (code {code}): make room, and it goes on."
        )
    if code in _PASSING_CODES:
        return TransientError(f"The document database cannot serve now (code {code}).")
    return None
