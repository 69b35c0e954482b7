"""What forms are offered where they ask for customers or tags, and what they say of unknown ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse

from services.detector.api.route import DetectorRoute
from services.detector.pages.filters import Word
from services.detector.use_cases.offer_names import (
    Unknown,
    offered_customers,
    offered_tags,
    unknown_customers,
    unknown_tags,
)
from shared.auth.dependencies import Member

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.detector.lists import Lists, Topics
    from shared.auth.identity import Identity
    from shared.web.pages import Pages

Lines = Annotated[str, Query(max_length=20_000)]
"""Names, one per line, as long as a text area may be."""


def offered_name_pages(pages: Pages, lists: Lists, topics: Topics) -> APIRouter:
    """Return the routes of pieces of pages; they come before those of single customers."""
    router = APIRouter(include_in_schema=False, route_class=DetectorRoute)

    def offer(request: Request, identity: Identity, names: Sequence[str]) -> HTMLResponse:
        return pages.render(request, "offered_names.html", identity=identity, names=names)

    def tell(request: Request, identity: Identity, noun: str, unknown: Unknown) -> HTMLResponse:
        return pages.render(request, "unknown_names.html", identity=identity, noun=noun, unknown=unknown)

    @router.get("/customers/offered")
    async def customers(request: Request, identity: Member, customer: Word = "") -> HTMLResponse:
        names = await offered_customers(lists, identity.organization_id, customer)
        return offer(request, identity, names)

    @router.get("/customers/unknown")
    async def no_customers(request: Request, identity: Member, customers: Lines = "") -> HTMLResponse:
        unknown = await unknown_customers(lists, identity.organization_id, _lines(customers))
        return tell(request, identity, "customer", unknown)

    @router.get("/topics/offered")
    async def tags(request: Request, identity: Member, tag: Word = "") -> HTMLResponse:
        return offer(request, identity, await offered_tags(topics, identity.organization_id, tag))

    @router.get("/topics/unknown")
    async def no_tags(request: Request, identity: Member, tags: Lines = "") -> HTMLResponse:
        unknown = await unknown_tags(topics, identity.organization_id, _lines(tags))
        return tell(request, identity, "tag", unknown)

    return router


def _lines(text: str) -> list[str]:
    return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
