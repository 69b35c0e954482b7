"""The notifier's use cases over in-memory ports, wired as `app.py` wires them."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING, get_args

from prometheus_client import CollectorRegistry

from services.notifier.domain.backoff import Backoff
from services.notifier.domain.teams_hosts import TeamsHosts
from services.notifier.metrics import Metrics
from services.notifier.ports import LogFilter
from services.notifier.use_cases.administer import Administration
from services.notifier.use_cases.announce import Announcer
from services.notifier.use_cases.deliver import Deliverer
from services.notifier.use_cases.dispatch import Dispatcher
from services.notifier.use_cases.read_inbox import InboxReading
from services.notifier.use_cases.remove_data import DataRemoval
from services.notifier.use_cases.retention import Retention
from services.notifier.use_cases.upkeep import Upkeep
from shared.clock import ManualClock
from shared.contracts.deliveries import ChannelName
from shared.messaging.recording import RecordingPublisher
from tests.unit.services.notifier.fakes import (
    NOW,
    MemoryInbox,
    MemoryKnownSignals,
    MemoryNotifications,
    MemoryPeople,
    MemoryRules,
    MirrorVault,
    ScriptedChannel,
)

if TYPE_CHECKING:
    from services.notifier.domain.notification import Notification
    from shared.contracts.signals import SignalEvent

EVERYTHING = LogFilter()
RETENTION_DAYS = 400


class Rig:
    def __init__(
        self,
        *channels: ScriptedChannel,
        attempts: int = 3,
        allow_private: bool = False,
        timeout: float = 5,
        currency: str = "USD",
        beside: Rig | None = None,
    ) -> None:
        """Stand for one replica; `beside` another one it has that one's database, and a clock of its own."""
        self.clock = ManualClock(NOW)
        self.registry = CollectorRegistry()
        self.metrics = Metrics(self.registry)
        self.publisher: RecordingPublisher = beside.publisher if beside else RecordingPublisher()
        self.rules: MemoryRules = beside.rules if beside else MemoryRules()
        self.notifications: MemoryNotifications = (
            beside.notifications if beside else MemoryNotifications(self.publisher)
        )
        self.inbox: MemoryInbox = beside.inbox if beside else MemoryInbox()
        self.known: MemoryKnownSignals = beside.known if beside else MemoryKnownSignals()
        self.people: MemoryPeople = beside.people if beside else MemoryPeople()
        self.vault = MirrorVault()
        names: tuple[ChannelName, ...] = get_args(ChannelName)
        self.channels: dict[ChannelName, ScriptedChannel] = {name: ScriptedChannel(name) for name in names}
        self.channels.update({channel.name: channel for channel in channels})
        self.deliverer = Deliverer(
            notifications=self.notifications,
            inbox=self.inbox,
            rules=self.rules,
            people=self.people,
            channels=self.channels,
            vault=self.vault,
            backoff=Backoff(attempts=attempts),
            clock=self.clock,
            rng=random.Random(7),
            metrics=self.metrics,
            public_url="https://earshot.example.com/",
            timeout_seconds=timeout,
            currency=currency,
            sleep=self._sleep,
        )
        self.dispatcher = Dispatcher(self.deliverer, concurrency=8)
        self.announcer = Announcer(
            rules=self.rules,
            notifications=self.notifications,
            inbox=self.inbox,
            known=self.known,
            people=self.people,
            dispatcher=self.dispatcher,
            clock=self.clock,
            metrics=self.metrics,
            most_age_days=14,
            settle_seconds=120,
        )
        self.removal = DataRemoval(
            notifications=self.notifications,
            inbox=self.inbox,
            known=self.known,
            publisher=self.publisher,
            clock=self.clock,
        )
        self.upkeep = Upkeep(rules=self.rules, vault=self.vault, metrics=self.metrics)
        self.retention = Retention(
            known=self.known,
            notifications=self.notifications,
            inbox=self.inbox,
            clock=self.clock,
            days=RETENTION_DAYS,
        )
        self.reading = InboxReading(inbox=self.inbox, people=self.people)
        self.administration = Administration(
            rules=self.rules,
            notifications=self.notifications,
            known=self.known,
            announcer=self.announcer,
            deliverer=self.deliverer,
            vault=self.vault,
            clock=self.clock,
            allow_private=allow_private,
            teams_hosts=TeamsHosts(("teams.example",)),
        )

    async def _sleep(self, seconds: float) -> None:
        self.clock.advance(seconds)

    async def take(self, *signals: SignalEvent) -> None:
        """Hand signals over as one batch and wait until what it sends at once is sent."""
        await self.announcer.take(signals)
        await self.dispatcher.finish()

    async def sweep(self, seconds: float = 0) -> None:
        """Let time pass, then do what the sweeper does."""
        self.clock.advance(seconds)
        await self.dispatcher.sweep(self.notifications, self.clock)
        await self.dispatcher.finish()

    async def sweep_each_second(self, seconds: int) -> None:
        """Let time pass as it does for a sweeper, which looks again and again."""
        for _ in range(seconds):
            await self.sweep(1)

    async def log(self) -> list[Notification]:
        return await self.notifications.page("acme", EVERYTHING, after=None, limit=1_000)

    def sent(self, channel: ChannelName) -> list[str]:
        """Return the signals that a channel was given, in order."""
        return [message.notification.signal.signal_id for message in self.channels[channel].sent]

    def silent(self, reason: str) -> float:
        return (
            self.registry.get_sample_value("earshot_signals_not_announced_total", {"reason": reason}) or 0.0
        )


LONG = timedelta(days=1).total_seconds()
