"""The workspace lives: every few seconds something happens in it, at the pace that was chosen."""

from __future__ import annotations

import asyncio
import importlib
import logging
from importlib.util import find_spec
from typing import TYPE_CHECKING, cast

from deploy.simulator import happenings
from deploy.simulator.errors import JournalError, JournalFullError, MutationRefusedError

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from deploy.simulator.model import Mutation, Workspace
    from deploy.simulator.simulation import Simulation

    Chooser = Callable[[Workspace, random.Random, int], Mutation | None]

PACES: dict[str, float | None] = {"paused": None, "slow": 30.0, "normal": 8.0, "fast": 1.5}
"""Seconds between happenings, on average."""

LOOK_SECONDS = 0.5
"""How soon a change of pace is felt."""

log = logging.getLogger(__name__)


def chooser(*, demo: bool) -> Chooser:
    """Who decides what happens next: the stories of the demo workspace, or plain support traffic."""
    if demo and find_spec("deploy.simulator.demo") is not None:
        module = importlib.import_module("deploy.simulator.demo")
        choose = getattr(module, "next_happening", None)
        if choose is not None:
            return cast("Chooser", choose)
    return happenings.next_happening


class Pacer:
    """Makes things happen in the first workspace until it is cancelled."""

    def __init__(self, simulation: Simulation, choose: Chooser) -> None:
        self._simulation = simulation
        self._choose = choose

    def step(self) -> bool:
        """Let one thing happen; false when nothing did."""
        simulation = self._simulation
        workspace = simulation.first.workspace
        try:
            mutation = self._choose(workspace, simulation.rng, int(simulation.now()))
            if mutation is None:
                return False
            simulation.mutate(None, mutation)
        except JournalFullError as error:
            simulation.pace = "paused"
            log.warning("Nothing happens by itself any more: %s", error)
            return False
        except MutationRefusedError as error:
            log.warning("A happening was refused: %s", error)
            return False
        except JournalError as error:
            # The workspace goes on living; who looks at the log knows that it will not be remembered.
            log.error("%s", error)  # noqa: TRY400 (the message says all, the trace adds nothing)
        return True

    async def run(self) -> None:
        waited = 0.0
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self._simulation.wake_snoozed()
            seconds = PACES[self._simulation.pace]
            waited += LOOK_SECONDS
            if seconds is None:
                waited = 0.0
            elif waited >= seconds * (0.5 + self._simulation.rng.random()):
                waited = 0.0
                self.step()
