"""The JSON API: connections, their settings, ledger and doctor, bearer keys; and the credential lease."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, BackgroundTasks, Body, Depends, HTTPException, Path, Query, Response

from services.connector.api_models import (
    ConnectionView,
    DiagnosisView,
    KeyRequest,
    KeyView,
    LeaseView,
    LedgerView,
    SettingsBody,
    TokenConnection,
    connection_view,
    diagnosis_view,
    key_view,
)
from services.connector.error_responses import errors_as_responses, status_of
from services.connector.errors import ConnectionConflict, ConnectionUnknown
from shared.auth.dependencies import Admin, Member, csrf_protect, require_service
from shared.contracts.connections import ConnectionSettings
from shared.http.paging import Page
from shared.http.problems import NO_CREDENTIAL, Problem

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from pydantic import SecretStr

    from services.connector.domain.connection import Connection
    from services.connector.ports import Connections
    from services.connector.use_cases.administration import Administration
    from services.connector.use_cases.connecting import Connecting
    from services.connector.use_cases.examining import Doctor
    from services.connector.use_cases.keys import Keys
    from shared.clock import Clock


Id = Annotated[str, Path(max_length=256, description="The connection's id, as the list has it.")]
KeyId = Annotated[str, Path(max_length=256, description="The key's id, as the list has it.")]

_CHANGES = [Depends(csrf_protect)]
"""A browser's session could be borrowed by another site; bearer keys and JSON pass (see `csrf_protect`)."""

_SETTINGS = ConnectionSettings(lifecycle_events=True).model_dump(mode="json")
"""An example for the description: the switch on, all else as it is by itself."""


def connection_routes(
    *, connections: Connections, connecting: Connecting, administration: Administration, doctor: Doctor
) -> APIRouter:
    """Return `/api/v1/connections`."""
    router = APIRouter(prefix="/api/v1/connections", tags=["connections"])

    view_of = partial(_shown, connections)

    @router.get("")
    async def list_connections(identity: Member) -> Page[ConnectionView]:
        """List connections, oldest first, each with its ledger and the run under way."""
        views = [await view_of(each) for each in await connections.list_of(identity.organization_id)]
        return Page[ConnectionView](items=views, count=len(views))

    @router.post("", status_code=201, dependencies=_CHANGES)
    async def connect(
        identity: Admin, body: TokenConnection, after_answer: BackgroundTasks
    ) -> ConnectionView:
        """Connect a workspace by an access token, and begin its first sync; 409 if another is connected."""
        with errors_as_responses():
            connection = await connecting.connect_with_token(
                identity,
                token=body.access_token.get_secret_value(),
                base_url=connecting.base_url_of(region=body.region, base_url=body.base_url),
                settings=body.settings.settings() if body.settings else None,
            )
            after_answer.add_task(doctor.examine_quietly, identity.organization_id, connection.id)
            return await view_of(connection)

    @router.get("/{connection_id}")
    async def one(identity: Member, connection_id: Id) -> ConnectionView:
        """Return one connection."""
        with errors_as_responses():
            return await view_of(await administration.get(identity.organization_id, connection_id))

    @router.get("/{connection_id}/ledger")
    async def ledger(identity: Member, connection_id: Id) -> LedgerView:
        """Return what is held against the source, up to when it is complete, and every gap."""
        with errors_as_responses():
            return (await view_of(await administration.get(identity.organization_id, connection_id))).ledger

    _add_changes(router, administration, view_of)
    _add_doctor(router, connections, connecting, administration, doctor)
    return router


def _add_doctor(
    router: APIRouter,
    connections: Connections,
    connecting: Connecting,
    administration: Administration,
    doctor: Doctor,
) -> None:
    @router.post("/{connection_id}/doctor", dependencies=_CHANGES)
    async def examine(identity: Admin, connection_id: Id) -> DiagnosisView:
        """Ask Intercom now what may be read, one finding for each thing that can fail."""
        with errors_as_responses():
            return diagnosis_view(await doctor.examine(identity.organization_id, connection_id))

    @router.get("/{connection_id}/doctor")
    async def last_examination(identity: Member, connection_id: Id) -> DiagnosisView:
        """Return what the doctor found last; 404 where it was not asked yet."""
        with errors_as_responses():
            connection = await administration.get(identity.organization_id, connection_id)
        diagnosis = await connections.diagnosis(identity.organization_id, connection.id)
        if diagnosis is None:
            raise HTTPException(404, "The doctor was not asked yet. POST to the same address asks it.")
        return diagnosis_view(diagnosis)

    @router.post("/{connection_id}/resume", dependencies=_CHANGES)
    async def try_again(identity: Admin, connection_id: Id) -> ConnectionView:
        """Go on with a connection that needs attention, if its credential opens the workspace again."""
        with errors_as_responses():
            return await _shown(connections, await connecting.try_again(identity, connection_id))


