"""How each kind of part is asked whether it works."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from deploy.local.documents_probe import mongodb_answers
from deploy.local.kafka.probe import kafka_answers
from deploy.local.supervision.part import Answer, Probe, Word

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST_WORDS = 200
"""Characters of a reason: it has to fit into one line of a screen."""


def http_probe(client: httpx.AsyncClient, url: str) -> Probe:
    """Ask a service's readiness address: 200 is ready, 503 waits and says why."""

    async def ask() -> Answer:
        try:
            response = await client.get(url)
        except httpx.HTTPError:
            return Answer(Word.SILENT)
        if response.is_success:
            return Answer(Word.READY)
        return Answer(Word.WAITING, _reason(response))

    return ask


def kafka_probe(bootstrap_servers: str) -> Probe:
    """Ask a broker for its topics."""

    async def ask() -> Answer:
        return Answer(Word.READY if await kafka_answers(bootstrap_servers) else Word.SILENT)

    return ask


def mongodb_probe(uri: str) -> Probe:
    """Ping a document server."""

    async def ask() -> Answer:
        return Answer(Word.READY if await mongodb_answers(uri) else Word.SILENT)

    return ask


def _reason(response: httpx.Response) -> str:
    """Name the parts of a service that are not ready, from its own report at `/health/ready`."""
    try:
        report = response.json()
        parts: Mapping[str, Mapping[str, object]] = report["parts"]
        said = [f"{name}: {state.get('why', '')}" for name, state in parts.items() if not state.get("ready")]
    except (ValueError, KeyError, AttributeError, TypeError):
        # Another program's answer, or a proxy's: its status is all there is to tell.
        return f"it answers {response.status_code}"
    return "; ".join(said)[:_MOST_WORDS] or f"it answers {response.status_code}"
