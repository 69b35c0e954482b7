"""Which workspaces a simulator has: the first as the settings say, and a small second one in another region.

The second one's conversation and part ids repeat those of the first (FACTS §1, switch 16).
"""

from __future__ import annotations

import importlib
from dataclasses import replace
from importlib.util import find_spec
from itertools import islice
from typing import TYPE_CHECKING, cast

from deploy.simulator import mutations
from deploy.simulator.generated import Size, build_generated_workspace
from deploy.simulator.model import Mutation

if TYPE_CHECKING:
    from collections.abc import Callable

    from deploy.simulator.model import Workspace
    from deploy.simulator.settings import SimulatorSettings

SHARED_IDS = 20
"""So many of the second workspace's conversations have ids that the demo workspace has too."""

SECOND_SIZE = Size(conversations=40, parts=6, contacts=25, companies=6, days=120)


def build_workspaces(settings: SimulatorSettings, now: int) -> tuple[Workspace, ...]:
    """All workspaces, the one to show first at the front; `now` is when the simulator was first started."""
    workspaces = [_first(settings, now)]
    if settings.second_workspace:
        second = build_generated_workspace(
            seed=settings.seed + 1,
            now=now,
            size=SECOND_SIZE,
            id_code="second42",
            name="Second workspace (EU)",
            region="EU",
            timezone="Europe/Dublin",
        )
        if settings.workspace == "demo":
            share_ids(workspaces[0], second, SHARED_IDS)
        workspaces.append(second)
    return tuple(workspaces)


def share_ids(first: Workspace, second: Workspace, count: int) -> None:
    """Give `count` conversations of the second, and their parts, ids that the first one's have too.

    A generated first workspace repeats all of them already; an authored one has ids of its own.
    """
    wanted = list(islice(first.conversations.ids(), len(first.conversations) - count, None))
    for old_id, new_id in zip(tuple(islice(second.conversations.ids(), count)), wanted, strict=False):
        conversation, parts = second.conversations[old_id], second.parts(old_id)
        part_ids = [part.id for part in first.parts(new_id)]
        renamed = tuple(
            replace(part, id=part_ids[number]) if number < len(part_ids) else part
            for number, part in enumerate(parts)
        )
        second.remove_conversation(old_id)
        second.add_conversation(replace(conversation, id=new_id), renamed)


def wake_overdue(workspace: Workspace, now: int) -> None:
    """End the snoozes whose time lies before `now`, each at its time, as if somebody had been there."""
    for conversation in tuple(workspace.conversations):
        until = conversation.snoozed_until
        if until is not None and until <= now:
            mutations.apply(
                workspace, Mutation("timer_unsnooze", {"conversation_id": conversation.id}), until
            )


def _first(settings: SimulatorSettings, now: int) -> Workspace:
    if settings.workspace == "demo" and find_spec("deploy.simulator.demo.workspace") is not None:
        module = importlib.import_module("deploy.simulator.demo")
        build = cast("Callable[..., Workspace]", module.build_demo_workspace)
        made = build(seed=settings.seed, now=now)
        wake_overdue(made, now)
        return made
    size = Size(
        conversations=settings.conversations,
        parts=settings.parts,
        contacts=settings.contacts,
        companies=settings.companies,
        days=settings.days,
        longest=settings.longest,
    )
    return build_generated_workspace(seed=settings.seed, now=now, size=size)
