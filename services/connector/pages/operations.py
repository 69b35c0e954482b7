"""The page that tells operators whether syncing is stuck."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from services.connector.pages.words import RESOURCE_NAMES, state_word
from shared.auth.dependencies import Member

if TYPE_CHECKING:
    from services.connector.ports import Connections
    from shared.web.pages import Pages


def operation_pages(*, pages: Pages, connections: Connections) -> APIRouter:
    """Return `/operations/sync`."""
    router = APIRouter(include_in_schema=False)

    @router.get("/operations/sync")
    async def sync(request: Request, identity: Member) -> HTMLResponse:
        rows = []
        for connection in await connections.list_of(identity.organization_id):
            report = await connections.report(identity.organization_id, connection.id)
            rows.append({"connection": connection, "report": report, "state": state_word(connection, report)})
        return pages.render(
            request,
            "sync.html",
            identity=identity,
            rows=rows,
            resource_names=RESOURCE_NAMES,
        )

    return router
