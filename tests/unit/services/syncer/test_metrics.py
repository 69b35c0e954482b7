"""What the syncer counts is written down where operators look."""

from __future__ import annotations

from pathlib import Path

from prometheus_client import CollectorRegistry

from services.syncer.metrics import SyncerMetrics

README = Path(__file__).parents[4] / "services" / "syncer" / "README.md"


def test_the_readme_names_every_metric() -> None:
    """Nobody has to read code to know what a number means."""
    registry = CollectorRegistry()
    SyncerMetrics(registry)
    names = {metric.name for metric in registry.collect()}
    told = README.read_text(encoding="utf-8")
    assert {name for name in names if name not in told} == set()
    assert all(metric.documentation for metric in registry.collect())
