"""What every service shows to Prometheus beside its own numbers: its parts, its answers and its process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client import CollectorRegistry

    from shared.observability.readiness import Readiness

_ANSWER_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_KINDS = ("2xx", "3xx", "4xx", "5xx")


def show_parts_and_process(readiness: Readiness, registry: CollectorRegistry) -> None:
    """Show each part of readiness as `earshot_part_ready`, and the process as `process_…`.

    Pods stay in their Services while the bus is away, so Kubernetes has no word of it; this has.
    """
    registry.register(_Parts(readiness))
    ProcessCollector(registry=registry)


class _Parts(Collector):
    """Reads the parts anew each time, so that no change of one has to be told twice."""

    def __init__(self, readiness: Readiness) -> None:
        self._readiness = readiness

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily(
            "earshot_part_ready",
            "Whether a part can do its work now, as /health/ready says.",
            labels=["part"],
        )
        for part, state in self._readiness.report().items():
            family.add_metric([part], float(bool(state["ready"])))
        yield family


class AnswerTimes:
    """How long requests took, by the kind of their answers. No label carries an address."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._seconds = Histogram(
            "earshot_http_request_seconds",
            "From a request's arrival until its answer was sent; without live streams, health and files.",
            ["answer"],
            buckets=_ANSWER_BUCKETS,
            registry=registry,
        )
        # There from the start: what appears as one was never seen to grow.
        for kind in _KINDS:
            self._seconds.labels(kind)

    def answered(self, status: int, seconds: float) -> None:
        self._seconds.labels(f"{status // 100}xx").observe(seconds)
