"""Settings: which customer is each company of the workspaces, why, and what if that is wrong?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, get_args
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, StreamingResponse

from services.detector.api.route import DetectorRoute
from services.detector.domain.matching import MatchBasis
from services.detector.pages.company_words import BASIS_CHOICES, in_short, why_matched
from services.detector.pages.export import COMPANY_HEADING, company_row, in_portions
from services.detector.pages.filters import Word, one_of
from shared.auth.dependencies import Admin, Member, csrf_protect
from shared.http.paging import CursorText, decode_cursor, encode_cursor
from shared.web.csv_files import csv_response

if TYPE_CHECKING:
    from services.detector.lists import Lists
    from services.detector.pages.under_way import UnderWay
    from services.detector.use_cases.decide_matches import DecideMatches
    from services.detector.use_cases.show_companies import CompanyView, ShowCompanies
    from shared.auth.identity import Identity
    from shared.web.pages import Pages

COMPANIES = "/settings/organization/customers/companies"
_ROWS = 50
OFFERED = 20
"""Search results to choose from; people who do not find theirs search more precisely."""

_PROTECTED = [Depends(csrf_protect)]
Chosen = Annotated[str, Form(max_length=300)]


@dataclass(frozen=True)
class CompanyParts:
    """What the companies' pages stand on."""

    pages: Pages
    lists: Lists
    show: ShowCompanies
    matches: DecideMatches
    under_way: UnderWay


def company_url(key: str) -> str:
    """Return the address of a company's page."""
    return f"{COMPANIES}/{quote(key, safe=':')}"


def company_pages(parts: CompanyParts) -> APIRouter:
    """Return the routes of the companies in the customers' settings."""
    router = APIRouter(include_in_schema=False, route_class=DetectorRoute)

    @router.get(COMPANIES)
    async def companies(
        request: Request, identity: Member, q: Word = "", match: Word = "", cursor: CursorText = None
    ) -> HTMLResponse:
        organization, matched_by = identity.organization_id, _basis(match)
        portion = await parts.show.page(
            organization, words=q, matched_by=matched_by, position=decode_cursor(cursor), limit=_ROWS
        )
        return parts.pages.render(
            request,
            "companies.html",
            identity=identity,
            rows=[(row, in_short(row), company_url(row.company.key)) for row in portion.items],
            count=await parts.lists.count_companies(organization, words=q, matched_by=matched_by),
            next_cursor=encode_cursor(portion.next) if portion.next else None,
            filters=[
                {"name": "q", "label": "Name or external id", "value": q, "type": "search"},
                one_of("match", "Matched", match, BASIS_CHOICES),
            ],
            filtered=bool(q or match),
            work=await parts.under_way.of(organization),
            csv_url=f"{COMPANIES}/export.csv?{request.url.query}",
        )

    @router.get(f"{COMPANIES}/export.csv")
    async def export(identity: Member, q: Word = "", match: Word = "") -> StreamingResponse:
        ask = partial(parts.show.page, identity.organization_id, words=q, matched_by=_basis(match))
        return csv_response("companies.csv", COMPANY_HEADING, in_portions(ask, company_row))

    @router.get(f"{COMPANIES}/{{company_key}}")
    async def company(
        request: Request, company_key: str, identity: Member, find: Word = "", done: Word = ""
    ) -> HTMLResponse:
        view = await parts.show.company(identity.organization_id, company_key)
        return await _company(parts, request, identity, view, find=find, done=done)

    @router.post(f"{COMPANIES}/{{company_key}}/match", dependencies=_PROTECTED)
    async def match_company(
        request: Request, company_key: str, identity: Admin, customer: Chosen = "", find: Chosen = ""
    ) -> Any:
        if not customer:
            view = await parts.show.company(identity.organization_id, company_key)
            return await _company(parts, request, identity, view, find=find, error=True)
        await parts.matches.decide(
            identity.organization_id, company_key, customer, confirmed=True, by=identity.known_by
        )
        return RedirectResponse(f"{company_url(company_key)}?done=matched", 303)

    @router.post(f"{COMPANIES}/{{company_key}}/undo", dependencies=_PROTECTED)
    async def undo(company_key: str, identity: Admin, customer: Chosen) -> RedirectResponse:
        await parts.matches.undo(identity.organization_id, company_key, customer, by=identity.known_by)
        return RedirectResponse(f"{company_url(company_key)}?done=undone", 303)

    return router


async def _company(
    parts: CompanyParts,
    request: Request,
    identity: Identity,
    view: CompanyView,
    *,
    find: str = "",
    done: str = "",
    error: bool = False,
) -> HTMLResponse:
    organization, row = identity.organization_id, view.row
    offered = []
    if find.strip():
        customers = await parts.lists.customers(
            organization,
            words=find,
            owner=None,
            known=None,
            sort="-attention",
            position=None,
            limit=OFFERED + 2,
        )
        present = row.company.customer_id
        offered = [
            item for item in customers.items if item.customer.customer_id not in {view.own_stand_in, present}
        ]
    return parts.pages.render(
        request,
        "company.html",
        identity=identity,
        status_code=422 if error else 200,
        view=view,
        row=row,
        record=row.company.record,
        name=row.company.record.name or row.company.record.id,
        why=why_matched(row),
        url=company_url(row.company.key),
        find=find,
        offered=offered[:OFFERED],
        more=len(offered) > OFFERED,
        error="Choose the customer that it is." if error else None,
        done=done,
        work=await parts.under_way.of(organization),
    )


def _basis(wanted: str) -> MatchBasis | None:
    """Return the basis that an address asks for; an unknown one asks for all."""
    for known in get_args(MatchBasis):
        if known == wanted:
            return known  # type: ignore[no-any-return] # get_args gives the literals of MatchBasis
    return None
