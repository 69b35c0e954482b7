"""Settings: who are our customers, and do companies match?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.detector.api.route import DetectorRoute
from services.detector.domain.attributes import MEANINGS, NONE, AttributeMap, guess
from services.detector.domain.customer_list import MAX_BYTES
from services.detector.errors import CustomerListError, NotFoundError
from services.detector.pages.companies import company_url
from services.detector.pages.connected import present_connections
from services.detector.pages.filters import Word
from shared.auth.dependencies import Admin, Member, csrf_protect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.detector.domain.attributes import Meaning
    from services.detector.domain.mirror import ConnectionView
    from services.detector.lists import Lists
    from services.detector.pages.under_way import UnderWay
    from services.detector.ports import Connections, Customers
    from services.detector.use_cases.customers import Imported, MaintainCustomers
    from services.detector.use_cases.decide_matches import DecideMatches
    from services.detector.use_cases.show_companies import ShowCompanies
    from shared.auth.identity import Identity
    from shared.web.pages import Pages

CUSTOMERS = "/settings/organization/customers"
_SUGGESTIONS = 50
_UNMATCHED = 10
"""Companies without a customer that the settings show; their own page has all of them."""
MEANING_WORDS: Mapping[Meaning, str] = {
    "plan": "Plan",
    "monthly_spend": "Spend a month",
    "seats": "Seats paid for",
    "signed_up_at": "Customer since",
    "renewal_date": "Renewal date",
}
_INTERCOM_KNOWS: Mapping[Meaning, str] = {
    "plan": "Intercom's own plan",
    "monthly_spend": "Intercom's own monthly spend",
    "seats": "nothing",
    "signed_up_at": "Intercom's own creation date",
    "renewal_date": "nothing",
}
_GUESS = "?"
"""Chosen where the guess shall stand; no attribute has this name."""
_PROTECTED = [Depends(csrf_protect)]


@dataclass(frozen=True)
class SettingParts:
    """What the settings pages stand on."""

    pages: Pages
    lists: Lists
    customers: Customers
    maintain: MaintainCustomers
    matches: DecideMatches
    companies: ShowCompanies
    connections: Connections
    under_way: UnderWay


def setting_pages(parts: SettingParts) -> APIRouter:
    """Return the routes of the customers' settings."""
    router = APIRouter(include_in_schema=False, route_class=DetectorRoute)

    @router.get(CUSTOMERS)
    async def customers(request: Request, identity: Member, done: Word = "") -> HTMLResponse:
        return await _customers(parts, request, identity, done=done)

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
        answer: Annotated[Literal["yes", "no"], Form()],
    ) -> RedirectResponse:
        await parts.matches.decide(
            identity.organization_id, company, customer, confirmed=answer == "yes", by=identity.known_by
        )
        return RedirectResponse(f"{CUSTOMERS}?done={answer}#suggestions", 303)

    @router.post(f"{CUSTOMERS}/attributes", dependencies=_PROTECTED)
    async def attributes(
        request: Request, identity: Admin, connection: Annotated[str, Form(max_length=200)]
    ) -> RedirectResponse:
        view = await parts.connections.get(identity.organization_id, connection)
        if view is None:
            raise NotFoundError("There is no such connection.")
        form = await request.form()
        asked = {meaning: str(form.get(meaning, _GUESS)) for meaning in MEANINGS}
        chosen = {meaning: name for meaning, name in asked.items() if name != _GUESS}
        await parts.maintain.map_attributes(identity.organization_id, view, chosen, by=identity.known_by)
        return RedirectResponse(f"{CUSTOMERS}?done=mapped#attributes", 303)

    return router


async def _meanings(parts: SettingParts, organization_id: str, view: ConnectionView) -> list[dict[str, Any]]:
    """Return for each meaning what may be chosen, with an example, and what is chosen now."""
    names = await parts.lists.company_attributes(organization_id, view.connection_id)
    attribute_map = (await parts.customers.attribute_maps(organization_id)).get(
        view.connection_id, AttributeMap()
    )
    guessed = guess(names)
    named = [(name, f"{name} (for example {example})") for name, example in names.items()]
    return [
        {
            "name": meaning,
            "label": MEANING_WORDS[meaning],
            "value": attribute_map.chosen.get(meaning, _GUESS),
            "options": [
                (_GUESS, f"guessed: {guessed.get(meaning, _INTERCOM_KNOWS[meaning])}"),
                (NONE, "no attribute means this"),
                *named,
            ],
        }
        for meaning in MEANINGS
    ]


async def _customers(
    parts: SettingParts,
    request: Request,
    identity: Identity,
    *,
    imported: Imported | None = None,
    error: str | None = None,
    done: str = "",
    status: int = 200,
) -> HTMLResponse:
    organization = identity.organization_id
    undecided = (await parts.lists.undecided(organization, position=None, limit=_SUGGESTIONS)).items
    offered = await parts.customers.by_ids(
        organization, {each.customer_id for company in undecided for each in company.suggestions}
    )

    unmatched = await parts.companies.page(
        organization, words=None, matched_by="none", position=None, limit=_UNMATCHED
    )

    async def count(known: bool) -> int | None:  # noqa: FBT001 - a question of two answers, asked twice just below
        return await parts.lists.count_customers(organization, words=None, owner=None, known=known)

    views: list[Any] = await present_connections(parts.connections, organization)
    return parts.pages.render(
        request,
        "customer_settings.html",
        identity=identity,
        status_code=status,
        imported=imported,
        done=done,
        error=error,
        suggestions=[
            (
                company,
                [
                    (offered[each.customer_id], "; ".join(each.reasons))
                    for each in company.suggestions
                    if each.customer_id in offered
                ],
            )
            for company in undecided
        ],
        unmatched=[(row, company_url(row.company.key)) for row in unmatched.items],
        unmatched_count=await parts.lists.count_companies(organization, words=None, matched_by="none"),
        companies=await parts.lists.count_companies(organization, words=None, matched_by=None),
        known=await count(known=True),
        unknown=await count(known=False),
        connections=views,
        work=await parts.under_way.of(organization),
        meanings=[(view, await _meanings(parts, organization, view)) for view in views],
    )
