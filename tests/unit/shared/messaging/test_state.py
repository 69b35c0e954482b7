"""What processing shows to whoever watches it."""

from __future__ import annotations

from typing import get_args

from prometheus_client import CollectorRegistry

from shared.errors import DeadLetterReason
from shared.messaging.state import ReportedStates
from shared.observability.readiness import Readiness


def test_the_first_dead_letter_is_growth() -> None:
    """Prometheus sees no increase in a number that appears as one: each reason is there, as zero, before."""
    registry = CollectorRegistry()
    state = ReportedStates(Readiness(), registry).of_group("earshot.notifier.main")
    for reason in get_args(DeadLetterReason):
        assert registry.get_sample_value("earshot_dead_letters_total", {"reason": reason}) == 0
    state.put_aside("handler_failed")
    assert registry.get_sample_value("earshot_dead_letters_total", {"reason": "handler_failed"}) == 1


def test_a_groups_good_batch_does_not_hide_another_that_waits() -> None:
    """Each consumer group has a part under its own name; one that goes on says nothing of the others."""
    readiness = Readiness()
    states = ReportedStates(readiness, CollectorRegistry())
    signals, removals = states.of_group("earshot.notifier.main"), states.of_group("earshot.notifier.removals")
    assert readiness.ready
    signals.waiting("the database is away")
    removals.going_on()
    assert readiness.report() == {
        "processing earshot.notifier.main": {"ready": False, "why": "the database is away"},
        "processing earshot.notifier.removals": {"ready": True, "why": ""},
    }
    signals.going_on()
    assert readiness.ready


def test_all_groups_count_into_the_same_metrics() -> None:
    """Batches of two groups that come again are two retries."""
    registry = CollectorRegistry()
    states = ReportedStates(Readiness(), registry)
    for group in ("a", "b"):
        states.of_group(group).waiting("away")
    assert registry.get_sample_value("earshot_batch_retries_total") == 2
