"""Ready means that all work can be done; serving, that requests can be answered although the bus is away."""

from __future__ import annotations

import pytest

from shared.observability.readiness import Readiness, processing_of

GROUP = processing_of("earshot.notifier.main")
START = ("documents", "topics", "bus", GROUP)


def started() -> Readiness:
    readiness = Readiness(*START)
    for part in START:
        readiness.set(part, ready=True)
    return readiness


@pytest.mark.parametrize("part", ["bus", GROUP])
def test_a_bus_that_goes_away_ends_no_serving(part: str) -> None:
    """Pages are shown and webhooks taken while the bus is away or a batch waits; work is not ready."""
    readiness = started()
    readiness.set(part, ready=False, why="does not answer")
    assert not readiness.ready
    assert readiness.serving


@pytest.mark.parametrize("part", START)
def test_nothing_is_served_before_everything_was_there_once(part: str) -> None:
    """A new release that cannot reach its bus replaces none that could."""
    readiness = Readiness(*START)
    for other in START:
        if other != part:
            readiness.set(other, ready=True)
    assert not readiness.serving
    readiness.set(part, ready=True)
    assert readiness.serving


def test_without_documents_nothing_is_served() -> None:
    """What requests themselves need has to be there now."""
    readiness = started()
    readiness.set("documents", ready=False, why="does not answer")
    assert not readiness.serving


def test_what_stops_serves_nobody_new() -> None:
    """Requests go to the others from the first word of stopping on."""
    readiness = started()
    readiness.stopping = "shutting down"
    assert not readiness.serving
