"""Builds the connector from its settings and wires its parts; no decisions are made here."""

from __future__ import annotations

import asyncio
import random
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from services.connector.adapters.fernet_vault import FernetVault
from services.connector.adapters.http_intercom import HttpIntercom, intercom_client
from services.connector.adapters.mongo_access import MongoApiKeys, MongoOAuthStates, MongoOffers
from services.connector.adapters.mongo_connections import MongoConnections
from services.connector.adapters.mongo_notices import MongoNotices
from services.connector.api import connection_routes, internal_routes, key_routes
from services.connector.domain.hosts import IntercomHosts
from services.connector.handlers import subscribe
from services.connector.metrics import Metrics
from services.connector.pages.keys import key_pages
from services.connector.pages.operations import operation_pages
from services.connector.pages.panel import Acting, IntegrationPages
from services.connector.pages.routes import integration_routes
from services.connector.use_cases.administration import Administration
from services.connector.use_cases.connecting import Connecting
from services.connector.use_cases.examining import Doctor
from services.connector.use_cases.keys import Keys
from services.connector.use_cases.linking import Linking
from services.connector.use_cases.listening import Listening
from services.connector.use_cases.scheduling import Scheduling
from services.connector.use_cases.upkeep import Upkeep
from services.connector.use_cases.watching import Watching
from services.connector.webhooks import webhook_routes
from shared.contracts.connections import ConnectionSettings
from shared.documents.pending import sweep_forever
from shared.foundation import lay_foundation
from shared.web.pages import Pages

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

    from services.connector.settings import Settings
    from shared.clock import Clock
    from shared.faults import Faults

_SWEEP_SECONDS = 5.0
"""How often facts that a crash left unpublished are looked for; bounds how late they can be."""


def create_app(
    settings: Settings,
    *,
    on_stop: Callable[[str], None] = lambda _: None,
    clock: Clock | None = None,
    faults: Faults | None = None,
) -> FastAPI:
    """Return the connector's application. Nothing connects before its lifespan begins."""
    base = lay_foundation("connector", settings, on_stop=on_stop, clock=clock, faults=faults)
    clock = base.clock
    metrics = Metrics(base.registry)
    hosts = IntercomHosts(settings.intercom_hosts, settings.intercom_app_hosts)
    connections = MongoConnections(base.database, base.publisher, clock)
    states = MongoOAuthStates(base.database)
    offers = MongoOffers(base.database)
    notices = MongoNotices(base.database, base.publisher, clock)
    api_keys = MongoApiKeys(base.database, base.publisher, clock)
    client = intercom_client()
    intercom = HttpIntercom(client, settings, hosts)
    vault = FernetVault(settings.credential_keys)
    rng = random.Random()  # noqa: S311 - spreads retries; nothing secret rests on it

    administration = Administration(
        connections=connections, intercom=intercom, vault=vault, hosts=hosts, clock=clock, metrics=metrics
    )
    linking = Linking(
        connections=connections,
        offers=offers,
        intercom=intercom,
        vault=vault,
        administration=administration,
        first_settings=ConnectionSettings(
            lifecycle_events=settings.new_connection_lifecycle_events,
            sync_interval_seconds=settings.new_connection_interval_seconds,
        ),
        clock=clock,
        metrics=metrics,
    )
    connecting = Connecting(
        connections=connections,
        states=states,
        linking=linking,
        intercom=intercom,
        vault=vault,
        hosts=hosts,
        settings=settings,
        clock=clock,
        metrics=metrics,
    )
    doctor = Doctor(
        connections=connections, intercom=intercom, vault=vault, hosts=hosts, clock=clock, metrics=metrics
    )
    listening = Listening(
        connections=connections,
        notices=notices,
        states=states,
        publisher=base.publisher,
        clock=clock,
        metrics=metrics,
    )
    watching = Watching(
        connections=connections,
        intercom=intercom,
        vault=vault,
        clock=clock,
        metrics=metrics,
        look_seconds=settings.look_seconds,
        rng=rng,
    )
    scheduling = Scheduling(connections=connections, clock=clock, metrics=metrics, rng=rng)
    upkeep = Upkeep(
        connections=connections,
        vault=vault,
        metrics=metrics,
        publisher=base.publisher,
        clock=clock,
        look_seconds=settings.look_seconds,
    )
    keys = Keys(
        keys=api_keys,
        signing_key=settings.signing_key,
        clock=clock,
        publisher=base.publisher,
        told=base.revoked.on_the_bus,
    )
    pages = Pages(Path(__file__).parent / "pages" / "templates", clock=clock)

    subscribe(base.consumer, listening=listening)
    for store in (connections, states, offers, notices, api_keys):
        base.lifecycle.start(f"indexes of {type(store).__name__}", store.ensure_indexes)
    base.lifecycle.background("scheduler", lambda: scheduling.run(settings.scheduler_seconds, asyncio.sleep))
    base.lifecycle.background("looks", lambda: watching.run(asyncio.sleep))
    base.lifecycle.background("upkeep", lambda: upkeep.run(asyncio.sleep))
    base.lifecycle.background("revocations", lambda: keys.run(asyncio.sleep))
    for pending in (connections.pending, notices.pending, api_keys.pending):
        base.lifecycle.background("sweeper", partial(sweep_forever, pending, every_seconds=_SWEEP_SECONDS))
    base.lifecycle.close("intercom", client.aclose)
    view = IntegrationPages(
        pages=pages,
        connections=connections,
        acting=Acting(connecting, linking, administration, doctor),
        hosts=hosts,
        settings=settings,
    )
    return base.application(
        routers=[
            connection_routes(
                connections=connections, connecting=connecting, administration=administration, doctor=doctor
            ),
            key_routes(keys=keys),
            internal_routes(administration=administration, signing_key=settings.signing_key, clock=clock),
            webhook_routes(
                listening=listening,
                watching=watching,
                client_secret=settings.intercom_client_secret,
                clock=clock,
                metrics=metrics,
            ),
            integration_routes(view),
            key_pages(pages=pages, keys=keys),
            operation_pages(pages=pages, connections=connections),
        ],
        pages=pages,
    )
