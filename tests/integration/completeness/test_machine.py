"""Reading is complete, whatever happens in whatever order."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.integration.completeness.machine import Completeness


def test_the_mirror_is_the_workspace_or_the_ledger_says_not() -> None:
    """Random interleavings of changes, faults, switches, crashes, hints and requests."""
    run_state_machine_as_test(
        Completeness,
        settings=settings(
            max_examples=100, stateful_step_count=14, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
