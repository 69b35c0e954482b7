"""Builds the simulator from its settings and wires its parts; no logic of its own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.applications import Starlette

from deploy.simulator.api.gate import Gate
from deploy.simulator.api.routes import api_routes
from deploy.simulator.connections import Connections
from deploy.simulator.control import Control
from deploy.simulator.journal import Journal, replay
from deploy.simulator.oauth import App, OAuth
from deploy.simulator.pacing import Pacer, chooser
from deploy.simulator.pages.rendering import Renderer
from deploy.simulator.pages.site import Site, SiteWiring
from deploy.simulator.protection import OwnNamesOnly, SameSiteOnly
from deploy.simulator.regions import Regions
from deploy.simulator.scenarios import Scenarios
from deploy.simulator.simulation import Simulation
from deploy.simulator.sinks.mail import MailHandler, serve_mail
from deploy.simulator.sinks.receivers import Receivers
from deploy.simulator.sinks.store import SinkStore
from deploy.simulator.tokens import DEMO_TOKEN, SECOND_TOKEN, Token
from deploy.simulator.webhooks.sender import WebhookSender
from deploy.simulator.workspaces import build_workspaces

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx
    from starlette.types import ASGIApp

    from deploy.simulator.settings import SimulatorSettings
    from shared.clock import Clock

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Simulator:
    """A wired simulator: `app` serves it, `simulation` is its state, `sinks` what its receivers got."""

    app: ASGIApp
    simulation: Simulation
    sender: WebhookSender
    sinks: SinkStore
    pacer: Pacer
    journal: Journal | None

    def close(self) -> None:
        """Let go of the data folder; done by the app when it stops."""
        if self.journal is not None:
            self.journal.close()


def create_simulator(
    settings: SimulatorSettings, clock: Clock, webhook_transport: httpx.AsyncBaseTransport | None = None
) -> Simulator:
    """Build everything; sockets are opened when the app starts.

    Raises:
        JournalError: the data folder cannot be used.
    """
    journal = (
        None if settings.data is None else Journal(settings.data, settings.journal_megabytes * 1_000_000)
    )
    simulation = _simulation(settings, clock, journal)
    sinks = SinkStore()
    sender = WebhookSender(
        simulation,
        url=settings.webhook_url or None,
        secret=settings.client_secret,
        uninstall_url=settings.uninstall_url or None,
        transport=webhook_transport,
    )
    pacer = Pacer(simulation, chooser(demo=settings.workspace == "demo"))
    redirect = urlsplit(settings.redirect_uri)
    renderer = Renderer(clock, f"{redirect.scheme}://{redirect.netloc}")

    def start_over() -> None:
        now = int(clock.now().timestamp())
        if journal is not None:
            journal.clear()
            journal.started_at(settings.identity(), now)
        simulation.rebuild(build_workspaces(settings, now))
        simulation.started_at = now
        for token in simulation.tokens.all():
            simulation.put_token(token)
        simulation.set_switches(simulation.switches)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        mail = await serve_mail(MailHandler(sinks, clock), settings.host, settings.smtp_port)
        sender.start()
        living = asyncio.create_task(pacer.run())
        try:
            yield
        finally:
            living.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await living
            await sender.stop()
            mail.close()
            if journal is not None:
                journal.close()

    oauth = OAuth(
        simulation,
        App(settings.client_id, settings.client_secret, settings.redirect_uri),
        renderer,
        sender.uninstalled,
    )
    first_id = simulation.first.workspace.id_code
    scenarios = Scenarios(first_id if settings.workspace == "demo" else None)
    site = Site(
        simulation,
        sender,
        sinks,
        renderer,
        scenarios,
        SiteWiring(
            smtp=f"{settings.host}:{settings.smtp_port}",
            earshot=f"{redirect.scheme}://{redirect.netloc}",
            tells_stories=settings.workspace == "demo",
            start_over=start_over,
        ),
    )
    routes = [
        *Control(simulation, sender, sinks, pacer, scenarios, start_over).routes(),
        *Receivers(sinks, clock).routes(),
        *oauth.routes(),
        *site.routes(),
        *api_routes(simulation, Gate(simulation)),
    ]
    app = Connections(
        Regions(
            OwnNamesOnly(SameSiteOnly(Starlette(routes=routes, lifespan=lifespan)), settings.allowed_hosts)
        )
    )
    return Simulator(app, simulation, sender, sinks, pacer, journal)


def _simulation(settings: SimulatorSettings, clock: Clock, journal: Journal | None) -> Simulation:
    now = int(clock.now().timestamp())
    started_at = now if journal is None else journal.started_at(settings.identity(), now)
    workspaces = build_workspaces(settings, started_at)
    simulation = Simulation(
        workspaces=workspaces, switches=settings.switches, clock=clock, seed=settings.seed + now
    )
    simulation.started_at = started_at
    simulation.pace = settings.pace
    for workspace, value in zip(workspaces, (DEMO_TOKEN, SECOND_TOKEN), strict=False):
        simulation.tokens.put(Token(value, workspace.id_code, f"private-{workspace.id_code}"))
    if journal is not None:
        skipped = replay(simulation, journal.entries())
        if skipped:
            log.warning("%d recorded changes no longer apply to this workspace and were skipped.", skipped)
        simulation.record = journal.append
        simulation.require_room = journal.require_room
    return simulation
