"""How the API shows feature requests, and takes what people decide about them.

Fields are added, never renamed or removed, within /api/v1.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from services.detector.domain.wishes import RequestState

if TYPE_CHECKING:
    from services.detector.lists import RequestRow


_REQUEST_EXAMPLE: dict[str, Any] = {
    "id": "r5d1c0ffee",
    "title": "export the audit log to a spreadsheet",
    "state": "planned",
    "customers": 3,
    "people": 4,
    "monthly_spend": 2650.0,
    "last_asked_at": "2026-03-02T09:12:00Z",
    "created_at": "2025-12-11T16:03:20Z",
    "state_by": "ann@example.com",
    "state_at": "2026-02-20T08:30:00Z",
    "trend": [0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 1],
}


class RequestOut(BaseModel):
    """A feature request with who stands behind it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_REQUEST_EXAMPLE]})

    id: str = Field(description="Stays the same; one that was merged is answered as the one it belongs to.")
    title: str = Field(description="The wish in a customer's words, or as a person called it.")
    state: RequestState = Field(description="Where it stands, by a person's word.")
    customers: int = Field(description="How many customers ask for it, and people without one.")
    people: int = Field(description="How many people ask for it.")
    monthly_spend: float = Field(
        description="What these customers spend a month together, in the workspace's own currency."
    )
    last_asked_at: datetime | None = Field(
        description="When somebody last asked for it; null where nobody does any more."
    )
    created_at: datetime = Field(description="When it was first asked for, as Earshot saw it.")
    state_by: str | None = Field(
        description="E-mail address of who set the state, or a name without one; null if nobody did."
    )
    state_at: datetime | None = Field(description="When the state was set; null if it never was.")
    trend: list[int] | None = Field(
        default=None,
        description="How often it was asked for in each of the last twelve months, the present one last. "
        "Only on the request's own address.",
    )

    @classmethod
    def of(cls, row: RequestRow, trend: list[int] | None = None) -> RequestOut:
        return cls(
            id=row.request.request_id,
            title=row.request.title,
            state=row.request.state,
            customers=row.customers,
            people=row.people,
            monthly_spend=row.spend,
            last_asked_at=row.last_at,
            created_at=row.request.created_at,
            state_by=row.request.state_by,
            state_at=row.request.state_at,
            trend=trend,
        )


class MergeIn(BaseModel):
    """Which request a request is the same as."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"into": "r5d1c0ffee"}]})

    into: str = Field(min_length=1, max_length=100, description="Id of the request that stays.")


class SplitIn(BaseModel):
    """Whose wish, by signal, is another one, and what that one is called."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"signals": ["s1f0c5b0a4d2e9b7c6a5"], "title": "Dark mode on phones"}]
        },
    )

    signals: list[str] = Field(
        min_length=1,
        max_length=500,
        description="Ids of the signals whose wish is another one; some must stay behind.",
    )
    title: str = Field(min_length=1, max_length=160, description="What the new request is called.")
