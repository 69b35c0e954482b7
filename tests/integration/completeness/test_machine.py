"""Reading is complete, whatever happens in whatever order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.integration.completeness.machine import Completeness

if TYPE_CHECKING:
    import pytest

EXAMPLES = {"long": 5_000}
"""By hypothesis' profile; otherwise half a minute of an idle core, always the same ones."""

FEW = 60


def test_the_mirror_is_the_workspace_or_the_ledger_says_not(request: pytest.FixtureRequest) -> None:
    """Random interleavings of changes, faults, switches, crashes, hints and requests."""
    profile = request.config.getoption("--hypothesis-profile", default=None)
    run_state_machine_as_test(
        Completeness,
        settings=settings(
            max_examples=EXAMPLES.get(profile or "", FEW),
            stateful_step_count=30 if profile in EXAMPLES else 14,
            derandomize=profile not in EXAMPLES,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
