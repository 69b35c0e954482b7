"""How many conversations a second go from the workspace to signals: from Connect to the last one detected."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import psutil
from prometheus_client.parser import text_string_to_metric_families
from pymongo import MongoClient

from tests.e2e.chain.installation import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.samples import Sample

    from tests.e2e.chain.installation import Installation
    from tests.e2e.chain.product import Product

_BOUND_SECONDS = 900
_POLL_SECONDS = 0.5
"""Seldom enough that the asking is not what is measured."""

_READ = "earshot_detector_conversations_read"
_ANSWERED = "earshot_webhook_answer_seconds"


@dataclass(frozen=True, slots=True)
class Throughput:
    """One initial sync. Seconds count from the request to connect; processor seconds are of the same time."""

    conversations: int
    read_seconds: float
    detected_seconds: float
    signals: int
    cpu_seconds: dict[str, float]

    @property
    def per_second(self) -> float:
        return self.conversations / self.detected_seconds


def measure(
    installation: Installation, product: Product, conversations: int
) -> tuple[Throughput, dict[str, Any]]:
    """Connect, wait until each of `conversations` was looked at by the detectors; return what it took."""
    before = cpu_seconds(installation)
    began = time.monotonic()
    connection = product.connect()
    connection = product.synced(connection["id"], seconds=_BOUND_SECONDS, every=_POLL_SECONDS)
    read_seconds = time.monotonic() - began
    eventually(
        "all conversations are detected",
        lambda: _counted(installation) >= conversations,
        seconds=_BOUND_SECONDS,
        every=_POLL_SECONDS,
    )
    with MongoClient[dict[str, Any]](installation.mongodb_uri) as mongo:
        held = mongo["earshot_detector"]["conversations"]
        # A conversation may have been looked at twice, so the counter alone proves nothing.
        eventually(
            "each conversation is detected",
            lambda: held.count_documents({"analysis": {"$exists": True}}) >= conversations,
            seconds=_BOUND_SECONDS,
        )
        # Moods and facts of customers are reviewed once a customer is quiet; that is part of the work.
        eventually(
            "each customer is reviewed",
            lambda: mongo["earshot_detector"]["due_subjects"].count_documents({}) == 0,
            seconds=_BOUND_SECONDS,
            every=_POLL_SECONDS,
        )
    detected_seconds = time.monotonic() - began
    after = cpu_seconds(installation)
    return (
        Throughput(
            conversations=conversations,
            read_seconds=read_seconds,
            detected_seconds=detected_seconds,
            signals=int(product.client.get("/signals", params={"limit": 1, "state": "any"}).json()["count"]),
            cpu_seconds={name: spent - before.get(name, 0.0) for name, spent in after.items()},
        ),
        connection,
    )


def cpu_seconds(installation: Installation) -> dict[str, float]:
    """Return the processor seconds that each part has used."""
    found = {}
    for process in installation.processes().values():
        times = psutil.Process(process.pid).cpu_times()
        found[process.name] = times.user + times.system
    return found


def answered_within(installation: Installation, seconds: str) -> float:
    """Return the share of Intercom's notifications that were answered within a bucket's bound, 0 to 1."""
    counts = {
        sample.labels["le"]: sample.value
        for sample in _samples(installation, "CONNECTOR")
        if sample.name == f"{_ANSWERED}_bucket"
    }
    return counts[seconds] / counts["+Inf"]


def _counted(installation: Installation) -> float:
    return sum(
        sample.value for sample in _samples(installation, "DETECTOR") if sample.name == f"{_READ}_total"
    )


def _samples(installation: Installation, service: str) -> Iterator[Sample]:
    port = installation.environment[f"EARSHOT_{service}_PORT"]
    text = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=10).raise_for_status().text
    for family in text_string_to_metric_families(text):
        yield from family.samples
