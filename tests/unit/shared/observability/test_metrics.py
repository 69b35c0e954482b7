"""What an operator's alerts read of every service: its parts, its process, its answers."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from shared.observability.metrics import AnswerTimes, show_parts_and_process
from shared.observability.readiness import Readiness


def test_a_part_that_goes_away_is_shown_without_being_told() -> None:
    """Also while pods stay in their Services, which is all that Kubernetes looks at."""
    readiness, registry = Readiness("bus", "documents"), CollectorRegistry()
    show_parts_and_process(readiness, registry)

    def shown(part: str) -> float | None:
        return registry.get_sample_value("earshot_part_ready", {"part": part})

    assert (shown("bus"), shown("documents")) == (0, 0)
    readiness.set("bus", ready=True)
    readiness.set("processing earshot.notifier.main", ready=True)
    assert (shown("bus"), shown("processing earshot.notifier.main")) == (1, 1)
    readiness.set("bus", ready=False, why="does not answer")
    assert shown("bus") == 0


def test_the_process_is_shown_by_its_usual_names() -> None:
    """Dashboards of other software find memory and processor time where they are used to."""
    registry = CollectorRegistry()
    show_parts_and_process(Readiness(), registry)
    names = {family.name for family in registry.collect()}
    assert {"process_resident_memory_bytes", "process_cpu_seconds"} <= names


def test_answers_are_there_before_the_first_one() -> None:
    """Prometheus sees no growth from nothing to one."""
    registry = CollectorRegistry()
    times = AnswerTimes(registry)
    assert registry.get_sample_value("earshot_http_request_seconds_count", {"answer": "5xx"}) == 0
    times.answered(503, 0.2)
    assert registry.get_sample_value("earshot_http_request_seconds_count", {"answer": "5xx"}) == 1
