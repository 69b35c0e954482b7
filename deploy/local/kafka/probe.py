"""Whether a Kafka broker answers: asked in Kafka's protocol, since an open port is not yet a broker."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

if TYPE_CHECKING:
    from collections.abc import Mapping

_ANSWER_MILLISECONDS = 2_000


async def kafka_answers(bootstrap_servers: str, security: Mapping[str, Any] | None = None) -> bool:
    """Return True when the first of `bootstrap_servers` accepts a connection and lists its topics.

    `security` are a client's arguments, for brokers that ask who is there.
    """
    host, _, port = bootstrap_servers.partition(",")[0].strip().rpartition(":")
    try:
        # aiokafka logs an error for each refusal; a starting broker refuses many times and is no error.
        _, writer = await asyncio.open_connection(host, int(port))
    except OSError:
        return False
    writer.close()
    client = AIOKafkaAdminClient(
        bootstrap_servers=bootstrap_servers,
        request_timeout_ms=_ANSWER_MILLISECONDS,
        client_id="earshot-probe",
        **(security or {}),
    )
    try:
        await client.start()
        await client.list_topics()
    except (KafkaError, OSError):
        return False
    finally:
        await client.close()
    return True
