"""Routes of the integration pages: the card, the panel behind it, and both ways in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Form, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.connector.answers import status_of
from services.connector.domain.hosts import REGION_NAMES
from services.connector.errors import ConnectionConflict, ConnectorError, IntercomUnreachable
from services.connector.pages.words import GAP_WORDS, PERMISSIONS, RESOURCE_NAMES, state_word
from services.connector.use_cases.connecting import CALLBACK_PATH
from shared.auth.dependencies import Admin, Member, csrf_protect
from shared.contracts.connections import ConnectionSettings
from shared.http.middleware import CONTENT_SECURITY_POLICY

if TYPE_CHECKING:
    from services.connector.domain.connection import Connection
    from services.connector.domain.hosts import IntercomHosts
    from services.connector.domain.report import SyncReport
    from services.connector.ports import Connections
    from services.connector.settings import Settings
    from services.connector.use_cases.administration import Administration
    from services.connector.use_cases.connecting import Connecting
    from shared.auth.identity import Identity
    from shared.web.pages import Pages

INTEGRATIONS = "/settings/organization/integrations"
INTERCOM = f"{INTEGRATIONS}/intercom"

_INTERVALS = (
    (60, "every minute"),
    (300, "every 5 minutes"),
    (900, "every 15 minutes"),
    (3_600, "every hour"),
)
_PROTECTED = [Depends(csrf_protect)]


class IntegrationPages:
    """Builds what the templates need; the routes below only take requests and hand answers out."""

    def __init__(
        self,
        *,
        pages: Pages,
        connections: Connections,
        connecting: Connecting,
        administration: Administration,
        hosts: IntercomHosts,
        settings: Settings,
    ) -> None:
        self.pages = pages
        self.connections = connections
        self.connecting = connecting
        self.administration = administration
        self.hosts = hosts
        self._authorize_origin = "{0.scheme}://{0.netloc}".format(urlsplit(settings.intercom_authorize_url))

    async def current(self, identity: Identity) -> tuple[Connection | None, SyncReport | None]:
        """Return the organization's Intercom connection, the newest one that still holds data first."""
        found = await self.connections.list_of(identity.organization_id)
        kept = [connection for connection in found if connection.state != "removed"]
        chosen = (kept or found)[-1] if found else None
        if chosen is None:
            return None, None
        return chosen, await self.connections.report(identity.organization_id, chosen.id)

    async def panel(
        self,
        request: Request,
        identity: Identity,
        *,
        error: str | None = None,
        status: int = 200,
        said: str | None = None,
        form: dict[str, str] | None = None,
    ) -> HTMLResponse:
        connection, report = await self.current(identity)
        intervals = list(_INTERVALS)
        if connection is not None:
            chosen = connection.settings.sync_interval_seconds
            if chosen not in dict(intervals):
                intervals = sorted([*intervals, (chosen, f"every {chosen} seconds")])
        return self.pages.render(
            request,
            "intercom.html",
            identity=identity,
            status_code=status,
            # A form's redirect counts as its target: the authorization screen is allowed on this page only.
            headers={
                "Content-Security-Policy": CONTENT_SECURITY_POLICY.replace(
                    "form-action 'self'", f"form-action 'self' {self._authorize_origin}"
                )
            },
            connection=connection,
            report=report,
            state=state_word(connection, report),
            error=error,
            said=said,
            form=form or {},
            oauth_available=self.connecting.oauth_available,
            regions=[(region, REGION_NAMES.get(region, region)) for region in self.hosts.api],
            hosts=self.hosts.api,
            permissions=PERMISSIONS,
            resource_names=RESOURCE_NAMES,
            gap_words=GAP_WORDS,
            intervals=intervals,
            live=_is_live(connection, report),
        )


def _is_live(connection: Connection | None, report: SyncReport | None) -> bool:
    """Whether the page should keep asking: something is under way, or is about to be."""
    if connection is None or report is None:
        return False
    if connection.state == "removed":
        return len(connection.removal.confirmed if connection.removal else ()) < len(_REMOVING_SERVICES)
    return connection.state == "connected"


_REMOVING_SERVICES = ("connector", "syncer", "detector", "notifier")


