"""Settings: who are our customers, and do companies match?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.detector.api.answers import AnsweringRoute
from services.detector.domain.customer_list import MAX_BYTES
from services.detector.errors import CustomerListError
from shared.auth.dependencies import Admin, Member, csrf_protect

if TYPE_CHECKING:
    from services.detector.lists import Lists
    from services.detector.ports import Connections, Customers
    from services.detector.use_cases.customers import Imported, MaintainCustomers
    from shared.auth.identity import Identity
    from shared.web.pages import Pages

CUSTOMERS = "/settings/organization/customers"
_SUGGESTIONS = 50
_PROTECTED = [Depends(csrf_protect)]


@dataclass(frozen=True)
class SettingParts:
    """What the settings pages stand on."""

    pages: Pages
    lists: Lists
    customers: Customers
    maintain: MaintainCustomers
    connections: Connections


def setting_pages(parts: SettingParts) -> APIRouter:
    """Return the routes of the customers' settings."""
    router = APIRouter(include_in_schema=False, route_class=AnsweringRoute)

    @router.get(CUSTOMERS)
    async def customers(request: Request, identity: Member) -> HTMLResponse:
        return await _customers(parts, request, identity)

    @router.post(f"{CUSTOMERS}/upload", dependencies=_PROTECTED)
    async def upload(
        request: Request, identity: Admin, file: Annotated[UploadFile | None, File()] = None
    ) -> Response:
        if file is None or not file.filename:
            return await _customers(parts, request, identity, error="Choose a CSV file first.", status=422)
        content = await file.read(MAX_BYTES + 1)
        try:
            imported = await parts.maintain.upload(identity.organization_id, content)
        except CustomerListError as error:
            return await _customers(parts, request, identity, error=str(error), status=422)
        return await _customers(parts, request, identity, imported=imported)

    @router.post(f"{CUSTOMERS}/match", dependencies=_PROTECTED)
    async def match(
        identity: Admin,
        company: Annotated[str, Form(max_length=600)],
        customer: Annotated[str, Form(max_length=300)],
        answer: Annotated[str, Form(max_length=10)],
    ) -> RedirectResponse:
        await parts.maintain.decide(
            identity.organization_id, company, customer, confirmed=answer == "yes", by=identity.email
        )
        return RedirectResponse(f"{CUSTOMERS}#suggestions", 303)

    return router


async def _customers(
    parts: SettingParts,
    request: Request,
    identity: Identity,
    *,
    imported: Imported | None = None,
    error: str | None = None,
    status: int = 200,
) -> HTMLResponse:
    organization = identity.organization_id
    undecided = await parts.lists.unmatched(organization, _SUGGESTIONS)
    offered = await parts.customers.by_ids(
        organization, {customer_id for one in undecided for customer_id in one.suggestions}
    )

    async def count(known: bool) -> int:  # noqa: FBT001 - a question of two answers, asked twice just below
        return await parts.lists.count_customers(organization, words=None, owner=None, known=known)

    views: list[Any] = [
        view for view in await parts.connections.all_of(organization) if view.state != "removed"
    ]
    return parts.pages.render(
        request,
        "customer_settings.html",
        identity=identity,
        status_code=status,
        imported=imported,
        error=error,
        suggestions=[
            (one, [offered[customer_id] for customer_id in one.suggestions if customer_id in offered])
            for one in undecided
        ],
        known=await count(known=True),
        unknown=await count(known=False),
        connections=views,
    )