async def _shown(connections: Connections, connection: Connection) -> ConnectionView:
    return connection_view(connection, await connections.report(connection.organization_id, connection.id))


def _add_changes(
    router: APIRouter,
    administration: Administration,
    view_of: Callable[[Connection], Awaitable[ConnectionView]],
) -> None:
    @router.put("/{connection_id}/settings", dependencies=_CHANGES)
    async def save_settings(
        identity: Admin,
        connection_id: Id,
        body: Annotated[SettingsBody, Body(examples=[_SETTINGS])],
    ) -> ConnectionView:
        """Replace the settings; they count from the next run on."""
        with errors_as_responses():
            return await view_of(await administration.save_settings(identity, connection_id, body.settings()))

    @router.post("/{connection_id}/sync", status_code=202, dependencies=_CHANGES)
    async def sync_now(identity: Admin, connection_id: Id) -> Response:
        """Ask for a run now. 409 where the connection is not connected."""
        with errors_as_responses():
            await administration.sync_now(identity, connection_id)
        return Response(status_code=202)

    @router.post("/{connection_id}/disconnect", dependencies=_CHANGES)
    async def disconnect(identity: Admin, connection_id: Id) -> ConnectionView:
        """Forget the credential and stop reading; what was read stays."""
        with errors_as_responses():
            return await view_of(await administration.disconnect(identity, connection_id))

    @router.delete("/{connection_id}/data", dependencies=_CHANGES)
    async def remove_data(
        identity: Admin,
        connection_id: Id,
        confirm: Annotated[str, Query(max_length=2_000, description="The workspace's name, typed out.")],
    ) -> ConnectionView:
        """Remove all that was read, at every service; `removal_confirmed_by` says which have done so."""
        with errors_as_responses():
            connection = await administration.get(identity.organization_id, connection_id)
            if confirm != connection.workspace.name:
                raise HTTPException(422, "confirm must be the workspace's name, exactly.")
            return await view_of(await administration.remove_data(identity, connection_id))


def key_routes(*, keys: Keys) -> APIRouter:
    """Return `/api/v1/keys`."""
    router = APIRouter(prefix="/api/v1/keys", tags=["keys"])

    @router.get("")
    async def list_keys(identity: Admin) -> Page[KeyView]:
        """List bearer keys, without their tokens."""
        views = [key_view(key) for key in await keys.list_of(identity.organization_id)]
        return Page[KeyView](items=views, count=len(views))

    @router.post("", status_code=201, dependencies=_CHANGES)
    async def create(identity: Admin, body: KeyRequest) -> KeyView:
        """Make a bearer key. Its token is in this answer only."""
        record, token = await keys.create(identity, name=body.name, role=body.role, days=body.days)
        return key_view(record, token)

    @router.delete("/{key_id}", dependencies=_CHANGES)
    async def revoke(identity: Admin, key_id: KeyId) -> KeyView:
        """Revoke a key at every service. A revoked key stays listed."""
        record = await keys.revoke(identity, key_id)
        if record is None:
            raise HTTPException(404, "There is no such key in your organization.")
        return key_view(record)

    return router


def internal_routes(*, administration: Administration, signing_key: SecretStr, clock: Clock) -> APIRouter:
    """Return the one internal call between services: the syncer leases a credential (DESIGN §2)."""
    only_syncer = require_service("syncer", audience="connector", signing_key=signing_key, clock=clock)
    router = APIRouter(
        prefix="/internal/v1/connections", include_in_schema=False, dependencies=[Depends(only_syncer)]
    )

    @router.get("/{connection_id}/credential")
    async def credential(
        connection_id: str, organization_id: Annotated[str, Query(min_length=1, max_length=256)]
    ) -> LeaseView:
        with errors_as_responses():
            try:
                lease = await administration.lease(organization_id, connection_id)
            except (ConnectionUnknown, ConnectionConflict) as error:
                # The problem's type tells the syncer that the connector says so, and not some other address.
                raise Problem(status_of(error), str(error), kind=NO_CREDENTIAL) from error
        return LeaseView(
            access_token=lease.token,
            base_url=lease.base_url,
            workspace_id=lease.workspace_id,
            expires_in_seconds=lease.expires_in_seconds,
        )

    return router
