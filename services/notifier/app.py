"""Builds the notifier and wires its parts."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import TYPE_CHECKING

from services.notifier import api, pages
from services.notifier.adapters.fernet_vault import FernetVault
from services.notifier.adapters.kafka_dead_letters import KafkaDeadLetterReader
from services.notifier.adapters.local_announcements import LocalAnnouncements
from services.notifier.adapters.mongo_inbox import MongoInbox
from services.notifier.adapters.mongo_known_signals import MongoKnownSignals
from services.notifier.adapters.mongo_notifications import MongoNotifications
from services.notifier.adapters.mongo_people import MongoPeople
from services.notifier.adapters.mongo_rules import MongoRules
from services.notifier.channels.email import EmailChannel
from services.notifier.channels.inbox import InboxChannel
from services.notifier.channels.outgoing import OutgoingHttp, outgoing_client
from services.notifier.channels.slack import SlackChannel
from services.notifier.channels.teams import TeamsChannel
from services.notifier.channels.watched import WatchedChannel
from services.notifier.channels.webhook import WebhookChannel
from services.notifier.domain.backoff import Backoff
from services.notifier.domain.teams_hosts import TeamsHosts
from services.notifier.handlers import subscribe
from services.notifier.metrics import Metrics
from services.notifier.use_cases.administer import Administration
from services.notifier.use_cases.announce import Announcer
from services.notifier.use_cases.deliver import Deliverer
from services.notifier.use_cases.dispatch import Dispatcher, sweep_due
from services.notifier.use_cases.read_inbox import InboxReading
from services.notifier.use_cases.read_log import LogReading
from services.notifier.use_cases.remove_data import DataRemoval
from services.notifier.use_cases.retention import Retention
from services.notifier.use_cases.upkeep import Upkeep
from shared.documents.pending import sweep_forever
from shared.foundation import lay_foundation
from shared.http.live_streams import LiveStreams
from shared.messaging.security import client_security
from shared.web.pages import Pages

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

    from services.notifier.ports import Channel
    from services.notifier.settings import Settings
    from shared.clock import Clock
    from shared.faults import Faults

_PENDING_SWEEP_SECONDS = 5.0


def create_app(
    settings: Settings,
    *,
    on_stop: Callable[[str], None],
    clock: Clock | None = None,
    faults: Faults | None = None,
) -> FastAPI:
    """Return the notifier's application, wired and not yet started."""
    ground = lay_foundation("notifier", settings, on_stop=on_stop, clock=clock, faults=faults)
    metrics = Metrics(ground.registry)
    rules = MongoRules(ground.database, metrics.left_out)
    notifications = MongoNotifications(ground.database, ground.publisher, ground.clock, metrics.left_out)
    inbox = MongoInbox(ground.database, ground.clock, metrics.left_out)
    known = MongoKnownSignals(ground.database)
    people = MongoPeople(ground.database, metrics.left_out)
    vault = FernetVault(settings.credential_keys, fingerprint_key=settings.signing_key)
    announcements = LocalAnnouncements()
    client = outgoing_client(concurrency=settings.notify_concurrency)
    outgoing = OutgoingHttp(
        client,
        timeout_seconds=settings.notify_timeout_seconds,
        allow_private=settings.allow_private_webhooks,
    )
    teams_hosts = TeamsHosts(settings.teams_hosts)
    channels: tuple[Channel, ...] = (
        InboxChannel(inbox, announcements),
        EmailChannel(settings),
        SlackChannel(outgoing),
        TeamsChannel(outgoing, teams_hosts),
        WebhookChannel(outgoing),
    )
    if faults is not None:
        channels = tuple(WatchedChannel(channel, faults) for channel in channels)
    deliverer = Deliverer(
        notifications=notifications,
        inbox=inbox,
        rules=rules,
        people=people,
        channels={channel.name: channel for channel in channels},
        vault=vault,
        backoff=Backoff(attempts=settings.notify_attempts),
        clock=ground.clock,
        rng=random.Random(),  # noqa: S311 - spreads retries; nothing secret rests on it
        metrics=metrics,
        public_url=settings.public_url,
        timeout_seconds=settings.notify_timeout_seconds,
        currency=settings.currency,
    )
    dispatcher = Dispatcher(deliverer, concurrency=settings.notify_concurrency)
    announcer = Announcer(
        rules=rules,
        notifications=notifications,
        inbox=inbox,
        known=known,
        people=people,
        dispatcher=dispatcher,
        clock=ground.clock,
        metrics=metrics,
        most_age_days=settings.notify_max_age_days,
        settle_seconds=settings.notify_settle_seconds,
    )
    removal = DataRemoval(
        notifications=notifications, inbox=inbox, known=known, publisher=ground.publisher, clock=ground.clock
    )
    administration = Administration(
        rules=rules,
        notifications=notifications,
        known=known,
        announcer=announcer,
        deliverer=deliverer,
        vault=vault,
        clock=ground.clock,
        allow_private=settings.allow_private_webhooks,
        teams_hosts=teams_hosts,
    )
    inbox_reading = InboxReading(inbox=inbox, people=people)
    log = LogReading(
        notifications=notifications,
        dead_letters=KafkaDeadLetterReader(settings.kafka_bootstrap_servers, client_security(settings)),
    )
    subscribe(ground.consumer, announcer=announcer, removal=removal)

    async def indexes() -> None:
        for repository in (rules, notifications, inbox, known, people):
            await repository.ensure_indexes()

    ground.lifecycle.start("indexes", indexes)
    ground.lifecycle.background(
        "due deliveries",
        lambda: sweep_due(
            notifications, dispatcher, ground.clock, every_seconds=settings.notify_sweep_seconds
        ),
    )
    ground.lifecycle.background(
        "pending facts",
        lambda: sweep_forever(
            notifications.pending, every_seconds=_PENDING_SWEEP_SECONDS, sleep=asyncio.sleep
        ),
    )
    upkeep = Upkeep(rules=rules, vault=vault, metrics=metrics)
    ground.lifecycle.background("upkeep", lambda: upkeep.run(asyncio.sleep))
    ground.lifecycle.close("outgoing", client.aclose)
    ground.lifecycle.close("deliveries", dispatcher.stop)
    retention = Retention(
        known=known,
        notifications=notifications,
        inbox=inbox,
        clock=ground.clock,
        days=settings.notify_retention_days,
    )
    ground.lifecycle.background("retention", lambda: retention.run(asyncio.sleep))
    web = Pages(Path(__file__).parent / "pages" / "templates", clock=ground.clock, currency=settings.currency)
    return ground.application(
        routers=[
            api.routes(administration, log, inbox_reading),
            pages.routes(
                web,
                administration,
                log,
                inbox_reading,
                announcements,
                streams=LiveStreams(),
                clock=ground.clock,
                public_url=settings.public_url,
                settle_seconds=settings.notify_settle_seconds,
            ),
        ],
        pages=web,
    )
