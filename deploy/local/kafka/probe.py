"""Whether a Kafka broker answers: asked in Kafka's protocol, since an open port is not yet a broker."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.conn import collect_hosts
from aiokafka.errors import KafkaError

if TYPE_CHECKING:
    from collections.abc import Mapping

_ANSWER_MILLISECONDS = 2_000

_CONNECT_SECONDS = 2.0
"""Longer than a handshake takes anywhere; a network that throws it away would be waited for by the minute."""


async def kafka_answers(bootstrap_servers: str, security: Mapping[str, Any] | None = None) -> bool:
    """Return True when one of `bootstrap_servers` accepts a connection, and topics are listed.

    `security` are a client's arguments, for brokers that ask who is there.
    """
    # aiokafka logs an error for each refusal; a starting broker refuses many times and is no error.
    if not await _one_listens(bootstrap_servers):
        return False
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


async def _one_listens(bootstrap_servers: str) -> bool:
    for host, port, _ in collect_hosts(bootstrap_servers):
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                _, writer = await asyncio.open_connection(host, port)
        except OSError:
            continue
        writer.close()
        return True
    return False
