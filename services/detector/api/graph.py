"""The people graph for machines."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from services.detector.api.route import DetectorRoute
from services.detector.domain.graph import NodeType, TieType
from services.detector.domain.neighbourhood import Centre
from services.detector.errors import InvalidRequestError
from shared.auth.dependencies import Member

if TYPE_CHECKING:
    from services.detector.domain.graph import Graph
    from services.detector.use_cases.show import Show
    from services.detector.use_cases.walk import Walk
    from shared.clock import Clock

_EXAMPLE: dict[str, Any] = {
    "nodes": [
        {"id": "c5d1", "type": "customer", "name": "Northwind", "conversations": 0},
        {"id": "ws1:65f0", "type": "person", "name": "Dana Ruiz", "conversations": 9},
        {"id": "ws1:814", "type": "teammate", "name": "Ann Lee", "conversations": 7},
    ],
    "ties": [
        {
            "source": "ws1:65f0",
            "target": "ws1:814",
            "type": "talks_to",
            "conversations": 7,
            "last_at": "2026-03-02T09:12:00Z",
            "mood": -0.31,
        }
    ],
}


class NodeOut(BaseModel):
    id: str = Field(description="Id of that type: of a customer Earshot's, of all others `workspace:id`.")
    type: NodeType = Field(description="What it is.")
    name: str = Field(description="What it is called; never empty.")
    conversations: int = Field(description="How many it took part in; 0 where that is not counted.")


class TieOut(BaseModel):
    """`mood` (-1 to 1) is what the person said in the conversations of a `talks_to` tie."""

    source: str = Field(description="Id of the node where the tie begins.")
    target: str = Field(description="Id of the node where it ends.")
    type: TieType = Field(description="How the two are tied.")
    conversations: int = Field(
        description="How many conversations the tie rests on; 0 where it rests on none."
    )
    last_at: datetime | None = Field(description="When the newest of them moved; null without any.")
    mood: float | None = Field(
        ge=-1, le=1, description="What was said over a `talks_to` tie, bad to good; null where nothing was."
    )


class GraphOut(BaseModel):
    """A customer's companies, people and teammates, and who is tied to whom."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    nodes: list[NodeOut] = Field(description="Who and what is there.")
    ties: list[TieOut] = Field(description="Who is tied to whom, by the nodes' ids.")

    @classmethod
    def of(cls, graph: Graph) -> GraphOut:
        return cls(
            nodes=[
                NodeOut(id=node.node_id, type=node.type, name=node.name, conversations=node.conversations)
                for node in graph.nodes
            ],
            ties=[
                TieOut(
                    source=tie.source,
                    target=tie.target,
                    type=tie.type,
                    conversations=tie.conversations,
                    last_at=tie.last_at,
                    mood=tie.mood,
                )
                for tie in graph.ties
            ],
        )


def graph_routes(*, show: Show, walk: Walk, clock: Clock) -> APIRouter:
    """Return the route /api/v1/people/graph; it must precede the route of one person."""
    router = APIRouter(prefix="/api/v1/people", tags=["people"], route_class=DetectorRoute)

    @router.get("/graph")
    async def get_graph(
        identity: Member,
        customer: Annotated[
            str | None, Query(min_length=1, max_length=300, description="All ties around this customer.")
        ] = None,
        around: Annotated[
            str | None,
            Query(
                max_length=300,
                description="Only what is tied to this one: customer/ID, person/ID or teammate/ID.",
            ),
        ] = None,
        days: Annotated[int, Query(ge=1, le=1_095, description="How far back conversations count.")] = 365,
    ) -> GraphOut:
        """Return who is tied to whom around one customer, or what one node is tied to."""
        since = clock.now() - timedelta(days=days)
        if customer is not None and around is None:
            return GraphOut.of(await show.graph(identity.organization_id, customer, since))
        centre = Centre.from_address(around or "")
        if centre is None or customer is not None:
            raise InvalidRequestError("Say customer=ID, or around=customer/ID, person/ID or teammate/ID.")
        neighbourhood = await walk.around(identity.organization_id, centre, since)
        return GraphOut.of(neighbourhood.as_graph())

    return router
