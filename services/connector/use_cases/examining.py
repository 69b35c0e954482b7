"""The doctor: makes the smallest request of each kind to Intercom, and reports in a line each what is wrong.

It is the one place where the connector touches conversations, and it does not read them: it requests a page
of one row and looks only at the status and the count. The row is dropped unread.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import structlog

from services.connector.domain.diagnosis import FAMILIES, Identity, Sight, diagnose
from services.connector.errors import (
    ConnectionConflict,
    ConnectionUnknown,
    ConnectorError,
    HostNotAllowed,
    IntercomRefused,
    IntercomUnreachable,
)
from services.connector.use_cases.changing import change
from shared.errors import ConfigurationError, TransientError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from services.connector.domain.connection import Connection
    from services.connector.domain.diagnosis import Diagnosis, FamilyKey, Outcome
    from services.connector.domain.hosts import IntercomHosts
    from services.connector.errors import RefusalKind
    from services.connector.metrics import Metrics
    from services.connector.ports import Connections, Intercom, Probe, Vault
    from shared.clock import Clock

_LOG = structlog.get_logger(__name__)
_T = TypeVar("_T")

_PAUSES_SECONDS = (0.5, 2.0)
"""Delays before the second and third try of a request without a usable response; a person is waiting."""

_OUTCOME_OF: dict[RefusalKind, Outcome] = {
    "token_rejected": "token_rejected",
    "permission_missing": "permission_missing",
    "plan_restricted": "plan_restricted",
    "app_refused": "not_intercom",
    "not_intercom": "not_intercom",
}

_RECOGNISED = frozenset({"answered", "permission_missing", "plan_restricted"})
"""Outcomes of `/me` that only a known token gets."""


@dataclass(frozen=True, slots=True)
class _Me:
    outcome: Outcome
    region: str | None = None
    workspace_id: str | None = None


class Doctor:
    def __init__(
        self,
        *,
        connections: Connections,
        intercom: Intercom,
        vault: Vault,
        hosts: IntercomHosts,
        clock: Clock,
        metrics: Metrics,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._connections = connections
        self._intercom = intercom
        self._vault = vault
        self._hosts = hosts
        self._clock = clock
        self._metrics = metrics
        self._sleep = sleep

    async def examine(self, organization_id: str, connection_id: str) -> Diagnosis:
        """Make every request, store the diagnosis, and stop the connection if its token is proven invalid.

        About eight calls.

        Raises:
            ConnectionUnknown: no such connection.
            ConnectionConflict: it has no credential to ask with, or its host is not allowed any more.
            ConfigurationError: no key of the ring decrypts its credential.
        """
        connection = await self._connections.get(organization_id, connection_id)
        if connection is None:
            raise ConnectionUnknown("There is no such connection in your organization.")
        if connection.credential is None:
            raise ConnectionConflict("This connection has no credential to examine. Reconnect first.")
        token = self._vault.decrypt(connection.credential)
        try:
            identity = await self._identity(token, connection)
        except HostNotAllowed as error:
            raise ConnectionConflict(str(error)) from error
        sights = await self._sights(token, identity)
        diagnosis = diagnose(
            identity,
            sights,
            expected_workspace_id=connection.workspace.id,
            known_regions=frozenset(self._hosts.api),
            at=self._clock.now(),
        )
        for finding in diagnosis.findings:
            self._metrics.examinations.labels(finding.verdict).inc()
        await self._connections.save_diagnosis(organization_id, connection_id, diagnosis)
        if diagnosis.token_is_dead:
            await self._stop(connection, diagnosis)
        return diagnosis

    async def examine_quietly(self, organization_id: str, connection_id: str) -> None:
        """Examine a connection that was just made; failures are reported when a person asks."""
        try:
            await self.examine(organization_id, connection_id)
        except (ConnectorError, TransientError, ConfigurationError) as error:
            _LOG.warning("doctor could not be heard", connection_id=connection_id, reason=str(error))

    async def _identity(self, token: str, connection: Connection) -> Identity:
        base_url = connection.workspace.base_url
        me = await self._whose(token, base_url)
        if me.outcome == "token_rejected":
            # One refusal may be a hiccup, and stopping a tenant has large consequences (FACTS §3).
            me = await self._whose(token, base_url)
        elsewhere = None
        if me.outcome == "token_rejected":
            elsewhere = await self._elsewhere(token, base_url)
        return Identity(
            sight=Sight(me.outcome),
            base_url=base_url,
            asked_region=self._hosts.region_of(base_url),
            region=me.region,
            workspace_id=me.workspace_id,
            elsewhere=elsewhere,
        )

    async def _whose(self, token: str, base_url: str) -> _Me:
        return await self._patiently(lambda: self._me(token, base_url), lambda answer: answer.outcome)

    async def _me(self, token: str, base_url: str) -> _Me:
        try:
            workspace = await self._intercom.who_am_i(token, base_url)
        except IntercomRefused as refusal:
            return _Me(_OUTCOME_OF[refusal.kind])
        except IntercomUnreachable:
            return _Me("unreachable")
        return _Me("answered", workspace.region, workspace.id)

    async def _elsewhere(self, token: str, base_url: str) -> str | None:
        """Return the region whose host accepts a token that this one refuses."""
        for other in self._hosts.addresses:
            if other != base_url and (await self._me(token, other)).outcome == "answered":
                return self._hosts.region_of(other)
        return None

    async def _sights(self, token: str, identity: Identity) -> dict[FamilyKey, Sight]:
        if identity.sight.outcome in {"token_rejected", "not_intercom", "unreachable"}:
            return {}  # Every answer would repeat this one.
        first: list[FamilyKey] = [family.key for family in FAMILIES if family.key != "contact"]
        probes: dict[FamilyKey, Probe] = dict(
            zip(
                first,
                await asyncio.gather(*(self._probe(token, identity.base_url, key) for key in first)),
                strict=True,
            )
        )
        known_id = probes["contacts"].first_id
        if known_id is not None:
            probes["contact"] = await self._probe(token, identity.base_url, "contact", known_id)
        return await self._confirmed(
            token, identity.base_url, {key: probe.sight for key, probe in probes.items()}
        )

    async def _confirmed(
        self, token: str, base_url: str, sights: dict[FamilyKey, Sight]
    ) -> dict[FamilyKey, Sight]:
        """Ask `/me` again if a family refused the token: that may be a missing permission (FACTS §3)."""
        if all(sight.outcome != "token_rejected" for sight in sights.values()):
            return sights
        outcome = (await self._whose(token, base_url)).outcome
        if outcome == "token_rejected":
            return sights
        meant: Outcome = "permission_missing" if outcome in _RECOGNISED else "unreachable"
        return {
            key: replace(sight, outcome=meant) if sight.outcome == "token_rejected" else sight
            for key, sight in sights.items()
        }

    async def _probe(self, token: str, base_url: str, key: FamilyKey, known_id: str | None = None) -> Probe:
        return await self._patiently(
            lambda: self._intercom.probe(token, base_url, key, known_id=known_id),
            lambda probe: probe.sight.outcome,
        )

    async def _patiently(self, ask: Callable[[], Awaitable[_T]], outcome_of: Callable[[_T], Outcome]) -> _T:
        answer = await ask()
        for pause in _PAUSES_SECONDS:
            if outcome_of(answer) != "unreachable":
                break
            await self._sleep(pause)
            answer = await ask()
        return answer

    async def _stop(self, connection: Connection, diagnosis: Diagnosis) -> None:
        words = next(each.words for each in diagnosis.faults if each.verdict == "revoked_token")
        now = self._clock.now()

        def decide(present: Connection) -> Connection:
            if present.credential != connection.credential:
                return present  # Somebody reconnected while we asked.
            return present.in_need("token_revoked", words, now)

        before, after = await change(self._connections, connection.organization_id, connection.id, decide)
        if after != before:
            self._metrics.attention.labels("token_revoked").inc()
