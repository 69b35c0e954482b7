"""What Prometheus is shown stands in a README, name and labels, and nothing else does."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from prometheus_client import CollectorRegistry, Counter

from services.connector.metrics import Metrics as ConnectorMetrics
from services.detector.metrics import Metrics as DetectorMetrics
from services.notifier.metrics import Metrics as NotifierMetrics
from services.syncer.metrics import SyncerMetrics
from shared.messaging.state import ProcessingCounts
from shared.observability.metrics import AnswerTimes, show_parts_and_process
from shared.observability.readiness import Readiness
from tests.contract.readmes.papers import codes, readmes, section

if TYPE_CHECKING:
    from collections.abc import Callable


def of_every_service(registry: CollectorRegistry) -> object:
    """Return what `shared` declares: of the bus, of requests, and of parts."""
    show_parts_and_process(Readiness("bus"), registry)
    return SimpleNamespace(**vars(ProcessingCounts(registry)), **vars(AnswerTimes(registry)))


METRICS: dict[str, Callable[[CollectorRegistry], object]] = {
    "services/connector/README.md": ConnectorMetrics,
    "services/syncer/README.md": SyncerMetrics,
    "services/detector/README.md": DetectorMetrics,
    "services/notifier/README.md": NotifierMetrics,
    "shared/messaging/README.md": of_every_service,
}


def shown(make: Callable[[CollectorRegistry], object]) -> set[str]:
    """Return names as they are scraped, with their labels: `earshot_things_total{kind,outcome}`."""
    registry = CollectorRegistry()
    made = make(registry)
    found = set()
    for metric in vars(made).values():
        if name := getattr(metric, "_name", None):
            labels = ",".join(metric._labelnames)
            found.add(
                (f"{name}_total" if isinstance(metric, Counter) else name)
                + (f"{{{labels}}}" if labels else "")
            )
    # What is read anew each time has no object of its own.
    parts = next((family for family in registry.collect() if family.name == "earshot_part_ready"), None)
    return found | ({f"{parts.name}{{{','.join(parts.samples[0].labels)}}}"} if parts else set())


@pytest.mark.parametrize("paper", METRICS)
def test_each_metric_is_told_with_its_labels(paper: str) -> None:
    """The section Metrics has exactly what is declared."""
    told = {word for word in codes(section(paper, "Metrics")) if word.startswith("earshot_")}
    assert told == shown(METRICS[paper])


def test_no_paper_names_a_metric_that_is_not_there() -> None:
    """Also outside of its table a metric is named as it is scraped, and asked for by labels that it has."""
    known = {name.partition("{")[0]: name for make in METRICS.values() for name in shown(make)}
    for paper in readmes():
        for word in codes(paper.read_text("utf-8")):
            name, _, labels = word.partition("{")
            if not re.fullmatch(r"earshot_[a-z_]+", name):
                continue
            if name == "earshot_role" or name.startswith("earshot_demo"):
                # A claim of a token, and a database.
                continue
            assert name in known, f"{paper}: {name}"
            for label in re.findall(r"([a-z_]+)(?==|[,}])", labels):
                assert label in known[name], f"{paper}: {word}"
