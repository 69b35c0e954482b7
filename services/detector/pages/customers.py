"""Customers: who needs me?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, get_args

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, StreamingResponse

from services.detector.api.route import DetectorRoute
from services.detector.lists import CustomerSort
from services.detector.pages.connected import present_connections
from services.detector.pages.export import CUSTOMER_HEADING, customer_row, in_portions
from services.detector.pages.filters import (
    OFFERED,
    Word,
    kind_choice,
    narrowed_by,
    one_of,
    owner_choice,
    tag_choice,
)
from shared.auth.dependencies import Member
from shared.http.paging import CursorText, decode_cursor, encode_cursor
from shared.web.csv_files import csv_response

if TYPE_CHECKING:
    from services.detector.lists import Lists, Topics
    from services.detector.pages.under_way import UnderWay
    from services.detector.ports import Connections
    from services.detector.use_cases.decide_matches import DecideMatches
    from services.detector.use_cases.show import Show
    from services.detector.use_cases.show_companies import ShowCompanies
    from shared.clock import Clock
    from shared.web.pages import Pages

ROWS = 50
_SORTS: tuple[tuple[CustomerSort, str], ...] = (
    ("name", "name, A to Z"),
    ("-name", "name, Z to A"),
    ("-spend", "most spend first"),
    ("spend", "least spend first"),
    ("health", "lowest health first"),
    ("-health", "highest health first"),
    ("mood", "worst mood first"),
    ("-mood", "best mood first"),
    ("renewal", "earliest renewal first"),
    ("-renewal", "latest renewal first"),
)
"""What the list may be sorted by beside its first order."""


@dataclass(frozen=True)
class CustomerParts:
    """What the customer pages stand on."""

    pages: Pages
    lists: Lists
    topics: Topics
    show: Show
    companies: ShowCompanies
    matches: DecideMatches
    connections: Connections
    under_way: UnderWay
    clock: Clock


def customer_sort(wanted: str) -> CustomerSort:
    """Return a known order; anything else means those who need somebody first."""
    for known in get_args(CustomerSort):
        if known == wanted:
            return known  # type: ignore[no-any-return] # get_args gives the literals of CustomerSort
    return "-attention"


def _sort_choice(sort: CustomerSort) -> dict[str, Any]:
    """Return the choice of the order, which is the only way back to the first one from another."""
    chosen = "" if sort == "-attention" else sort
    return one_of("sort", "Sort", chosen, _SORTS, "need you most first")


def customer_pages(parts: CustomerParts) -> APIRouter:
    """Return the routes of /customers."""
    router = APIRouter(include_in_schema=False, route_class=DetectorRoute)
    pages, lists = parts.pages, parts.lists

    @router.get("/customers")
    async def customers(
        request: Request,
        identity: Member,
        q: Word = "",
        owner: Word = "",
        known: Word = "",
        tag: Word = "",
        kind: Word = "",
        sort: Word = "",
        cursor: CursorText = None,
    ) -> HTMLResponse:
        organization = identity.organization_id
        only_known = {"yes": True, "no": False}.get(known)
        narrowed = narrowed_by(now=parts.clock.now(), tag=tag, kind=kind)
        portion = await lists.customers(
            organization,
            words=q,
            owner=owner or None,
            known=only_known,
            sort=customer_sort(sort),
            position=decode_cursor(cursor),
            limit=ROWS,
            narrowed=narrowed,
        )
        owners = await lists.customer_owners(organization)
        return pages.render(
            request,
            "customers.html",
            identity=identity,
            rows=portion.items,
            count=await lists.count_customers(
                organization, words=q, owner=owner or None, known=only_known, narrowed=narrowed
            ),
            next_cursor=encode_cursor(portion.next) if portion.next else None,
            sort=customer_sort(sort),
            work=await parts.under_way.of(organization),
            filters=[
                {"name": "q", "label": "Name", "value": q, "type": "search"},
                kind_choice(kind),
                tag_choice(tag, await parts.topics.names(organization, OFFERED)),
                owner_choice(owner, owners, identity.email),
                {
                    "name": "known",
                    "label": "On your list",
                    "value": known,
                    "options": [("", "any"), ("yes", "yes"), ("no", "not yet")],
                },
                _sort_choice(customer_sort(sort)),
            ],
            filtered=bool(q or owner or only_known is not None or not narrowed.is_empty),
            has_list=bool(await lists.count_customers(organization, words=None, owner=None, known=True)),
            connected=bool(await present_connections(parts.connections, organization)),
            csv_url=f"/customers/export.csv?{request.url.query}",
        )

    @router.get("/customers/export.csv")
    async def export(
        identity: Member,
        q: Word = "",
        owner: Word = "",
        known: Word = "",
        tag: Word = "",
        kind: Word = "",
        sort: Word = "",
    ) -> StreamingResponse:
        ask = partial(
            lists.customers,
            identity.organization_id,
            words=q,
            owner=owner or None,
            known={"yes": True, "no": False}.get(known),
            sort=customer_sort(sort),
            narrowed=narrowed_by(now=parts.clock.now(), tag=tag, kind=kind),
        )
        return csv_response(
            "customers.csv",
            CUSTOMER_HEADING,
            in_portions(ask, partial(customer_row, currency=pages.currency)),
        )

    return router
