"""Connecting a workspace: by Intercom's authorization screen, or by an access token with a region."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from services.connector.domain.connection import Connection, Method, Workspace
from services.connector.errors import (
    ConnectionConflict,
    HostNotAllowed,
    IntercomRefused,
    IntercomUnreachable,
    OAuthRefused,
)
from services.connector.ports import Connections, Intercom, OAuthState, OAuthStates, Vault
from shared.contracts.connections import ConnectionSettings
from shared.errors import TransientError

if TYPE_CHECKING:
    from services.connector.domain.hosts import IntercomHosts
    from services.connector.settings import Settings
    from shared.auth.identity import Identity
    from shared.clock import Clock

_LOG = structlog.get_logger(__name__)

_STATE_LIFE = timedelta(minutes=10)
"""Long enough to sign in to Intercom on the way; its own code lives five minutes (FACTS §2)."""

_STATE_BYTES = 32
CALLBACK_PATH = "/settings/organization/integrations/intercom/callback"


class Connecting:
    """Both ways in end in the same place: the credential is proven by `/me`, then stored encrypted."""

    def __init__(
        self,
        *,
        connections: Connections,
        states: OAuthStates,
        intercom: Intercom,
        vault: Vault,
        hosts: IntercomHosts,
        settings: Settings,
        clock: Clock,
    ) -> None:
        self._connections = connections
        self._states = states
        self._intercom = intercom
        self._vault = vault
        self._hosts = hosts
        self._settings = settings
        self._clock = clock

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

    async def begin_oauth(self, identity: Identity, browser_token: str) -> str:
        """Return the address of Intercom's authorization screen, with a state that is good once.

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
                expires_at=self._clock.now() + _STATE_LIFE,
            )
        )
        return self._intercom.authorize_url(state, f"{self._settings.public_url}{CALLBACK_PATH}")

    async def finish_oauth(
        self, *, state: str | None, code: str | None, browser_token: str, organization_id: str
    ) -> Connection:
        """Return the connection that the callback completes.

        Raises:
            OAuthRefused: the state is unknown, used, old or another browser's, or there is no code.
            IntercomRefused, IntercomUnreachable, ConnectionConflict: as `connect`.
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
        if not code:
            raise OAuthRefused("The authorization was cancelled in Intercom. Nothing was connected.")
        token = await self._intercom.exchange_code(code)
        workspace = await self._find(token)
        return await self._store(known.organization_id, known.user_name, "oauth", token, workspace)

    async def connect_with_token(self, identity: Identity, *, token: str, base_url: str) -> Connection:
        """Return the connection that an access token opens. `base_url` must be on the allow-list.

        Raises:
            HostNotAllowed: the base URL is not on the allow-list; the token was sent nowhere.
            IntercomRefused: the token is wrong, revoked or lacks a permission, or the host is not Intercom.
            IntercomUnreachable: no usable answer.
            ConnectionConflict: the organization's connection belongs to another workspace.
        """
        region = self._hosts.region_of(base_url)
        workspace = await self._intercom.who_am_i(token, self._hosts.base_url(region))
        return await self._store(identity.organization_id, identity.name, "token", token, workspace)

    async def _find(self, token: str) -> Workspace:
        """Ask the regions one after another; the US host usually routes to all of them (FACTS §1)."""
        refusal: IntercomRefused | IntercomUnreachable | HostNotAllowed | None = None
        for base_url in dict.fromkeys(self._hosts.api.values()):
            try:
                return await self._intercom.who_am_i(token, base_url.rstrip("/"))
            except (IntercomRefused, IntercomUnreachable, HostNotAllowed) as error:
                refusal = refusal or error
        raise refusal or HostNotAllowed("No Intercom host is set up; see EARSHOT_INTERCOM_HOSTS.")

    async def _store(
        self, organization_id: str, by: str, method: Method, token: str, workspace: Workspace
    ) -> Connection:
        now = self._clock.now()
        credential = self._vault.encrypt(token)
        existing = await self._connections.list_of(organization_id)
        same = next((known for known in existing if known.workspace.id == workspace.id), None)
        if same is not None:
            after = same.reconnected(
                workspace=workspace, method=method, credential=credential, by=by, now=now
            )
            await self._connections.replace(same, after, after.fact())
        else:
            other = next((known for known in existing if known.state != "removed"), None)
            if other is not None:
                other.reconnected(workspace=workspace, method=method, credential=credential, by=by, now=now)
                raise ConnectionConflict("Another workspace is connected already.")
            after = self._new(organization_id, by, method, credential, workspace)
            await self._connections.insert(after, after.fact())
        _LOG.info("workspace connected", connection_id=after.id, workspace_id=workspace.id, method=method)
        try:
            await self._connections.publish_pending(organization_id, after.id)
        except TransientError as error:
            # The fact is stored with the connection; the sweeper publishes it when the bus answers again.
            _LOG.warning("connection will be announced later", reason=str(error))
        return after

    def _new(
        self, organization_id: str, by: str, method: Method, credential: str, workspace: Workspace
    ) -> Connection:
        now = self._clock.now()
        # The same workspace in the same organization always has the same id, so that two browsers that
        # connect at once meet in one document.
        digest = hashlib.sha256(f"{organization_id}\n{workspace.id}".encode()).hexdigest()
        return Connection(
            id=f"intercom-{digest[:16]}",
            organization_id=organization_id,
            revision=1,
            state="connected",
            method=method,
            workspace=workspace,
            settings=ConnectionSettings(
                lifecycle_events=self._settings.new_connection_lifecycle_events,
                sync_interval_seconds=self._settings.new_connection_interval_seconds,
            ),
            connected_by=by,
            connected_at=now,
            changed_at=now,
            credential=credential,
            next_sync_at=now,
        )


def _fingerprint(browser_token: str) -> str:
    return hashlib.sha256(browser_token.encode()).hexdigest()
