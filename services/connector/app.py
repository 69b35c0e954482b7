"""Builds the connector from its settings and wires its parts; no decisions are made here."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from services.connector.adapters.fernet_vault import FernetVault
from services.connector.adapters.http_intercom import HttpIntercom
from services.connector.adapters.mongo_access import MongoApiKeys, MongoNotices, MongoOAuthStates
from services.connector.adapters.mongo_connections import MongoConnections
from services.connector.api import connection_routes, internal_routes, key_routes
from services.connector.domain.hosts import IntercomHosts
from services.connector.handlers import subscribe
from services.connector.pages.more_routes import key_pages, operation_pages
from services.connector.pages.routes import IntegrationPages, integration_routes
from services.connector.use_cases.administration import Administration
from services.connector.use_cases.connecting import Connecting
from services.connector.use_cases.keys import Keys
from services.connector.use_cases.listening import Listening
from services.connector.use_cases.scheduling import Scheduling
from services.connector.webhooks import webhook_routes
from shared.documents.pending import sweep_forever
from shared.foundation import lay_foundation
from shared.web.pages import Pages

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

    from services.connector.settings import Settings
    from shared.clock import Clock

_SWEEP_SECONDS = 5.0
"""How often facts that a crash left unpublished are looked for; bounds how late they can be."""


def create_app(
    settings: Settings, *, on_stop: Callable[[str], None] = lambda _: None, clock: Clock | None = None
) -> FastAPI:
    """Return the connector's application. Nothing connects before its lifespan begins."""
    base = lay_foundation("connector", settings, on_stop=on_stop, clock=clock)
    hosts = IntercomHosts(settings.intercom_hosts, settings.intercom_app_hosts)
    connections = MongoConnections(base.database, base.publisher, base.clock)
    states = MongoOAuthStates(base.database)
    notices = MongoNotices(base.database)
    api_keys = MongoApiKeys(base.database, base.publisher, base.clock)
    intercom = HttpIntercom(base.http, settings, hosts)
    vault = FernetVault(settings.credential_keys)

    connecting = Connecting(
        connections=connections,
        states=states,
        intercom=intercom,
        vault=vault,
        hosts=hosts,
        settings=settings,
        clock=base.clock,
    )
    administration = Administration(connections=connections, intercom=intercom, vault=vault, clock=base.clock)
    listening = Listening(
        connections=connections, notices=notices, publisher=base.publisher, clock=base.clock
    )
    scheduling = Scheduling(connections=connections, clock=base.clock)
    keys = Keys(keys=api_keys, signing_key=settings.signing_key, clock=base.clock)
    pages = Pages(Path(__file__).parent / "pages" / "templates", clock=base.clock)

    subscribe(base.consumer, listening=listening, publisher=base.publisher, clock=base.clock)
    for store in (connections, states, notices, api_keys):
        base.lifecycle.start(f"indexes of {type(store).__name__}", store.ensure_indexes)
    base.lifecycle.background("scheduler", lambda: scheduling.run(settings.scheduler_seconds, asyncio.sleep))
    for pending in (connections.pending, api_keys.pending):
        base.lifecycle.background("sweeper", partial(sweep_forever, pending, every_seconds=_SWEEP_SECONDS))
    view = IntegrationPages(
        pages=pages,
        connections=connections,
        connecting=connecting,
        administration=administration,
        hosts=hosts,
        settings=settings,
    )
    return base.application(
        routers=[
            connection_routes(connections=connections, connecting=connecting, administration=administration),
            key_routes(keys=keys),
            internal_routes(
                administration=administration, signing_key=settings.signing_key, clock=base.clock
            ),
            webhook_routes(listening=listening, client_secret=settings.intercom_client_secret),
            integration_routes(view),
            key_pages(pages=pages, keys=keys),
            operation_pages(pages=pages, connections=connections),
        ],
        pages=pages,
    )
