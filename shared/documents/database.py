"""The connection to the document database: every choice of client settings, with its reason."""

from __future__ import annotations

import warnings
from datetime import UTC
from typing import TYPE_CHECKING, Any

from bson.codec_options import CodecOptions
from pymongo import AsyncMongoClient
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ConnectionFailure,
    DuplicateKeyError,
    ExecutionTimeout,
    PyMongoError,
    WriteConcernError,
)

from shared.errors import ConfigurationError, TransientError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import SecretStr
    from pymongo.asynchronous.database import AsyncDatabase
    from pymongo.monitoring import CommandListener

    from shared.config import ServiceSettings
    from shared.contracts.topics import Service

Document = dict[str, Any]

_SERVER_SELECTION_MS = 5_000
"""Milliseconds to look for a server; the bus retries a handler that waits longer anyway."""

_SOCKET_MS = 30_000
"""Milliseconds until a call without a response counts as failed; no query of ours needs as long."""

_POOL = 32
"""Maximum number of connections; a service runs far fewer queries at once."""


def create_client(
    settings: ServiceSettings, *, service: Service, listeners: Sequence[CommandListener] = ()
) -> AsyncMongoClient[Document]:
    """Return a service's client; see `client_at`."""
    return client_at(settings.mongodb_uri, name=f"earshot-{service}", listeners=listeners)


def client_at(
    uri: SecretStr, *, name: str, listeners: Sequence[CommandListener] = ()
) -> AsyncMongoClient[Document]:
    """Return a client that connects at first use, and returns aware datetimes in UTC.

    Listeners are notified of each command and its reply; in production there are none.

    Raises:
        ConfigurationError: the address cannot be used, or a file that it names cannot be read.
    """
    try:
        with warnings.catch_warnings():
            # Of an option that it does not know, or a value that it does not take, the driver only warns, and
            # goes on without: where that was to ask for TLS, in the clear.
            warnings.simplefilter("error", UserWarning)
            return AsyncMongoClient(
                uri.get_secret_value(),
                appname=name,
                tz_aware=True,
                serverSelectionTimeoutMS=_SERVER_SELECTION_MS,
                connectTimeoutMS=_SERVER_SELECTION_MS,
                socketTimeoutMS=_SOCKET_MS,
                maxPoolSize=_POOL,
                # The portable subset (DESIGN §7): guarded updates make repeats harmless, so the bus retries
                # for us, and servers without sessions serve as well. What is said here counts, whatever the
                # URI says.
                retryWrites=False,
                w="majority",
                # A secondary lags: a guard, a removal or a first rule that was just stored would be missing.
                readPreference="primary",
                event_listeners=list(listeners),
            )
    except OSError as error:
        raise ConfigurationError(
            f"EARSHOT_MONGODB_URI: a file that it names cannot be read: {error}"
        ) from error
    except UserWarning:
        # Its words may be a part of the password, if that has a question mark.
        raise ConfigurationError(
            "EARSHOT_MONGODB_URI: an option behind the question mark is misspelt, or has a value that it does"
            " not take, as tls=maybe. The driver would go on without it."
        ) from None
    except (PyMongoError, ValueError, TypeError) as error:
        # The driver's message may repeat a part of the password, if that is what is wrong.
        raise ConfigurationError(
            "EARSHOT_MONGODB_URI: it must be like mongodb://USER:PASSWORD@HOST:27017/?tls=true, where @ : / %"
            f" in user and password are written %40 %3A %2F %25 ({type(error).__name__})"
        ) from None


def database_of(
    client: AsyncMongoClient[Document], settings: ServiceSettings, *, service: Service
) -> AsyncDatabase[Document]:
    """Return the one database that the service owns."""
    return database_named(client, settings.database_name(service))


def database_named(client: AsyncMongoClient[Document], name: str) -> AsyncDatabase[Document]:
    """Return a database whose datetimes come back in UTC."""
    return client.get_database(name, codec_options=CodecOptions(tz_aware=True, tzinfo=UTC))


_PASSING_CODES = frozenset(
    {6, 7, 50, 89, 91, 112, 133, 189, 202, 262, 462, 9_001, 10_107, 11_600, 11_602, 13_435, 13_436, 16_500}
)
"""MongoDB's codes of temporary conditions: host unreachable, stepping down, a shard without a primary,
time limits; and too many requests, both its own code (462) and that of vendors who charge by the second
(16500)."""
_LOST_READ_CODES = frozenset({43, 175, 237})
"""A restart, an operator or a change of indexes closed a cursor while it was being read; the read is
repeated."""
_LOCKED_OUT_CODES = frozenset({13, 18})
"""Our user lacks permission, or its password was changed: nothing is wrong with what was to be stored."""
_NO_SPACE = 14_031
DUPLICATE_KEY = 11_000


def as_transient(error: PyMongoError) -> TransientError | None:
    """Return the error as one to retry, or None if trying again cannot help.

    A bulk write is retried if its write concern timed out, or if all its failures are temporary; duplicates
    beside those do not matter. If there are only duplicates, the caller must handle them.
    """
    if isinstance(error, DuplicateKeyError):
        return None
    if isinstance(error, (ConnectionFailure, AutoReconnect, ExecutionTimeout, WriteConcernError)):
        return TransientError(f"The document database did not answer: {type(error).__name__}")
    if isinstance(error, BulkWriteError):
        return _bulk_as_transient(error)
    return _code_as_transient(getattr(error, "code", None))


def _bulk_as_transient(error: BulkWriteError) -> TransientError | None:
    # PyMongo gives each bulk write that went wrong the same code (65); what happened is in the details.
    details = error.details or {}
    if unconfirmed := details.get("writeConcernErrors"):
        return TransientError(
            f"The document database did not confirm a bulk write (code {unconfirmed[0].get('code')})."
        )
    codes = [problem.get("code") for problem in details.get("writeErrors", ())]
    passing = [_code_as_transient(code) for code in codes if code != DUPLICATE_KEY]
    return passing[0] if passing and all(passing) else None


def _code_as_transient(code: int | None) -> TransientError | None:
    if code == _NO_SPACE:
        return TransientError(
            f"The document database has no space left on its disk (code {code}): make room, and it goes on."
        )
    if code in _LOCKED_OUT_CODES:
        return TransientError(
            f"The document database does not let us in (code {code}): check EARSHOT_MONGODB_URI, and what"
            " its user may do."
        )
    if code in _PASSING_CODES | _LOST_READ_CODES:
        return TransientError(f"The document database cannot serve now (code {code}).")
    return None
