"""The people graph: who is tied to whom, as a picture that one can walk and as a list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from services.detector.api.route import DetectorRoute
from services.detector.domain.neighbourhood import Centre
from services.detector.pages.filters import PERIODS, Word, choice, one_of, period_start
from services.detector.pages.graph_picture import GRAPH, MOST, address_of, mood_of, picture
from shared.auth.dependencies import Member

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.detector.domain.graph import Node
    from services.detector.domain.neighbourhood import Neighbourhood
    from services.detector.lists import CustomerRow, Lists
    from services.detector.ports import Connections
    from services.detector.use_cases.walk import Walk
    from shared.clock import Clock
    from shared.web.pages import Pages

_STARTS = 50
"""Customers that a walk may start from without being asked for by address."""
_GRAPH_DAYS = 365
"""How far back conversations count for ties, unless the reader asks for less."""


@dataclass(frozen=True)
class GraphParts:
    """What the page of the graph stands on."""

    pages: Pages
    lists: Lists
    walk: Walk
    connections: Connections
    clock: Clock


def graph_pages(parts: GraphParts) -> APIRouter:
    """Return the route of /people/graph."""
    router = APIRouter(include_in_schema=False, route_class=DetectorRoute)

    @router.get(GRAPH)
    async def graph(
        request: Request, identity: Member, around: Word = "", customer: Word = "", period: Word = ""
    ) -> HTMLResponse:
        organization = identity.organization_id
        rows = (
            await parts.lists.customers(
                organization,
                words=None,
                owner=None,
                known=None,
                sort="-attention",
                position=None,
                limit=_STARTS,
            )
        ).items
        asked = Centre.from_address(around) or (Centre("customer", customer) if customer else None)
        first = Centre("customer", rows[0].customer.customer_id) if rows else None
        centre, now = asked or first, parts.clock.now()
        since = period_start(period, now) or now - timedelta(days=_GRAPH_DAYS)
        neighbourhood = await parts.walk.around(organization, centre, since) if centre else None
        return parts.pages.render(
            request,
            "graph.html",
            identity=identity,
            centre=neighbourhood.centre if neighbourhood else None,
            own_page=_page_of(neighbourhood.centre) if neighbourhood else None,
            connected=any(view.state != "removed" for view in await parts.connections.all_of(organization)),
            picture=picture(neighbourhood, now) if neighbourhood and neighbourhood.neighbours else None,
            rows=_ties(neighbourhood) if neighbourhood else [],
            undrawn=_undrawn(neighbourhood) if neighbourhood else 0,
            filters=[
                choice(
                    "around",
                    "Start from",
                    centre.address if centre else "",
                    _starts(rows, neighbourhood.centre if neighbourhood else None),
                    "the customer who needs you most",
                ),
                one_of("period", "Period", period, PERIODS[:-1], "last year"),
            ],
        )

    return router


def _starts(rows: Sequence[CustomerRow], centre: Node | None) -> list[tuple[str, str]]:
    """Return where a walk can start: the customers, and where the reader stands if that is none of them."""
    starts = [(f"customer/{row.customer.customer_id}", row.customer.name) for row in rows]
    here = (f"{centre.type}/{centre.node_id}", centre.name) if centre else None
    return starts if here is None or here in starts else [here, *starts]


def _page_of(node: Node) -> str | None:
    """Return a node's own page; teammates have none."""
    return {"customer": f"/customers/{node.node_id}", "person": f"/people/{node.node_id}"}.get(node.type)


def _ties(neighbourhood: Neighbourhood) -> list[dict[str, Any]]:
    return [
        {
            "name": one.node.name,
            "type": one.node.type,
            "url": address_of(one),
            "page": _page_of(one.node),
            "amount": one.messages if one.node.type == "conversation" else one.conversations,
            "unit": "message" if one.node.type == "conversation" else "conversation",
            "last_at": one.last_at,
            "mood": mood_of(one.mood),
        }
        for one in neighbourhood.neighbours
    ]


def _undrawn(neighbourhood: Neighbourhood) -> int:
    kinds = {one.node.type for one in neighbourhood.neighbours}
    return sum(max(0, len(neighbourhood.of(kind)) - MOST) for kind in kinds)
