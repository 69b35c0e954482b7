"""What the Intercom card and the panel behind it show; the routes only take requests and hand answers out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from services.connector.domain.hosts import REGION_NAMES
from services.connector.error_responses import SHOWN_ERRORS, status_of
from services.connector.errors import SettingRefused, WorkspaceDiffers
from services.connector.pages.choices import Choices
from services.connector.pages.words import (
    PERMISSIONS,
    RESOURCE_NAMES,
    VERDICT_WORDS,
    gap_words,
    state_word,
)
from shared.contracts.connections import LONGEST_LOOKBACK_DAYS
from shared.contracts.topics import SERVICES
from shared.http.middleware import CONTENT_SECURITY_POLICY

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fastapi import Request
    from starlette.responses import HTMLResponse, Response

    from services.connector.domain.connection import Connection
    from services.connector.domain.hosts import IntercomHosts
    from services.connector.domain.report import SyncReport
    from services.connector.ports import Connections
    from services.connector.settings import Settings
    from services.connector.use_cases.administration import Administration
    from services.connector.use_cases.connecting import Connecting
    from services.connector.use_cases.examining import Doctor
    from services.connector.use_cases.linking import Linking
    from shared.auth.identity import Identity
    from shared.web.pages import Pages

_INTERVALS = (
    (60, "every minute"),
    (300, "every 5 minutes"),
    (900, "every 15 minutes"),
    (3_600, "every hour"),
)
_LIVE_SECONDS = 1
_QUIET_SECONDS = 5
"""How often the page asks again: while something is under way, and while it only might begin."""


@dataclass(frozen=True, slots=True)
class Acting:
    """The use cases that the panel's forms call."""

    connecting: Connecting
    linking: Linking
    administration: Administration
    doctor: Doctor


@dataclass(frozen=True, slots=True)
class Typed:
    """What a form had when something stood against it, so that it comes back with it; never a token.

    Attributes:
        way: which of the page's forms it was; None for none.
    """

    way: Literal["oauth", "token", "replace"] | None = None
    region: str = ""
    base_url: str = ""
    choices: Choices | None = None


_NOTHING = Typed()


class IntegrationPages:
    def __init__(
        self,
        *,
        pages: Pages,
        connections: Connections,
        acting: Acting,
        hosts: IntercomHosts,
        settings: Settings,
    ) -> None:
        self.pages = pages
        self.acting = acting
        self._connections = connections
        self._hosts = hosts
        self._authorize_origin = "{0.scheme}://{0.netloc}".format(urlsplit(settings.intercom_authorize_url))

    async def current(self, identity: Identity) -> tuple[Connection | None, SyncReport | None]:
        """Return the organization's Intercom connection, the one that holds data before removed ones."""
        found = await self._connections.list_of(identity.organization_id)
        kept = [connection for connection in found if connection.state != "removed"]
        if not found:
            return None, None
        chosen = kept[-1] if kept else max(found, key=lambda connection: connection.changed_at)
        return chosen, await self._connections.report(identity.organization_id, chosen.id)

    async def card(self, request: Request, identity: Identity) -> HTMLResponse:
        connection, report = await self.current(identity)
        return self.pages.render(
            request,
            "integrations.html",
            identity=identity,
            connection=connection,
            report=report,
            state=state_word(connection, report),
        )

    async def panel(
        self,
        request: Request,
        identity: Identity,
        *,
        error: str | None = None,
        status: int = 200,
        said: str | None = None,
        typed: Typed = _NOTHING,
        refused_field: str | None = None,
        question: WorkspaceDiffers | None = None,
    ) -> HTMLResponse:
        connection, report = await self.current(identity)
        standard = Choices.of(question.settings if question else self.acting.linking.first_settings())
        diagnosis = None
        if connection is not None:
            diagnosis = await self._connections.diagnosis(identity.organization_id, connection.id)
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
            diagnosis=diagnosis,
            question=question,
            state=state_word(connection, report),
            error=error,
            said=said,
            typed=typed,
            choices=typed.choices or standard,
            standard=standard,
            refused_field=refused_field,
            longest_lookback_days=LONGEST_LOOKBACK_DAYS,
            oauth_available=self.acting.connecting.oauth_available,
            region_names=REGION_NAMES,
            regions=[(region, REGION_NAMES.get(region, region)) for region in self._hosts.api],
            addresses=self._hosts.addresses,
            permissions=PERMISSIONS,
            resource_names=RESOURCE_NAMES,
            gap_words=gap_words,
            verdict_words=VERDICT_WORDS,
            services=SERVICES,
            intervals=_intervals(connection),
            live_seconds=_live_seconds(connection, report),
        )

    async def answered(
        self,
        request: Request,
        identity: Identity,
        act: Callable[[], Awaitable[Response]],
        *,
        typed: Typed = _NOTHING,
    ) -> Response:
        """Return what `act` does, or the panel with the words of what stood against it."""
        try:
            return await act()
        except WorkspaceDiffers as question:
            return await self.panel(
                request, identity, question=question, status=status_of(question), typed=typed
            )
        except SHOWN_ERRORS as error:
            return await self.refusal(request, identity, error, typed=typed)

    async def refusal(
        self,
        request: Request,
        identity: Identity,
        error: Exception,
        *,
        typed: Typed = _NOTHING,
        question: WorkspaceDiffers | None = None,
    ) -> HTMLResponse:
        """Return the panel with the words of one of `SHOWN_ERRORS`, beside the field that they are about."""
        return await self.panel(
            request,
            identity,
            error=str(error),
            status=status_of(error),
            typed=typed,
            refused_field=error.field if isinstance(error, SettingRefused) else None,
            question=question,
        )


def _intervals(connection: Connection | None) -> list[tuple[int, str]]:
    intervals = list(_INTERVALS)
    if connection is not None:
        chosen = connection.settings.sync_interval_seconds
        if chosen not in dict(intervals):
            intervals = sorted([*intervals, (chosen, f"every {chosen} seconds")])
    return intervals


def _live_seconds(connection: Connection | None, report: SyncReport | None) -> int | None:
    """Return how often the page should ask again; None where nothing will change by itself."""
    if connection is None or report is None:
        return None
    if connection.state == "removed":
        removing = connection.removal is not None and connection.removal.outstanding
        return _LIVE_SECONDS if removing else None
    if connection.state == "connected":
        return _LIVE_SECONDS if report.run is not None or not report.initial_done else _QUIET_SECONDS
    return _QUIET_SECONDS if connection.state == "needs_attention" else None
