"""Pages under Settings → Organization Settings → Integrations: the card, and the panel with its forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from starlette.background import BackgroundTask
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.connector.errors import ConnectionConflict, SettingRefused
from services.connector.pages.choices import Choices, choices, settings_of
from services.connector.pages.panel import Typed
from services.connector.use_cases.connecting import CALLBACK_PATH
from shared.auth.dependencies import Admin, Member, csrf_protect
from shared.contracts.connections import ConnectionSettings

if TYPE_CHECKING:
    from services.connector.domain.connection import Connection
    from services.connector.pages.panel import IntegrationPages

INTEGRATIONS = "/settings/organization/integrations"
INTERCOM = f"{INTEGRATIONS}/intercom"

_PROTECTED = [Depends(csrf_protect)]

Chosen = Annotated[Choices | None, Depends(choices)]

_SAID = {
    "connected": "Connected. The first sync has begun; insights appear while it runs.",
    "reconnected": "Connected again. Reading goes on where it stopped.",
    "saved": "Saved.",
    "syncing": "Asked for a sync. It begins within a second.",
    "examined": "Asked Intercom. What it may read is below.",
    "resumed": "Intercom accepts the credential again. Reading goes on where it stopped.",
    "kept": "Nothing was changed. The other workspace's credential is forgotten.",
    "disconnected": "Disconnected. Nothing is read any more; what was read stays until you remove it.",
    "removing": "Removing the data. Each part confirms below when it is done.",
}


def integration_routes(view: IntegrationPages) -> APIRouter:
    """Return the card's and the panel's routes."""
    router = APIRouter(include_in_schema=False)

    @router.get(INTEGRATIONS)
    async def integrations(request: Request, identity: Member) -> HTMLResponse:
        return await view.card(request, identity)

    @router.get(INTERCOM)
    async def intercom(
        request: Request, identity: Member, said: Annotated[str | None, Query(max_length=32)] = None
    ) -> HTMLResponse:
        _, report = await view.current(identity)
        if said == "connected" and report is not None and report.initial_done:
            said = "reconnected"
        return await view.panel(request, identity, said=_SAID.get(said or ""))

    _add_ways_in(router, view)
    _add_question(router, view)
    _add_changes(router, view)
    _add_endings(router, view)
    return router


def _said(word: str, panel: str = "") -> Response:
    """Return to the panel, or to the part of it where what happened is seen."""
    return RedirectResponse(f"{INTERCOM}?said={word}{panel and f'#{panel}'}", 303)


def _connected(view: IntegrationPages, connection: Connection) -> Response:
    """Send the browser to the panel, and the doctor to the workspace while it is on its way."""
    examine = BackgroundTask(view.acting.doctor.examine_quietly, connection.organization_id, connection.id)
    return RedirectResponse(f"{INTERCOM}?said=connected", 303, background=examine)


def _add_ways_in(router: APIRouter, view: IntegrationPages) -> None:
    connecting = view.acting.connecting

    @router.post(f"{INTERCOM}/authorize", dependencies=_PROTECTED)
    async def authorize(request: Request, identity: Admin, chosen: Chosen) -> Response:
        async def act() -> Response:
            target = await connecting.begin_oauth(
                identity, request.state.csrf_token, settings=settings_of(chosen)
            )
            return RedirectResponse(target, 303)

        return await view.answered(request, identity, act, typed=Typed("oauth", choices=chosen))

    @router.get(CALLBACK_PATH)
    async def callback(
        request: Request,
        identity: Admin,
        state: Annotated[str | None, Query(max_length=256)] = None,
        code: Annotated[str | None, Query(max_length=2_048)] = None,
    ) -> Response:
        async def act() -> Response:
            way_back = await connecting.take_way_back(
                state=state,
                browser_token=request.state.csrf_token,
                organization_id=identity.organization_id,
            )

            async def go_on() -> Response:
                return _connected(view, await connecting.finish_oauth(way_back, code=code))

            # Whoever says no at Intercom finds what they had chosen, and need not choose it again.
            kept = Choices.of(way_back.settings) if way_back.settings else None
            return await view.answered(request, identity, go_on, typed=Typed("oauth", choices=kept))

        return await view.answered(request, identity, act)

    @router.post(f"{INTERCOM}/token", dependencies=_PROTECTED)
    async def connect_with_token(
        request: Request,
        identity: Admin,
        chosen: Chosen,
        access_token: Annotated[str, Form(max_length=4_096)] = "",
        region: Annotated[str, Form(max_length=32)] = "",
        base_url: Annotated[str, Form(max_length=512)] = "",
    ) -> Response:
        async def act() -> Response:
            if not access_token.strip():
                raise ConnectionConflict("Paste the access token from your app's Authentication page.")
            connection = await connecting.connect_with_token(
                identity,
                token=access_token.strip(),
                base_url=connecting.base_url_of(region=region, base_url=base_url),
                settings=settings_of(chosen),
            )
            return _connected(view, connection)

        typed = Typed("token", region=region, base_url=base_url, choices=chosen)
        return await view.answered(request, identity, act, typed=typed)


def _add_question(router: APIRouter, view: IntegrationPages) -> None:
    linking = view.acting.linking

    @router.post(f"{INTERCOM}/replace", dependencies=_PROTECTED)
    async def replace(
        request: Request,
        identity: Admin,
        chosen: Chosen,
        offer: Annotated[str, Form(max_length=128)],
        typed_name: Annotated[str, Form(max_length=2_000)] = "",
    ) -> Response:
        typed = Typed("replace", choices=chosen)

        async def act() -> Response:
            question = await linking.question(identity.organization_id, offer)
            if typed_name != question.present:
                raise question
            try:
                settings = settings_of(chosen)
            except SettingRefused as refusal:
                # The question stays open: its offer is still good.
                return await view.refusal(request, identity, refusal, typed=typed, question=question)
            return _connected(view, await linking.replace(identity, offer, settings=settings))

        return await view.answered(request, identity, act, typed=typed)

    @router.post(f"{INTERCOM}/keep", dependencies=_PROTECTED)
    async def keep(
        request: Request, identity: Admin, offer: Annotated[str, Form(max_length=128)]
    ) -> Response:
        async def act() -> Response:
            await linking.keep(identity.organization_id, offer)
            return _said("kept")

        return await view.answered(request, identity, act)


def _add_changes(router: APIRouter, view: IntegrationPages) -> None:
    prefix = f"{INTERCOM}/{{connection_id}}"
    administration = view.acting.administration

    @router.post(f"{prefix}/settings", dependencies=_PROTECTED)
    async def save(
        request: Request,
        identity: Admin,
        connection_id: str,
        lookback_days: Annotated[int, Form(ge=0, le=3_650)],
        sync_interval_seconds: Annotated[int, Form(ge=10, le=86_400)],
        match_companies_by_name: Annotated[str, Form(pattern="^(off|exact|normalised)$")],
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

        async def act() -> Response:
            await administration.save_settings(identity, connection_id, settings)
            return _said("saved")

        return await view.answered(request, identity, act)

    @router.post(f"{prefix}/sync", dependencies=_PROTECTED)
    async def sync_now(request: Request, identity: Admin, connection_id: str) -> Response:
        async def act() -> Response:
            await administration.sync_now(identity, connection_id)
            return _said("syncing")

        return await view.answered(request, identity, act)

    @router.post(f"{prefix}/doctor", dependencies=_PROTECTED)
    async def examine(request: Request, identity: Admin, connection_id: str) -> Response:
        async def act() -> Response:
            await view.acting.doctor.examine(identity.organization_id, connection_id)
            return _said("examined", "doctor")

        return await view.answered(request, identity, act)

    @router.post(f"{prefix}/resume", dependencies=_PROTECTED)
    async def try_again(request: Request, identity: Admin, connection_id: str) -> Response:
        async def act() -> Response:
            await view.acting.connecting.try_again(identity, connection_id)
            return _said("resumed")

        return await view.answered(request, identity, act)


def _add_endings(router: APIRouter, view: IntegrationPages) -> None:
    prefix = f"{INTERCOM}/{{connection_id}}"
    administration = view.acting.administration

    @router.post(f"{prefix}/disconnect", dependencies=_PROTECTED)
    async def disconnect(request: Request, identity: Admin, connection_id: str) -> Response:
        async def act() -> Response:
            await administration.disconnect(identity, connection_id)
            return _said("disconnected")

        return await view.answered(request, identity, act)

    @router.post(f"{prefix}/remove", dependencies=_PROTECTED)
    async def remove(
        request: Request,
        identity: Admin,
        connection_id: str,
        typed_name: Annotated[str, Form(max_length=2_000)] = "",
    ) -> Response:
        async def act() -> Response:
            connection = await administration.get(identity.organization_id, connection_id)
            if typed_name != connection.workspace.name:
                raise ConnectionConflict(
                    f"Nothing was removed: type the workspace's name, {connection.workspace.name}, exactly."
                )
            await administration.remove_data(identity, connection_id)
            return _said("removing")

        return await view.answered(request, identity, act)
