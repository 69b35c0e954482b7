"""Connects a workspace, by Intercom's authorization screen or by an access token with a region."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from services.connector.errors import (
    ConnectionConflict,
    ConnectionUnknown,
    HostNotAllowed,
    IntercomRefused,
    IntercomUnreachable,
    OAuthRefused,
)
from services.connector.ports import STATE_LIFE, OAuthState
from services.connector.use_cases.changing import change

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from services.connector.domain.connection import Connection, Workspace
    from services.connector.domain.hosts import IntercomHosts
    from services.connector.metrics import Metrics
    from services.connector.ports import Connections, Intercom, OAuthStates, Vault
    from services.connector.settings import Settings
    from services.connector.use_cases.linking import Linking
    from shared.auth.identity import Identity
    from shared.clock import Clock
    from shared.contracts.connections import ConnectionSettings

_STATE_BYTES = 32

_PAUSES_SECONDS = (0.5, 1.5)
"""Delays before the second and third request to a host without a usable response; a person is waiting."""

CALLBACK_PATH = "/settings/organization/integrations/intercom/callback"


class Connecting:
    """Every way ends alike: the credential is proven by `/me`, then stored encrypted."""

    def __init__(
        self,
        *,
        connections: Connections,
        states: OAuthStates,
        linking: Linking,
        intercom: Intercom,
        vault: Vault,
        hosts: IntercomHosts,
        settings: Settings,
        clock: Clock,
        metrics: Metrics,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._connections = connections
        self._states = states
        self._linking = linking
        self._intercom = intercom
        self._vault = vault
        self._hosts = hosts
        self._settings = settings
        self._clock = clock
        self._metrics = metrics
        self._sleep = sleep

    @property
    def oauth_available(self) -> bool:
        return bool(self._settings.intercom_client_id and self._settings.intercom_client_secret)

    def base_url_of(self, *, region: str | None, base_url: str | None) -> str:
        """Return the base URL that a form's two fields name; a URL wins over a region.

        Raises:
            HostNotAllowed: neither is given, or what is given is not on the allow-list.
        """
        if base_url and base_url.strip():
            return self._hosts.base_url(self._hosts.region_of(base_url))
        return self._hosts.base_url((region or "").strip().lower())

    async def begin_oauth(
        self, identity: Identity, browser_token: str, *, settings: ConnectionSettings | None = None
    ) -> str:
        """Return the address of Intercom's authorization screen, with a single-use state.

        `settings` are stored with the state; a new connection begins with them (see `Linking.link`).

        Raises:
            OAuthRefused: no OAuth app is configured.
        """
        if not self.oauth_available:
            raise OAuthRefused(
                "No OAuth app is set up. Connect with an access token, or ask the operator to set"
                " EARSHOT_INTERCOM_CLIENT_ID and EARSHOT_INTERCOM_CLIENT_SECRET."
            )
        state = secrets.token_urlsafe(_STATE_BYTES)
        await self._states.add(
            OAuthState(
                state=state,
                organization_id=identity.organization_id,
                user_name=identity.name,
                browser=_fingerprint(browser_token),
                expires_at=self._clock.now() + STATE_LIFE,
                settings=settings,
            )
        )
        callback = f"{self._settings.public_url.rstrip('/')}{CALLBACK_PATH}"
        return self._intercom.authorize_url(state, callback)

    async def take_way_back(
        self, *, state: str | None, browser_token: str, organization_id: str
    ) -> OAuthState:
        """Return what was stored with a state, and delete it: each is valid for one attempt.

        Raises:
            OAuthRefused: the state is unknown, used, old, or another browser's or organization's.
        """
        known = await self._states.take(state) if state else None
        if known is None or known.expires_at < self._clock.now():
            raise OAuthRefused(
                "This way back was used before, or it is too old. Start again with Connect; nothing was"
                " changed."
            )
        same_browser = hmac.compare_digest(known.browser, _fingerprint(browser_token))
        if not same_browser or known.organization_id != organization_id:
            raise OAuthRefused(
                "This authorization was started in another browser. Start again with Connect here."
            )
        return known

    async def finish_oauth(self, way_back: OAuthState, *, code: str | None) -> Connection:
        """Return the connection that the callback completes.

        Raises:
            OAuthRefused: there is no code.
            IntercomRefused, IntercomUnreachable, ConnectionConflict: as `connect_with_token`.
        """
        if not code:
            raise OAuthRefused("The authorization was cancelled in Intercom. Nothing was connected.")
        token = await self._intercom.exchange_code(code)
        workspace = await self._workspace_of(token)
        return await self._linking.link(
            way_back.organization_id,
            by=way_back.user_name,
            method="oauth",
            token=token,
            workspace=workspace,
            settings=way_back.settings,
        )

    async def connect_with_token(
        self,
        identity: Identity,
        *,
        token: str,
        base_url: str,
        settings: ConnectionSettings | None = None,
    ) -> Connection:
        """Return the connection that an access token opens. `base_url` must be on the allow-list.

        A new connection begins with `settings`, so that the first sync reads as far back as they say (see
        `Linking.link`).

        A token that the named region refuses is tried with the other allowed ones too, so that a wrong region
        does not look like a wrong token. A region that cannot respond has refused nothing: it is asked again,
        and then reported as unreachable.

        Raises:
            HostNotAllowed: the base URL is not on the allow-list; the token was sent nowhere.
            IntercomRefused: the token is wrong, revoked or lacks a permission, or the host is not
                Intercom.
            IntercomUnreachable: no usable response.
            WorkspaceDiffers: another workspace is connected; a person has to choose.
            ConnectionConflict: the data of this workspace is still being removed.
        """
        region = self._hosts.region_of(base_url)
        workspace = await self._workspace_of(token, first=self._hosts.base_url(region))
        return await self._linking.link(
            identity.organization_id,
            by=identity.name,
            method="token",
            token=token,
            workspace=workspace,
            settings=settings,
        )

    async def try_again(self, identity: Identity, connection_id: str) -> Connection:
        """Prove the credential of a stopped connection, and let the connection continue if it is valid.

        Raises:
            ConnectionUnknown: no such connection.
            ConnectionConflict: it is not stopped, it has no credential, or the credential opens another
                workspace.
            IntercomRefused, IntercomUnreachable: the credential is invalid, or nothing is known.
        """
        organization_id = identity.organization_id
        connection = await self._connections.get(organization_id, connection_id)
        if connection is None:
            raise ConnectionUnknown("There is no such connection in your organization.")
        if connection.state != "needs_attention" or connection.credential is None:
            raise ConnectionConflict("This connection is not waiting to be tried again.")
        credential = connection.credential
        workspace = await self._workspace_of(
            self._vault.decrypt(credential), first=connection.workspace.base_url
        )
        if workspace.id != connection.workspace.id:
            raise ConnectionConflict(
                f"The token of this connection opens another workspace now, {workspace.name}. Reconnect"
                f" with a token of {connection.workspace.name}."
            )
        now = self._clock.now()

        def decide(stored: Connection) -> Connection:
            if stored.credential != credential:
                return stored  # Somebody reconnected or disconnected while we asked.
            return stored.reconnected(replace(stored, workspace=workspace), now)

        _, after = await change(self._connections, organization_id, connection_id, decide)
        self._metrics.recovered.inc()
        return after

    async def _workspace_of(self, token: str, *, first: str | None = None) -> Workspace:
        """Ask `/me` at one host after another until one knows the token (FACTS §1).

        The US host usually routes to all regions. If none knows it, the first host's error is raised. If a
        region was named, only its own refusal sends the token on to other hosts.
        """
        refusal: IntercomRefused | IntercomUnreachable | None = None
        for base_url in dict.fromkeys(([first] if first else []) + list(self._hosts.addresses)):
            try:
                return await self._patiently(token, base_url)
            except IntercomUnreachable as error:
                if base_url == first:
                    raise
                refusal = refusal or error
            except IntercomRefused as error:
                refusal = refusal or error
                if error.kind in {"permission_missing", "plan_restricted"}:
                    raise  # The token was recognised here; no other region knows it better.
                if base_url == first and error.kind != "token_rejected":
                    raise
        raise refusal or HostNotAllowed("No Intercom host is set up; see EARSHOT_INTERCOM_HOSTS.")

    async def _patiently(self, token: str, base_url: str) -> Workspace:
        for pause in _PAUSES_SECONDS:
            try:
                return await self._intercom.who_am_i(token, base_url)
            except IntercomUnreachable:
                await self._sleep(pause)
        return await self._intercom.who_am_i(token, base_url)


def _fingerprint(browser_token: str) -> str:
    return hashlib.sha256(browser_token.encode()).hexdigest()
