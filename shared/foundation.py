"""What every service is built on, made in one function: bus, documents, health, identities.

A service's `create_app` lays the foundation, adds its repositories, handlers and routes, and asks for the
application. Nothing connects before the application's lifespan begins.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import structlog
from prometheus_client import CollectorRegistry

from shared.auth.authenticator import Authenticator, LocalAuthenticator, OidcAuthenticator
from shared.auth.revoked_keys import RevokedKeysFromTopic
from shared.clock import Clock, SystemClock
from shared.contracts.topics import ALL_TOPICS
from shared.documents.collection import database_errors
from shared.documents.database import create_client, database_of
from shared.documents.watched import WatchedWrites
from shared.http.application import create_api
from shared.http.lifecycle import Lifecycle
from shared.messaging.broker import create_broker
from shared.messaging.consumer import Consumer
from shared.messaging.dead_letters import DeadLetters, KafkaDeadLetters
from shared.messaging.presence import expect_topics
from shared.messaging.publisher import EventPublisher, KafkaEventPublisher
from shared.messaging.security import client_security
from shared.messaging.state import ReportedStates
from shared.messaging.watched import WatchedConsumer, WatchedDeadLetters, WatchedPublisher
from shared.observability.readiness import Readiness
from shared.observability.watching import watch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fastapi import APIRouter, FastAPI
    from faststream.kafka import KafkaBroker
    from pymongo import AsyncMongoClient
    from pymongo.asynchronous.database import AsyncDatabase

    from shared.config import ServiceSettings
    from shared.contracts.topics import Service
    from shared.faults import Faults
    from shared.web.pages import Pages

_LOG = structlog.get_logger(__name__)

_BUS_ANSWER_SECONDS = 2.5
"""Shorter than the watch's patience, so that the client's request ends by itself."""


_PARTING_SECONDS = 3.0
"""How long closing a client may take once no work is under way. PyMongo's has no limit of its own when the
database is dead, and a supervisor's patience is better spent on work."""


@dataclass(slots=True)
class Foundation:
    """The parts that all services share. `application` is called once, when everything is wired.

    Attributes:
        on_stop: called with the reason when consuming had to stop (`ProcessingStopped`).
        revoked: the bearer keys that were revoked, according to the bus.
    """

    service: Service
    settings: ServiceSettings
    clock: Clock
    broker: KafkaBroker
    publisher: EventPublisher
    consumer: Consumer
    client: AsyncMongoClient[dict[str, Any]]
    database: AsyncDatabase[dict[str, Any]]
    readiness: Readiness
    lifecycle: Lifecycle
    registry: CollectorRegistry
    http: httpx.AsyncClient
    authenticator: Authenticator
    revoked: RevokedKeysFromTopic = field(repr=False)

    def application(self, routers: Sequence[APIRouter] = (), pages: Pages | None = None) -> FastAPI:
        """Return the HTTP application; its lifespan starts consuming after all other start steps.

        At the end it stops consuming before all other close steps. The service's own steps come next and can
        still publish and store; then the connections to the bus and the database are closed.
        """
        servers = self.settings.kafka_bootstrap_servers
        security = client_security(self.settings)
        self.lifecycle.start("topics", lambda: expect_topics(servers, ALL_TOPICS, security))
        self.lifecycle.start("bus", self._start_bus)
        self.lifecycle.background("revoked keys", self.revoked.follow)
        self.lifecycle.background("bus watch", partial(watch, "bus", self._bus_answers, self.readiness))
        self.lifecycle.background(
            "documents watch", partial(watch, "documents", self._documents_answer, self.readiness)
        )
        # Added last, so it is taken first: what is consumed later would meet parts that are closed.
        self.lifecycle.close("consuming", self._stop_consuming)
        return create_api(
            service=self.service,
            settings=self.settings,
            routers=routers,
            lifecycle=self.lifecycle,
            readiness=self.readiness,
            authenticator=self.authenticator,
            clock=self.clock,
            registry=self.registry,
            pages=pages,
        )

    async def _bus_answers(self) -> bool:
        return await self.broker.ping(timeout=_BUS_ANSWER_SECONDS)

    async def _documents_answer(self) -> None:
        await self.client.admin.command("ping")

    async def _stop_consuming(self) -> None:
        """Stop all consumers; return, or raise what one of them raised, only after every one has stopped."""
        stops = [subscriber.stop() for subscriber in self.broker.subscribers]
        for outcome in await asyncio.gather(*stops, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome

    async def _start_bus(self) -> None:
        try:
            await self.broker.start()
        except BaseException:
            # Half of the consumers may have joined their groups; left there they would keep partitions
            # that nobody reads from.
            await self.broker.stop()
            raise


def lay_foundation(
    service: Service,
    settings: ServiceSettings,
    *,
    on_stop: Callable[[str], None],
    clock: Clock | None = None,
    faults: Faults | None = None,
) -> Foundation:
    """Return the foundation of one service. Nothing is connected yet.

    `faults` is told of each write that was acknowledged, for tests that kill the process there (see
    `shared.faults`). In production it is None, and writes are not intercepted.

    Raises:
        ConfigurationError: settings that belong together are incomplete.
    """
    clock = clock or SystemClock()
    registry = CollectorRegistry()
    readiness = Readiness()
    lifecycle = Lifecycle(readiness, grace_seconds=settings.shutdown_grace_seconds)
    broker = create_broker(settings, service=service)
    client = create_client(
        settings, service=service, listeners=() if faults is None else (WatchedWrites(faults, service),)
    )
    http = httpx.AsyncClient(follow_redirects=False)
    revoked = RevokedKeysFromTopic(
        settings.kafka_bootstrap_servers, readiness=readiness, security=client_security(settings)
    )
    authenticator: Authenticator = (
        LocalAuthenticator(settings, clock, revoked)
        if settings.auth_mode == "local"
        else OidcAuthenticator(settings, clock, revoked, http)
    )

    async def documents_answer() -> None:
        with database_errors():
            await client.admin.command("ping")

    def stop(why: str) -> None:
        readiness.stopping = why
        on_stop(why)

    lifecycle.start("documents", documents_answer)
    lifecycle.close("http", http.aclose, within_seconds=_PARTING_SECONDS)
    lifecycle.close("documents", client.close, within_seconds=_PARTING_SECONDS)
    lifecycle.close("bus", broker.stop)
    publisher: EventPublisher = KafkaEventPublisher(broker, service=service, clock=clock)
    dead_letters: DeadLetters = KafkaDeadLetters(broker, service)
    consumer_of: Callable[..., Consumer] = Consumer
    if faults is not None:
        publisher = WatchedPublisher(publisher, faults, service)
        dead_letters = WatchedDeadLetters(dead_letters, faults, service)
        consumer_of = partial(WatchedConsumer, faults)
    return Foundation(
        service=service,
        settings=settings,
        clock=clock,
        broker=broker,
        publisher=publisher,
        consumer=consumer_of(
            service=service,
            broker=broker,
            dead_letters=dead_letters,
            state_of=ReportedStates(readiness, registry).of_group,
            on_stop=stop,
            sleep=asyncio.sleep,
            rng=random.Random(),  # noqa: S311 - spreads retries; nothing secret rests on it
            instance=settings.consumer_instance,
        ),
        client=client,
        database=database_of(client, settings, service=service),
        readiness=readiness,
        lifecycle=lifecycle,
        registry=registry,
        http=http,
        authenticator=authenticator,
        revoked=revoked,
    )
