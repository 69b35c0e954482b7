"""The JSON API: connections, their settings and ledger, and bearer keys; and the credential lease."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Query, Response
from pydantic import BaseModel, Field, SecretStr

from services.connector.answers import as_answers
from shared.auth.dependencies import Admin, Member, require_service
from shared.auth.tokens import LONGEST_KEY_LIFE_DAYS
from shared.contracts.connections import ConnectionSettings
from shared.contracts.sync import Gap, ResourceCount
from shared.http.paging import Page

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from services.connector.domain.connection import Connection
    from services.connector.domain.report import SyncReport
    from services.connector.ports import ApiKeyRecord, Connections
    from services.connector.use_cases.administration import Administration
    from services.connector.use_cases.connecting import Connecting
    from services.connector.use_cases.keys import Keys
    from shared.clock import Clock


class ProgressView(BaseModel):
    """The run under way."""

    reason: str
    resource: str
    counts: tuple[ResourceCount, ...]
    share: float | None
    items_per_second: float | None
    remaining_seconds: float | None
    waiting_until: datetime | None
    waiting_for: str | None


class LedgerView(BaseModel):
    """What is proven: complete up to when, held against the source, and every known gap by name."""

    complete_up_to: datetime | None
    completed_at: datetime | None
    held: tuple[ResourceCount, ...] = ()
    gaps: tuple[Gap, ...] = ()
    gap_count: int = 0


class ConnectionView(BaseModel):
    """A connection as machines see it. It never holds the credential."""

    id: str
    state: str
    attention: str | None
    attention_detail: str | None
    method: str
    workspace_id: str
    workspace_name: str
    region: str
    base_url: str
    settings: ConnectionSettings
    connected_by: str
    connected_at: datetime
    next_sync_at: datetime | None
    progress: ProgressView | None
    ledger: LedgerView
    removal_confirmed_by: tuple[str, ...]


class TokenConnection(BaseModel):
    """An access token and where it belongs: a region, or a base URL from the allow-list."""

    access_token: SecretStr = Field(min_length=1, max_length=4_096)
    region: str | None = Field(default=None, max_length=32, examples=["us"])
    base_url: str | None = Field(default=None, max_length=512, examples=["https://api.eu.intercom.io"])


class LeaseView(BaseModel):
    access_token: str
    base_url: str
    workspace_id: str
    expires_in_seconds: int


class KeyRequest(BaseModel):
    name: str = Field(min_length=1, max_length=200, examples=["warehouse export"])
    role: Literal["admin", "member"] = "member"
    days: int = Field(default=90, ge=1, le=LONGEST_KEY_LIFE_DAYS)


class KeyView(BaseModel):
    key_id: str
    name: str
    role: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    token: str | None = Field(default=None, description="Only in the answer that creates the key.")


def view_of(connection: Connection, report: SyncReport) -> ConnectionView:
    """Return a connection with its sync report as the API shows it."""
    run, ledger = report.run, report.ledger
    return ConnectionView(
        id=connection.id,
        state=connection.state,
        attention=connection.attention,
        attention_detail=connection.attention_detail,
        method=connection.method,
        workspace_id=connection.workspace.id,
        workspace_name=connection.workspace.name,
        region=connection.workspace.region,
        base_url=connection.workspace.base_url,
        settings=connection.settings,
        connected_by=connection.connected_by,
        connected_at=connection.connected_at,
        next_sync_at=connection.next_sync_at,
        progress=ProgressView(
            reason=run.reason,
            resource=run.resource,
            counts=run.counts,
            share=run.share,
            items_per_second=run.items_per_second,
            remaining_seconds=run.remaining_seconds,
            waiting_until=run.waiting_until,
            waiting_for=run.waiting_for,
        )
        if run
        else None,
        ledger=LedgerView(
            complete_up_to=ledger.complete_up_to if ledger else None,
            completed_at=ledger.completed_at if ledger else None,
            held=ledger.held if ledger else (),
            gaps=ledger.gaps if ledger else (),
            gap_count=ledger.gap_count if ledger else 0,
        ),
        removal_confirmed_by=tuple(service for service, _ in connection.removal.confirmed)
        if connection.removal
        else (),
    )


def connection_routes(
    *, connections: Connections, connecting: Connecting, administration: Administration
) -> APIRouter:
    """Return `/api/v1/connections`."""
    router = APIRouter(prefix="/api/v1/connections", tags=["connections"])

    shown = partial(_shown, connections)

    @router.get("")
    async def list_connections(identity: Member) -> Page[ConnectionView]:
        found = [await shown(each) for each in await connections.list_of(identity.organization_id)]
        return Page[ConnectionView](items=found, count=len(found))

    @router.post("", status_code=201)
    async def connect(identity: Admin, body: TokenConnection) -> ConnectionView:
        with as_answers():
            connection = await connecting.connect_with_token(
                identity,
                token=body.access_token.get_secret_value(),
                base_url=connecting.base_url_of(region=body.region, base_url=body.base_url),
            )
            return await shown(connection)

    @router.get("/{connection_id}")
    async def one(identity: Member, connection_id: str) -> ConnectionView:
        with as_answers():
            return await shown(await administration.get(identity.organization_id, connection_id))

    @router.get("/{connection_id}/ledger")
    async def ledger(identity: Member, connection_id: str) -> LedgerView:
        with as_answers():
            return (await shown(await administration.get(identity.organization_id, connection_id))).ledger

    _add_changes(router, administration, shown)
    return router


async def _shown(connections: Connections, connection: Connection) -> ConnectionView:
    return view_of(connection, await connections.report(connection.organization_id, connection.id))


def _add_changes(
    router: APIRouter,
    administration: Administration,
    shown: Callable[[Connection], Awaitable[ConnectionView]],
) -> None:
    @router.put("/{connection_id}/settings")
    async def save_settings(
        identity: Admin, connection_id: str, settings: ConnectionSettings
    ) -> ConnectionView:
        with as_answers():
            return await shown(await administration.save_settings(identity, connection_id, settings))

    @router.post("/{connection_id}/sync", status_code=202)
    async def sync_now(identity: Admin, connection_id: str) -> Response:
        with as_answers():
            await administration.sync_now(identity, connection_id)
        return Response(status_code=202)

    @router.post("/{connection_id}/disconnect")
    async def disconnect(identity: Admin, connection_id: str) -> ConnectionView:
        with as_answers():
            return await shown(await administration.disconnect(identity, connection_id))

    @router.delete("/{connection_id}/data")
    async def remove_data(
        identity: Admin,
        connection_id: str,
        confirm: Annotated[str, Query(max_length=2_000, description="The workspace's name, typed out.")],
    ) -> ConnectionView:
        with as_answers():
            connection = await administration.get(identity.organization_id, connection_id)
            if confirm != connection.workspace.name:
                raise HTTPException(422, "confirm must be the workspace's name, exactly.")
            return await shown(await administration.remove_data(identity, connection_id))


def key_routes(*, keys: Keys) -> APIRouter:
    """Return `/api/v1/keys`."""
    router = APIRouter(prefix="/api/v1/keys", tags=["keys"])

    @router.get("")
    async def list_keys(identity: Admin) -> Page[KeyView]:
        found = [_key_view(key) for key in await keys.list_of(identity.organization_id)]
        return Page[KeyView](items=found, count=len(found))

    @router.post("", status_code=201)
    async def create(identity: Admin, body: KeyRequest) -> KeyView:
        record, token = await keys.create(identity, name=body.name, role=body.role, days=body.days)
        return _key_view(record, token)

    @router.delete("/{key_id}")
    async def revoke(identity: Admin, key_id: str) -> KeyView:
        record = await keys.revoke(identity, key_id)
        if record is None:
            raise HTTPException(404, "There is no such key in your organization.")
        return _key_view(record)

    return router


def _key_view(key: ApiKeyRecord, token: str | None = None) -> KeyView:
    return KeyView(
        key_id=key.key_id,
        name=key.name,
        role=key.role,
        created_by=key.created_by,
        created_at=key.created_at,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
        token=token,
    )


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
        with as_answers():
            lease = await administration.lease(organization_id, connection_id)
        return LeaseView(
            access_token=lease.token,
            base_url=lease.base_url,
            workspace_id=lease.workspace_id,
            expires_in_seconds=lease.expires_in_seconds,
        )

    return router
