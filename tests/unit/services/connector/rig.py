"""The connector's use cases over in-memory ports, wired as `app.py` wires them."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from services.connector.domain.hosts import IntercomHosts
from services.connector.metrics import Metrics
from services.connector.settings import Settings
from services.connector.use_cases.administration import Administration
from services.connector.use_cases.connecting import Connecting
from services.connector.use_cases.examining import Doctor
from services.connector.use_cases.keys import Keys
from services.connector.use_cases.linking import Linking
from services.connector.use_cases.listening import Listening
from services.connector.use_cases.scheduling import Scheduling
from services.connector.use_cases.upkeep import Upkeep
from services.connector.use_cases.watching import Watching
from shared.clock import ManualClock
from shared.contracts.connections import ConnectionSettings
from shared.contracts.topics import SERVICES
from shared.errors import TransientError
from shared.messaging.recording import RecordingPublisher
from tests.unit.services.connector.fakes import (
    NOW,
    TOKEN,
    US,
    MemoryApiKeys,
    MemoryConnections,
    MemoryNotices,
    MemoryOffers,
    MemoryStates,
    MirrorVault,
    ScriptedIntercom,
    a_connection,
    a_workspace,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.contracts.event import Event

CLIENT_SECRET = "the app's secret"


def settings(**changes: Any) -> Settings:
    """Return settings with an OAuth app and Intercom's own hosts."""
    return Settings(
        **{
            "signing_key": SecretStr("k" * 40),
            "credential_keys": SecretStr(Fernet.generate_key().decode()),
            "intercom_client_id": "client-1",
            "intercom_client_secret": SecretStr(CLIENT_SECRET),
            "public_url": "https://earshot.example.com/",
            **changes,
        }
    )


class Told(set[str]):
    """The keys that the bus says are revoked; unknown while `away`."""

    away = False

    async def __call__(self) -> Told:
        if self.away:
            raise TransientError("Revoked keys cannot be read from the bus.")
        return self


class Scripted(random.Random):
    """Gives out the values it was told, the last one for ever."""

    values: Sequence[float] = (0.0,)

    def random(self) -> float:
        first, *rest = self.values
        self.values = rest or [first]
        return first


class Rig:
    def __init__(self, *, first_settings: ConnectionSettings | None = None, **changes: Any) -> None:
        self.settings = settings(**changes)
        self.clock = ManualClock(NOW)
        self.registry = CollectorRegistry()
        self.metrics = Metrics(self.registry)
        self.publisher = RecordingPublisher()
        self.connections = MemoryConnections(self.publisher)
        self.states = MemoryStates()
        self.offers = MemoryOffers()
        self.notices = MemoryNotices(self.publisher)
        self.api_keys = MemoryApiKeys(self.publisher)
        self.vault = MirrorVault()
        self.intercom = ScriptedIntercom(opens={(TOKEN, US): a_workspace()})
        self.hosts = IntercomHosts(self.settings.intercom_hosts, self.settings.intercom_app_hosts)
        self.slept: list[float] = []
        common: dict[str, Any] = {
            "connections": self.connections,
            "clock": self.clock,
            "metrics": self.metrics,
        }
        asking: dict[str, Any] = {"intercom": self.intercom, "vault": self.vault}
        self.administration = Administration(**common, **asking, hosts=self.hosts)
        self.linking = Linking(
            **common,
            **asking,
            offers=self.offers,
            administration=self.administration,
            first_settings=first_settings or ConnectionSettings(),
        )
        self.connecting = Connecting(
            **common,
            **asking,
            states=self.states,
            linking=self.linking,
            hosts=self.hosts,
            settings=self.settings,
            sleep=self._sleep,
        )
        self.doctor = Doctor(**common, **asking, hosts=self.hosts, sleep=self._sleep)
        self.listening = Listening(
            **common, notices=self.notices, states=self.states, publisher=self.publisher
        )
        self.rng = Scripted()
        self.watching = Watching(**common, **asking, look_seconds=self.settings.look_seconds, rng=self.rng)
        self.scheduling = Scheduling(**common, rng=self.rng)
        self.upkeep = Upkeep(
            connections=self.connections,
            vault=self.vault,
            metrics=self.metrics,
            publisher=self.publisher,
            clock=self.clock,
            look_seconds=self.settings.look_seconds,
        )
        self.told = Told()
        self.keys = Keys(
            keys=self.api_keys,
            signing_key=self.settings.signing_key,
            clock=self.clock,
            publisher=self.publisher,
            told=self.told,
        )

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.advance(seconds)

    def hold(self, **changes: Any) -> None:
        """Store a connection as it is, as if it had always been there."""
        connection = a_connection(**changes)
        self.connections.stored[connection.id] = connection

    def held(self, connection_id: str = "c-1") -> Any:
        """Return the stored connection."""
        return self.connections.stored[connection_id]

    def touch(self, connection_id: str = "c-1") -> None:
        """Change a connection as another replica would, right before the next guarded write."""
        known = self.held(connection_id)
        self.connections.stored[connection_id] = replace(known, revision=known.revision + 1)

    async def confirm_removal(self, connection_id: str = "c-1") -> None:
        """Let every service confirm."""
        connection = self.held(connection_id)
        for service in SERVICES:
            await self.connections.confirm_removal(
                connection.organization_id, connection_id, connection.removal.id, service, 3
            )

    def published(self, kind: type[Event]) -> list[Any]:
        """Return what was published of one type, in order."""
        return [event for event in self.publisher.published if isinstance(event, kind)]

    def counted(self, name: str, **labels: str) -> float:
        """Return a metric's value; 0 where it was never touched."""
        return self.registry.get_sample_value(name, labels) or 0.0
