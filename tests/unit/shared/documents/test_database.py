"""Which errors of the driver are waited out."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr
from pymongo import ReadPreference
from pymongo.errors import (
    BulkWriteError,
    CursorNotFound,
    DuplicateKeyError,
    OperationFailure,
    PyMongoError,
    WriteConcernError,
)

from shared.config import ServiceSettings
from shared.documents.collection import database_errors
from shared.documents.database import client_at, create_client
from shared.errors import ConfigurationError, TransientError

DUPLICATE = {"index": 0, "code": 11_000, "errmsg": "E11000 duplicate key"}
INVALID = {"index": 1, "code": 121, "errmsg": "Document failed validation"}
STEPPED_DOWN = {"index": 2, "code": 189, "errmsg": "Primary stepped down"}
THROTTLED = {"index": 2, "code": 16_500, "errmsg": "Request rate is large"}
NO_SPACE = {"index": 3, "code": 14_031, "errmsg": "the disk is full"}


def bulk(*problems: dict[str, Any], unconfirmed: int | None = None) -> BulkWriteError:
    """Return what PyMongo raises: one code for everything, the truth in the details."""
    concerns = [] if unconfirmed is None else [{"code": unconfirmed, "errmsg": "no majority"}]
    return BulkWriteError({"writeErrors": list(problems), "writeConcernErrors": concerns})


@pytest.mark.parametrize(
    "error",
    [
        bulk(unconfirmed=189),
        bulk(unconfirmed=11_602),
        bulk(unconfirmed=64),
        bulk(DUPLICATE, unconfirmed=189),
        bulk(STEPPED_DOWN),
        bulk(DUPLICATE, STEPPED_DOWN, NO_SPACE),
        WriteConcernError("no majority", 100),
        OperationFailure("stepped down", 189),
        CursorNotFound("cursor id 7 not found", 43),
        OperationFailure("the index it read by was dropped", 175),
        OperationFailure("cursor was killed", 237),
        OperationFailure("not authorized on earshot_detector to execute command", 13),
        OperationFailure("Authentication failed.", 18),
        OperationFailure('Could not find host matching read preference { mode: "primary" }', 133),
        OperationFailure("remote command timed out", 202),
        OperationFailure("node is recovering", 13_436),
        OperationFailure("Request rate is large", 16_500),
        bulk(THROTTLED),
    ],
)
def test_what_passes_is_tried_again(error: PyMongoError) -> None:
    """A failover in the middle of a write puts nothing aside, and is not taken for success.

    Neither does one in the middle of a read, a shard that has no primary now, a vendor that wants fewer
    requests, or a password that was changed there first.
    """
    with pytest.raises(TransientError), database_errors():
        raise error


@pytest.mark.parametrize(
    "error",
    [
        bulk(DUPLICATE),
        bulk(INVALID),
        bulk(STEPPED_DOWN, INVALID),
        bulk(),
        DuplicateKeyError("duplicate", 11_000),
        OperationFailure("failed validation", 121),
    ],
)
def test_what_stays_is_raised_as_it_is(error: PyMongoError) -> None:
    """Duplicates are an answer that callers look for; trying the rest again cannot help."""
    with pytest.raises(type(error)) as raised, database_errors():
        raise error
    assert raised.value is error


@pytest.mark.parametrize(
    "uri",
    [
        "mongodb://earshot:planted@secret@mongodb:27017/",
        "mongodb://mongodb:planted-port",
        "http://mongodb:27017/planted",
        "mongodb://mongodb/?tls=true&tlsCAFile=/not/there/ca.pem",
        "mongodb://mongodb/?tls=planted",
        "mongodb://mongodb/?planted=true",
    ],
)
def test_an_address_that_cannot_be_used_is_the_operator_s(uri: str) -> None:
    """The setting is named, and how it should look; what is in it may be a password and is not shown."""
    settings = ServiceSettings(http_port=1, signing_key=SecretStr("k" * 40), mongodb_uri=SecretStr(uri))
    with pytest.raises(ConfigurationError, match=r"^EARSHOT_MONGODB_URI: ") as caught:
        create_client(settings, service="detector")
    assert "planted" not in str(caught.value)
    assert ("/not/there/ca.pem" in str(caught.value)) == ("/not/there/ca.pem" in uri)


def test_what_was_written_is_read_whatever_the_address_says() -> None:
    """Vendors' addresses, as DocumentDB's, ask for secondaries: there what was just stored may be missing."""
    uri = "mongodb://db:27017/?replicaSet=rs0&readPreference=secondaryPreferred&w=1&retryWrites=true"
    client = client_at(SecretStr(uri), name="x")
    assert client.read_preference == ReadPreference.PRIMARY
    assert (client.write_concern.document, client.options.retry_writes) == ({"w": "majority"}, False)