def integration_routes(view: IntegrationPages) -> APIRouter:
    """Return the pages under Settings → Organization Settings → Integrations."""
    router = APIRouter(include_in_schema=False)

    @router.get(INTEGRATIONS)
    async def integrations(request: Request, identity: Member) -> HTMLResponse:
        connection, report = await view.current(identity)
        return view.pages.render(
            request,
            "integrations.html",
            identity=identity,
            connection=connection,
            report=report,
            state=state_word(connection, report),
        )

    @router.get(INTERCOM)
    async def intercom(
        request: Request, identity: Member, said: Annotated[str | None, Query(max_length=32)] = None
    ) -> HTMLResponse:
        return await view.panel(request, identity, said=_SAID.get(said or ""))

    @router.post(f"{INTERCOM}/authorize", dependencies=_PROTECTED)
    async def authorize(request: Request, identity: Admin) -> Response:
        try:
            target = await view.connecting.begin_oauth(identity, request.state.csrf_token)
        except ConnectorError as error:
            return await view.panel(request, identity, error=str(error), status=status_of(error))
        return RedirectResponse(target, 303)

    @router.get(CALLBACK_PATH)
    async def callback(
        request: Request,
        identity: Admin,
        state: Annotated[str | None, Query(max_length=256)] = None,
        code: Annotated[str | None, Query(max_length=2_048)] = None,
    ) -> Response:
        try:
            await view.connecting.finish_oauth(
                state=state,
                code=code,
                browser_token=request.state.csrf_token,
                organization_id=identity.organization_id,
            )
        except (ConnectorError, IntercomUnreachable) as error:
            return await view.panel(request, identity, error=str(error), status=status_of(error))
        return RedirectResponse(f"{INTERCOM}?said=connected", 303)

    @router.post(f"{INTERCOM}/token", dependencies=_PROTECTED)
    async def connect_with_token(
        request: Request,
        identity: Admin,
        access_token: Annotated[str, Form(max_length=4_096)] = "",
        region: Annotated[str, Form(max_length=32)] = "",
        base_url: Annotated[str, Form(max_length=512)] = "",
    ) -> Response:
        try:
            if not access_token.strip():
                raise ConnectionConflict("Paste the access token from your app's Authentication page.")
            await view.connecting.connect_with_token(
                identity,
                token=access_token.strip(),
                base_url=view.connecting.base_url_of(region=region, base_url=base_url),
            )
        except (ConnectorError, IntercomUnreachable) as error:
            form = {"region": region, "base_url": base_url}
            return await view.panel(request, identity, error=str(error), status=status_of(error), form=form)
        return RedirectResponse(f"{INTERCOM}?said=connected", 303)

    _add_changes(router, view)
    return router


_SAID = {
    "connected": "Connected. The first sync has begun; insights appear while it runs.",
    "saved": "Saved.",
    "syncing": "Asked for a sync. It begins within a second.",
    "disconnected": "Disconnected. Nothing is read any more; what was read stays until you remove it.",
    "removing": "Removing the data. Each part confirms below when it is done.",
}


def _add_changes(router: APIRouter, view: IntegrationPages) -> None:
    prefix = f"{INTERCOM}/{{connection_id}}"

    @router.post(f"{prefix}/settings", dependencies=_PROTECTED)
    async def save(
        request: Request,
        identity: Admin,
        connection_id: str,
        lookback_days: Annotated[int, Form(ge=0, le=3_650)],
        sync_interval_seconds: Annotated[int, Form(ge=10, le=86_400)],
        match_companies_by_name: Annotated[str, Form(max_length=16)],
        lifecycle_events: Annotated[str | None, Form(max_length=8)] = None,
    ) -> Response:
        settings = ConnectionSettings.model_validate(
            {
                "lifecycle_events": lifecycle_events is not None,
                "lookback_days": lookback_days,
                "sync_interval_seconds": sync_interval_seconds,
                "match_companies_by_name": match_companies_by_name,
            }
        )
        try:
            await view.administration.save_settings(identity, connection_id, settings)
        except ConnectorError as error:
            return await view.panel(request, identity, error=str(error), status=status_of(error))
        return RedirectResponse(f"{INTERCOM}?said=saved", 303)

    @router.post(f"{prefix}/sync", dependencies=_PROTECTED)
    async def sync_now(request: Request, identity: Admin, connection_id: str) -> Response:
        try:
            await view.administration.sync_now(identity, connection_id)
        except ConnectorError as error:
            return await view.panel(request, identity, error=str(error), status=status_of(error))
        return RedirectResponse(f"{INTERCOM}?said=syncing", 303)

    @router.post(f"{prefix}/disconnect", dependencies=_PROTECTED)
    async def disconnect(request: Request, identity: Admin, connection_id: str) -> Response:
        try:
            await view.administration.disconnect(identity, connection_id)
        except ConnectorError as error:
            return await view.panel(request, identity, error=str(error), status=status_of(error))
        return RedirectResponse(f"{INTERCOM}?said=disconnected", 303)

    @router.post(f"{prefix}/remove", dependencies=_PROTECTED)
    async def remove(
        request: Request,
        identity: Admin,
        connection_id: str,
        typed_name: Annotated[str, Form(max_length=2_000)] = "",
    ) -> Response:
        try:
            connection = await view.administration.get(identity.organization_id, connection_id)
            if typed_name != connection.workspace.name:
                raise ConnectionConflict(
                    f"Nothing was removed: type the workspace's name, {connection.workspace.name}, exactly."
                )
            await view.administration.remove_data(identity, connection_id)
        except ConnectorError as error:
            return await view.panel(request, identity, error=str(error), status=status_of(error))
        return RedirectResponse(f"{INTERCOM}?said=removing", 303)
