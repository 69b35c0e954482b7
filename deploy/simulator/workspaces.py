"""Which workspaces a simulator has: the first as the settings say, and a small second one in another region.

The second one is generated, so its conversation and part ids repeat those of any other (FACTS §1, switch 16).
"""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from typing import TYPE_CHECKING, cast

from deploy.simulator.generated import Size, build_generated_workspace

if TYPE_CHECKING:
    from collections.abc import Callable

    from deploy.simulator.model import Workspace
    from deploy.simulator.settings import SimulatorSettings

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
        workspaces.append(second)
    return tuple(workspaces)


def _first(settings: SimulatorSettings, now: int) -> Workspace:
    if settings.workspace == "demo" and find_spec("deploy.simulator.demo.workspace") is not None:
        module = importlib.import_module("deploy.simulator.demo")
        build = cast("Callable[..., Workspace]", module.build_demo_workspace)
        return build(seed=settings.seed, now=now)
    size = Size(
        conversations=settings.conversations,
        parts=settings.parts,
        contacts=settings.contacts,
        companies=settings.companies,
        days=settings.days,
        longest=settings.longest,
    )
    return build_generated_workspace(seed=settings.seed, now=now, size=size)
