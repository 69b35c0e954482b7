"""Customers' health for machines: the list, one with its ingredients and history, and the weights."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Body, Depends
from pydantic import BaseModel, ConfigDict, Field

from services.detector.api.narrowing import Narrowed
from services.detector.api.route import DetectorRoute
from services.detector.domain.health import INGREDIENTS, MOST_WEIGHT
from shared.auth.dependencies import Admin, Member, csrf_protect
from shared.http.paging import CursorText, Page, PageSize, decode_cursor, encode_cursor

if TYPE_CHECKING:
    from services.detector.domain.health import Health
    from services.detector.domain.health_history import HealthHistory
    from services.detector.lists import CustomerRow, Lists
    from services.detector.use_cases.health import KeepHealth
    from services.detector.use_cases.show import Show
    from shared.clock import Clock

_EXAMPLE: dict[str, Any] = {
    "customer_id": "c5d1",
    "name": "Northwind",
    "score": 48,
    "measured_at": "2026-03-02T10:40:17Z",
    "ingredients": [
        {
            "name": "mood",
            "label": "Mood",
            "weight": 25,
            "share": 0.31,
            "points": 9.7,
            "most": 31.25,
            "reason": "-0.23 from 14 messages",
        }
    ],
    "history": [{"at": "2026-02-20T08:00:00Z", "score": 71, "points": {"mood": 18.2}}],
}

_WEIGHTS_EXAMPLE: dict[str, Any] = {"weights": dict.fromkeys(INGREDIENTS, 10) | {"churn_risk": 40}}


Weights = Annotated[
    dict[str, Annotated[int, Field(ge=0, le=MOST_WEIGHT)]],
    Field(description="By ingredient, 0 for one that does not count."),
]


class HealthRowOut(BaseModel):
    """A customer's health in a list; `score` is None while too little is known."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"customer_id": "c5d1", "name": "Northwind", "score": 58}]}
    )

    customer_id: str = Field(description="Whose.")
    name: str = Field(description="The customer's name.")
    score: int | None = Field(description="0 (bad) to 100 (good); null while too little is known.")

    @classmethod
    def of(cls, row: CustomerRow) -> HealthRowOut:
        return cls(customer_id=row.customer.customer_id, name=row.customer.name, score=row.health)


class IngredientOut(BaseModel):
    """What one ingredient adds: `points` of at most `most`; `share` is None where nobody said."""

    name: str = Field(description="Which ingredient, as weights name it.")
    label: str = Field(description="Its name for people.")
    weight: int = Field(description="How much it counts, as it was weighed then.")
    share: float | None = Field(description="0 (bad) to 1 (good); null where nothing is known of it.")
    points: float = Field(description="What it adds to the score.")
    most: float = Field(description="What it could add at most; 0 where nothing is known of it.")
    reason: str = Field(description="What the share comes from, in plain words.")


class StateOut(BaseModel):
    at: datetime = Field(description="When it was measured.")
    score: int | None = Field(description="0 to 100; null while too little was known.")
    points: dict[str, float] = Field(description="What each ingredient added, by name.")


class HealthOut(BaseModel):
    """A customer's health with what it is made of and what it was, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    customer_id: str = Field(description="Whose.")
    name: str = Field(description="The customer's name.")
    score: int | None = Field(description="0 (bad) to 100 (good); null while too little is known.")
    measured_at: datetime | None = Field(description="When it was last measured; null if it never was.")
    ingredients: list[IngredientOut] = Field(
        description="What the score is made of; empty until it was measured."
    )
    history: list[StateOut] = Field(description="Earlier states, oldest first.")

    @classmethod
    def of(cls, customer_id: str, name: str, past: HealthHistory) -> HealthOut:
        latest: Health | None = past.latest
        return cls(
            customer_id=customer_id,
            name=name,
            score=latest.score if latest else None,
            measured_at=latest.at if latest else None,
            ingredients=[
                IngredientOut(
                    name=part.name,
                    label=INGREDIENTS[part.name],
                    weight=part.weight,
                    share=part.share,
                    points=part.points,
                    most=part.most,
                    reason=part.reason,
                )
                for part in (latest.parts if latest else ())
            ],
            history=[
                StateOut(at=state.at, score=state.score, points=dict(state.points)) for state in past.states
            ],
        )


class WeightsOut(BaseModel):
    """How much each ingredient counts; only their proportion matters."""

    model_config = ConfigDict(json_schema_extra={"examples": [_WEIGHTS_EXAMPLE]})

    weights: Weights


class WeightsIn(BaseModel):
    """How much each ingredient is to count from now on."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_WEIGHTS_EXAMPLE]})

    weights: Weights


def health_routes(*, lists: Lists, show: Show, health: KeepHealth, clock: Clock) -> APIRouter:
    """Return the routes under /api/v1/health."""
    router = APIRouter(prefix="/api/v1/health", tags=["health"], route_class=DetectorRoute)

    @router.get("")
    async def list_health(
        identity: Member, narrowed: Narrowed, limit: PageSize = 50, cursor: CursorText = None
    ) -> Page[HealthRowOut]:
        """List customers by health, the worst first; those without one come last."""
        portion = await lists.customers(
            identity.organization_id,
            words=None,
            owner=None,
            known=None,
            sort="health",
            position=decode_cursor(cursor),
            limit=limit,
            narrowed=narrowed,
        )
        return Page(
            items=[HealthRowOut.of(row) for row in portion.items],
            next_cursor=encode_cursor(portion.next) if portion.next else None,
            count=await lists.count_customers(
                identity.organization_id, words=None, owner=None, known=None, narrowed=narrowed
            ),
        )

    @router.get("/weights")
    async def get_weights(identity: Member) -> WeightsOut:
        """Return how the organization weighs the ingredients."""
        return WeightsOut(weights=dict((await health.weights(identity.organization_id)).by_name))

    @router.put("/weights", dependencies=[Depends(csrf_protect)])
    async def set_weights(identity: Admin, body: Annotated[WeightsIn, Body()]) -> WeightsOut:
        """Weigh the ingredients anew; every customer is measured again in the background."""
        weights = await health.weigh(identity.organization_id, body.weights, by=identity.known_by)
        return WeightsOut(weights=dict(weights.by_name))

    @router.get("/customers/{customer_id}")
    async def get_health(customer_id: str, identity: Member) -> HealthOut:
        """Return one customer's health with its ingredients and earlier states."""
        view = await show.customer(identity.organization_id, customer_id, clock.now())
        return HealthOut.of(view.row.customer.customer_id, view.row.customer.name, view.health)

    return router
