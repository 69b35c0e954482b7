"""Customers for machines: the list, one customer, adding or replacing, and importing a file."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Body, Depends, Query, Request

from services.detector.api.customer_models import CustomerIn, CustomerOut, ImportOut, RowErrorOut
from services.detector.api.narrowing import Narrowed
from services.detector.api.route import DetectorRoute
from services.detector.domain.customer_list import CustomerRow
from services.detector.lists import CustomerSort
from shared.auth.dependencies import Admin, Member, csrf_protect
from shared.http.paging import CursorText, Page, PageSize, decode_cursor, encode_cursor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.detector.lists import Lists
    from services.detector.use_cases.customers import Imported, MaintainCustomers
    from services.detector.use_cases.show import Show
    from shared.clock import Clock

Words = Annotated[str | None, Query(max_length=300, description="Words to look for.")]
_MOST = 1_000
"""Customers in one call; more than that should be a file."""

_A_FILE = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {
                "schema": {"type": "string"},
                "example": "external_id,name,owner,renewal_date\nacct_1,Acme,dana@example.com,2026-12-31\n",
            }
        },
    }
}
"""FastAPI sees no body where a handler reads the bytes itself."""


def customer_routes(*, lists: Lists, show: Show, maintain: MaintainCustomers, clock: Clock) -> APIRouter:
    """Return the routes under /api/v1/customers."""
    router = APIRouter(prefix="/api/v1/customers", tags=["customers"], route_class=DetectorRoute)

    @router.get("")
    async def list_customers(
        identity: Member,
        narrowed: Narrowed,
        q: Words = None,
        known: Annotated[bool | None, Query(description="On the organization's own list.")] = None,
        sort: Annotated[
            CustomerSort, Query(description="What comes first; with a minus, the most.")
        ] = "-attention",
        limit: PageSize = 50,
        cursor: CursorText = None,
    ) -> Page[CustomerOut]:
        """List customers, those who need somebody first.

        By signals that more than 10,000 customers have there is no `count`, and a page may hold fewer than
        `limit` though there is a next one.
        """
        portion = await lists.customers(
            identity.organization_id,
            words=q,
            owner=None,
            known=known,
            sort=sort,
            position=decode_cursor(cursor),
            limit=limit,
            narrowed=narrowed,
        )
        return Page(
            items=[CustomerOut.of(row) for row in portion.items],
            next_cursor=encode_cursor(portion.next) if portion.next else None,
            count=await lists.count_customers(
                identity.organization_id, words=q, owner=None, known=known, narrowed=narrowed
            ),
        )

    @router.get("/{customer_id}")
    async def get_customer(customer_id: str, identity: Member) -> CustomerOut:
        """Return one customer."""
        since: datetime = clock.now() - timedelta(days=1)
        return CustomerOut.of((await show.customer(identity.organization_id, customer_id, since)).row)

    @router.post("", dependencies=[Depends(csrf_protect)])
    @router.put("", dependencies=[Depends(csrf_protect)])
    async def upsert(identity: Admin, body: Annotated[list[CustomerIn], Body(max_length=_MOST)]) -> ImportOut:
        """Add customers, or replace what the list said of them; the external id says which."""
        rows = [_row(customer_in) for customer_in in body]
        created, updated = await maintain.keep(identity.organization_id, rows)
        return ImportOut(
            created=created, updated=updated, unchanged=len(rows) - created - updated, rejected=0, errors=[]
        )

    @router.post("/import", dependencies=[Depends(csrf_protect)], openapi_extra=_A_FILE)
    async def import_csv(identity: Admin, request: Request) -> ImportOut:
        """Take a CSV file as the body: its good rows are kept, its bad ones are named by line."""
        return import_answer(await maintain.upload(identity.organization_id, await request.body()))

    return router


def import_answer(imported: Imported) -> ImportOut:
    return ImportOut(
        created=imported.created,
        updated=imported.updated,
        unchanged=imported.unchanged,
        rejected=imported.listed.error_count,
        errors=_errors(imported.listed.errors),
        warnings=_errors(imported.listed.warnings),
    )


def _errors(errors: Sequence[object]) -> list[RowErrorOut]:
    return [RowErrorOut.model_validate(error, from_attributes=True) for error in errors]


def _row(one: CustomerIn) -> CustomerRow:
    return CustomerRow(
        external_id=one.external_id,
        name=one.name,
        owner=one.owner,
        plan=one.plan,
        monthly_spend=one.monthly_spend,
        seats=one.seats,
        renewal_date=one.renewal_date,
        attributes=one.attributes,
    )
