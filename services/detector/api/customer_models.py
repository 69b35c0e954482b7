"""How the API shows customers, and takes lists of them.

Fields are added, never renamed or removed, within /api/v1.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

if TYPE_CHECKING:
    from services.detector.lists import CustomerRow


_Cell = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500, pattern=r"^[^\x00]*$")]
"""A value as a cell of an uploaded list is taken: without blanks around it, and without NUL characters."""

_FilledCell = Annotated[_Cell, StringConstraints(min_length=1)]

_CUSTOMER_EXAMPLE: dict[str, Any] = {
    "id": "c5d1",
    "external_id": "acc-17",
    "name": "Northwind",
    "known": True,
    "owner": "ann@example.com",
    "plan": "Pro",
    "monthly_spend": 900.0,
    "seats": 40,
    "user_count": 37,
    "signed_up_at": "2024-05-06T00:00:00Z",
    "renewal_date": "2026-12-31",
    "last_seen_at": "2026-03-02T08:55:00Z",
    "mood": -0.18,
    "mood_messages": 42,
    "health": 58,
    "open_signals": 2,
    "last_signal_at": "2026-03-02T09:12:00Z",
    "attributes": {"segment": "mid-market"},
}


class CustomerOut(BaseModel):
    """A customer with its facts; `known` is false for a stand-in of an unmatched company."""

    model_config = ConfigDict(json_schema_extra={"examples": [_CUSTOMER_EXAMPLE]})

    id: str = Field(description="Earshot's own id; stays the same.")
    external_id: str | None = Field(
        description="The organization's own id, from its list; null for a stand-in."
    )
    name: str = Field(description="As the list calls it, or the company.")
    known: bool = Field(
        description="Whether it is on the organization's list; false for a stand-in of an unmatched company."
    )
    owner: str | None = Field(description="E-mail address of the account's owner; null if unknown.")
    plan: str | None = Field(description="Name of the plan; null if unknown.")
    monthly_spend: float | None = Field(
        description="A month, in the workspace's own currency; null if unknown."
    )
    seats: int | None = Field(description="Seats that are paid for; null if unknown.")
    user_count: int | None = Field(
        description="People in its companies, as Intercom counts them; null if unknown."
    )
    signed_up_at: datetime | None = Field(description="When the account began; null if unknown.")
    renewal_date: date | None = Field(description="Day on which the contract renews; null if unknown.")
    last_seen_at: datetime | None = Field(
        description="When any of its companies last used the product; null if unknown."
    )
    mood: float | None = Field(description="Decayed mean of message moods, -1 to 1; None without any.")
    mood_messages: int = Field(description="How many messages the mood is of.")
    health: int | None = Field(
        description="0 to 100; None while too little is known. Its ingredients are at /api/v1/health."
    )
    open_signals: int = Field(description="Signals that are open now.")
    last_signal_at: datetime | None = Field(
        description="When the newest evidence of an open signal was said; null without any."
    )
    attributes: dict[str, str] = Field(description="What else its row of the list holds, by column.")

    @classmethod
    def of(cls, row: CustomerRow) -> CustomerOut:
        one = row.customer
        return cls(
            id=one.customer_id,
            external_id=one.external_id,
            name=one.name,
            known=not one.provisional,
            owner=one.owner,
            plan=one.facts.plan,
            monthly_spend=one.facts.monthly_spend,
            seats=one.facts.seats,
            user_count=one.facts.user_count,
            signed_up_at=one.facts.signed_up_at,
            renewal_date=one.facts.renewal_date,
            last_seen_at=one.facts.last_seen_at,
            mood=one.mood,
            mood_messages=one.mood_messages,
            health=row.health,
            open_signals=row.open_signals,
            last_signal_at=row.last_signal_at,
            attributes=dict(one.attributes),
        )


class CustomerIn(BaseModel):
    """One customer as the organization lists it; what is left out is unknown."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "external_id": "acc-17",
                    "name": "Northwind",
                    "owner": "ann@example.com",
                    "plan": "Pro",
                    "monthly_spend": 900,
                    "seats": 40,
                    "renewal_date": "2026-12-31",
                    "attributes": {"segment": "mid-market"},
                }
            ]
        },
    )

    external_id: _FilledCell = Field(
        description="The organization's own id; the same one again replaces the row."
    )
    name: _FilledCell = Field(description="What it is called.")
    owner: _Cell | None = Field(default=None, description="E-mail address of the account's owner.")
    plan: _Cell | None = Field(default=None, description="Name of the plan.")
    monthly_spend: float | None = Field(
        default=None, ge=0, lt=1e12, description="A month, in the workspace's own currency."
    )
    seats: int | None = Field(default=None, ge=0, lt=10**9, description="Seats that are paid for.")
    renewal_date: date | None = Field(default=None, description="Day on which the contract renews.")
    attributes: dict[_FilledCell, _Cell] = Field(
        default_factory=dict,
        max_length=50,
        description="Anything else, by name; `domain`, `email` and `website` help to match companies.",
    )


class RowErrorOut(BaseModel):
    line: int = Field(description="Line of the file, the heading being the first.")
    reason: str = Field(description="What is wrong with it, in plain words.")


class ImportOut(BaseModel):
    """What became of a list of customers; good rows are kept whatever the bad ones are."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "created": 2,
                    "updated": 1,
                    "unchanged": 37,
                    "rejected": 1,
                    "errors": [{"line": 14, "reason": "there is no external_id"}],
                    "warnings": [],
                }
            ]
        }
    )

    created: int = Field(description="Customers that are new.")
    updated: int = Field(description="Customers that differ from before.")
    unchanged: int = Field(description="Customers that are as they were.")
    rejected: int = Field(description="Rows that were not kept.")
    errors: list[RowErrorOut] = Field(
        description="Rows that were not kept, with the reason; not all of very many."
    )
    warnings: list[RowErrorOut] = Field(
        default_factory=list, description="Rows that were kept, with what in them cannot be used."
    )
