"""Companies of the workspaces for machines: which customer each one is, why, matching and undoing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Body, Depends, Path, Query

from services.detector.api.company_models import CompanyIn, CompanyOut, OneCompanyOut
from services.detector.api.route import DetectorRoute
from services.detector.domain.matching import MatchBasis
from shared.auth.dependencies import Admin, Member, csrf_protect
from shared.http.paging import CursorText, Page, PageSize, decode_cursor, encode_cursor

if TYPE_CHECKING:
    from services.detector.lists import Lists
    from services.detector.use_cases.decide_matches import DecideMatches
    from services.detector.use_cases.show_companies import ShowCompanies

CompanyKey = Annotated[
    str, Path(max_length=600, description="The workspace's id and Intercom's, as `workspace:company`.")
]
_PROTECTED = [Depends(csrf_protect)]


def company_routes(*, lists: Lists, show: ShowCompanies, matches: DecideMatches) -> APIRouter:
    """Return the routes under /api/v1/customers/companies; they must precede those of one customer."""
    router = APIRouter(prefix="/api/v1/customers/companies", tags=["customers"], route_class=DetectorRoute)

    @router.get("")
    async def list_companies(
        identity: Member,
        q: Annotated[
            str | None, Query(max_length=300, description="Words of the name, or the whole external id.")
        ] = None,
        matched_by: Annotated[
            MatchBasis | None,
            Query(description="What the match rests on; `none` for companies that are matched to nobody."),
        ] = None,
        limit: PageSize = 50,
        cursor: CursorText = None,
    ) -> Page[CompanyOut]:
        """List companies by name, with the customers that they are matched to."""
        portion = await show.page(
            identity.organization_id,
            words=q,
            matched_by=matched_by,
            position=decode_cursor(cursor),
            limit=limit,
        )
        return Page(
            items=[CompanyOut.of(row) for row in portion.items],
            next_cursor=encode_cursor(portion.next) if portion.next else None,
            count=await lists.count_companies(identity.organization_id, words=q, matched_by=matched_by),
        )

    @router.get("/{company_id}")
    async def get_company(company_id: CompanyKey, identity: Member) -> OneCompanyOut:
        """Return one company with what moves along with it, and what people decided about it."""
        return OneCompanyOut.of_view(await show.company(identity.organization_id, company_id))

    @router.post("/{company_id}/match", dependencies=_PROTECTED)
    async def match(
        company_id: CompanyKey, identity: Admin, body: Annotated[CompanyIn, Body()]
    ) -> OneCompanyOut:
        """Match a company to any customer.

        Its people, conversations and signals move there; nobody is alerted twice. `undo` takes it back.
        """
        organization = identity.organization_id
        await matches.decide(organization, company_id, body.customer_id, confirmed=True, by=identity.known_by)
        return OneCompanyOut.of_view(await show.company(organization, company_id))

    @router.post("/{company_id}/undo", dependencies=_PROTECTED)
    async def undo(
        company_id: CompanyKey, identity: Admin, body: Annotated[CompanyIn, Body()]
    ) -> OneCompanyOut:
        """Undo a company's match to the customer named, whatever it rests on; no rule makes it again.

        The company goes to whom the rules match it else, or stands for itself. 409 where it is matched to
        another customer by now, or to nobody.
        """
        organization = identity.organization_id
        await matches.undo(organization, company_id, body.customer_id, by=identity.known_by)
        return OneCompanyOut.of_view(await show.company(organization, company_id))

    return router
