"""What tests of the detector over documents share."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from shared.config import ServiceSettings
from shared.documents.database import create_client, database_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pymongo.asynchronous.database import AsyncDatabase


@pytest.fixture
async def database(mongodb_uri: str) -> AsyncIterator[AsyncDatabase[dict[str, Any]]]:
    """A database of its own."""
    of_test = ServiceSettings(
        http_port=1,
        signing_key=SecretStr("k" * 40),
        mongodb_uri=SecretStr(mongodb_uri),
        database_prefix=f"t{secrets.token_hex(6)}",
    )
    client = create_client(of_test, service="detector")
    made = database_of(client, of_test, service="detector")
    yield made
    await client.drop_database(made.name)
    await client.close()
