"""The language model for machines: whether there is one, what it is asked about, and today's use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Body, Depends
from pydantic import BaseModel, ConfigDict, Field

from services.detector.api.route import DetectorRoute
from shared.auth.dependencies import Admin, Member, csrf_protect

if TYPE_CHECKING:
    from services.detector.use_cases.ask import AskLanguageModel, ModelSetup

_EXAMPLE: dict[str, Any] = {
    "available": True,
    "model": "small-instruct",
    "detectors": {"churn_risk": True, "feature_request": False},
    "today": {"requests": 12, "tokens": 9_400},
    "budget": {"requests": 500, "tokens": 1_000_000},
}


class UseOut(BaseModel):
    requests: int = Field(description="Questions asked.")
    tokens: int = Field(description="Tokens taken, in both directions.")


class LanguageModelOut(BaseModel):
    """`detectors` says for each that reads texts whether the model is asked; `budget` is per UTC day."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    available: bool = Field(description="Whether the operator named an endpoint.")
    model: str | None = Field(description="The model's name; null where none is named.")
    detectors: dict[str, bool] = Field(
        description="By detector that reads texts, whether the model is asked."
    )
    today: UseOut = Field(description="What was taken since midnight UTC.")
    budget: UseOut | None = Field(description="What may be taken in a day; null where no model is named.")

    @classmethod
    def of(cls, standing: ModelSetup) -> LanguageModelOut:
        spent, budget = standing.spent, standing.budget
        return cls(
            available=standing.name is not None,
            model=standing.name,
            detectors={detector: detector in standing.chosen for detector in standing.detectors},
            today=UseOut(requests=spent.requests, tokens=spent.tokens),
            budget=UseOut(requests=budget.requests, tokens=budget.tokens) if budget else None,
        )


class ChoiceIn(BaseModel):
    """The detectors that the model is asked about from now on; all others are not."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"detectors": ["churn_risk"]}]})

    detectors: list[Annotated[str, Field(max_length=100)]] = Field(
        max_length=100, description="Names of the detectors; an empty list asks about none."
    )


def language_model_routes(*, ask: AskLanguageModel) -> APIRouter:
    """Return the routes under /api/v1/language-model."""
    router = APIRouter(prefix="/api/v1/language-model", tags=["language model"], route_class=DetectorRoute)

    @router.get("")
    async def get_standing(identity: Member) -> LanguageModelOut:
        """Return what the language model is asked about, and what it took today."""
        return LanguageModelOut.of(await ask.setup(identity.organization_id))

    @router.put("", dependencies=[Depends(csrf_protect)])
    async def choose(identity: Admin, body: Annotated[ChoiceIn, Body()]) -> LanguageModelOut:
        """Choose what the language model is asked about; it counts for what is read from then on."""
        await ask.choose(identity.organization_id, body.detectors, by=identity.known_by)
        return LanguageModelOut.of(await ask.setup(identity.organization_id))

    return router
