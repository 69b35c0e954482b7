"""What processing shows to whoever watches it."""

from __future__ import annotations

from typing import get_args

from prometheus_client import CollectorRegistry

from shared.errors import DeadLetterReason
from shared.messaging.state import ReportedState
from shared.observability.readiness import Readiness


def test_the_first_dead_letter_is_growth() -> None:
    """Prometheus sees no increase in a number that appears as one: each reason is there, as zero, before."""
    registry = CollectorRegistry()
    state = ReportedState(Readiness(), registry)
    for reason in get_args(DeadLetterReason):
        assert registry.get_sample_value("earshot_dead_letters_total", {"reason": reason}) == 0
    state.put_aside("handler_failed")
    assert registry.get_sample_value("earshot_dead_letters_total", {"reason": "handler_failed"}) == 1
