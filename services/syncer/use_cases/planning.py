"""Which steps a run has, and which of them comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.syncer.domain.run import StepState
from services.syncer.resources import all_resources

if TYPE_CHECKING:
    from datetime import datetime

    from services.syncer.domain.run import Run, RunKind
    from services.syncer.resources.reading import Circumstances, Step
    from shared.contracts.sync import ResourceType


def step_named(name: str) -> Step:
    """Return a step by its name. Raises KeyError for one that this version does not have."""
    for resource in all_resources():
        for step in resource.steps:
            if step.name == name:
                return step
    raise KeyError(name)


def kind_of(resource: ResourceType, circumstances: Circumstances) -> RunKind:
    """Return how a resource is read: whole at first, by change later, whole again to reconcile.

    It is decided for each resource, so that one that was never granted does not make all others start anew.
    """
    cursor = circumstances.cursor(resource)
    if cursor.position is None:
        return "initial"
    due = cursor.walk_due(circumstances.now, shortest_pause_seconds=circumstances.rules.reconcile_seconds)
    return "reconcile" if due or circumstances.reason == "reconcile" else "incremental"


def plan(circumstances: Circumstances) -> list[StepState]:
    """Return the steps of a run, in reading order."""
    return [
        StepState(step.name)
        for resource in all_resources()
        for step in resource.steps
        if kind_of(resource.type, circumstances) in step.kinds and step.wanted(circumstances)
    ]


def next_step(run: Run, now: datetime) -> StepState | None:
    """Return the step to advance: due, not waiting for another, and the one that had the fewest slices.

    So steps take turns, and conversations arrive while a long list of contacts is still being read. One
    that holds something that expires goes first.
    """
    open_names = {step.name for step in run.open_steps()}
    ready = [
        step
        for step in run.open_steps()
        if (step.wake_at is None or step.wake_at <= now)
        and not open_names.intersection(step_named(step.name).after)
    ]
    return min(ready, key=lambda step: (not step.position.get("scroll"), step.slices), default=None)


def wake_of(run: Run, now: datetime) -> datetime:
    """Return when the next step of the run can go on."""
    open_names = {step.name for step in run.open_steps()}
    times = [
        step.wake_at or now
        for step in run.open_steps()
        if not open_names.intersection(step_named(step.name).after)
    ]
    return max(min(times, default=now), now)
