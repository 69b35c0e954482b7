"""Which steps a run has, and which of them comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.syncer.domain.run import StepState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from services.syncer.domain.run import Run, RunKind
    from services.syncer.resources.reading import Circumstances, Resource, Step
    from shared.contracts.sync import ResourceType


class Planner:
    """Plans runs over the resources it is given, in their order."""

    def __init__(self, resources: Sequence[Resource]) -> None:
        self.resources = tuple(resources)
        self._steps = {step.name: step for resource in resources for step in resource.steps}

    def step(self, name: str) -> Step:
        """Return a step by its name. Raises KeyError for one that this version does not have."""
        return self._steps[name]

    def knows(self, run: Run) -> bool:
        """Tell whether this version has all steps of a run; another one may have planned it."""
        return all(step.name in self._steps for step in run.steps)

    def plan(self, circumstances: Circumstances) -> list[StepState]:
        """Return the steps of a run, in reading order."""
        return [
            StepState(step.name)
            for resource in self.resources
            for step in resource.steps
            if kind_of(resource.type, circumstances) in step.kinds and step.wanted(circumstances)
        ]

    def next_step(self, run: Run, now: datetime) -> StepState | None:
        """Return the step to advance: due, not waiting for another, and the one that had the fewest slices.

        So steps take turns, and conversations arrive while a long list of contacts is still being read. One
        that holds something that expires goes first.
        """
        ready = [step for step in self._free(run) if step.wake_at is None or step.wake_at <= now]
        return min(ready, key=lambda step: (not step.position.get("scroll"), step.slices), default=None)

    def wake_of(self, run: Run, now: datetime) -> datetime:
        """Return when the next step of the run can go on."""
        return max(min((step.wake_at or now for step in self._free(run)), default=now), now)

    def current(self, run: Run) -> StepState:
        """Return the open step that a pause is told of: one that waits, else the one that had most slices."""
        return max(run.open_steps(), key=lambda step: (step.waiting_for is not None, step.slices))

    def failures(self, run: Run) -> int:
        """Return how often in a row the source failed every step that could go on."""
        return min((step.failures for step in self._free(run)), default=0)

    def _free(self, run: Run) -> list[StepState]:
        """Return the open steps that wait for no other step."""
        open_names = {step.name for step in run.open_steps()}
        return [step for step in run.open_steps() if not open_names.intersection(self.step(step.name).after)]


def kind_of(resource: ResourceType, circumstances: Circumstances) -> RunKind:
    """Return how a resource is read: whole at first, by change later, whole again to reconcile.

    It is decided for each resource, so that one that was never granted does not make all others start anew.
    """
    cursor = circumstances.cursor(resource)
    if cursor.position is None:
        return "initial"
    due = cursor.walk_due(circumstances.now, shortest_pause_seconds=circumstances.rules.reconcile_seconds)
    return "reconcile" if due or circumstances.reason == "reconcile" else "incremental"
