"""Builds the simulator from its settings and wires its parts; no logic of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette

from deploy.simulator.api.gate import Gate
from deploy.simulator.api.routes import api_routes
from deploy.simulator.regions import Regions
from deploy.simulator.simulation import Simulation
from deploy.simulator.tokens import DEMO_TOKEN, SECOND_TOKEN, Token
from deploy.simulator.workspaces import build_workspaces

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from deploy.simulator.settings import SimulatorSettings
    from shared.clock import Clock


def create_simulation(settings: SimulatorSettings, clock: Clock) -> Simulation:
    """The state of a simulator that is started for the first time."""
    workspaces = build_workspaces(settings, int(clock.now().timestamp()))
    simulation = Simulation(
        workspaces=workspaces, switches=settings.switches, clock=clock, seed=settings.seed
    )
    for workspace, value in zip(workspaces, (DEMO_TOKEN, SECOND_TOKEN), strict=False):
        simulation.tokens.put(Token(value, workspace.id_code, f"private-{workspace.id_code}"))
    return simulation


def create_app(simulation: Simulation) -> ASGIApp:
    gate = Gate(simulation)
    return Regions(Starlette(routes=[*api_routes(simulation, gate)]))
