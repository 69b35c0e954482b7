"""Suggested customers of companies, for machines: the suggestions, and people's decisions on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Body, Depends
from pydantic import BaseModel, ConfigDict, Field

from services.detector.api.route import DetectorRoute
from shared.auth.dependencies import Admin, Member, csrf_protect
from shared.http.paging import CursorText, Page, PageSize, decode_cursor, encode_cursor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.detector.domain.customer import Customer
    from services.detector.domain.matching import Suggestion
    from services.detector.domain.mirror import MirroredCompany
    from services.detector.lists import Lists
    from services.detector.ports import Customers
    from services.detector.use_cases.decide_matches import DecideMatches

_EXAMPLE: dict[str, Any] = {
    "company_id": "ws1:65e9",
    "name": "Northwind Trading",
    "suggestions": [
        {
            "customer_id": "c5d1",
            "name": "Northwind",
            "external_id": "acc-17",
            "names_alike": False,
            "domain": "northwind.example",
            "reasons": ["people of both write from northwind.example"],
        }
    ],
}


class SuggestedOut(BaseModel):
    """A customer that the company may be, and why."""

    customer_id: str = Field(description="The customer it may be.")
    name: str = Field(description="The customer's name.")
    external_id: str | None = Field(
        description="The organization's own id of the customer; null if it has none."
    )
    names_alike: bool = Field(description="Whether the names are why.")
    domain: str | None = Field(description="The e-mail domain that hints at the customer; None without one.")
    reasons: list[str] = Field(description="Why, in plain words; at least one.")

    @classmethod
    def of(cls, suggestion: Suggestion, customer: Customer) -> SuggestedOut:
        return cls(
            customer_id=customer.customer_id,
            name=customer.name,
            external_id=customer.external_id,
            names_alike=suggestion.names_alike,
            domain=suggestion.domain,
            reasons=list(suggestion.reasons),
        )


class QuestionOut(BaseModel):
    """A company that was matched to nobody, with the customers it may be; likely names come first."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    company_id: str = Field(description="The workspace's id and Intercom's, as `workspace:company`.")
    name: str | None = Field(description="The company's name; null if it has none.")
    suggestions: list[SuggestedOut] = Field(description="Customers it may be, the likeliest first.")

    @classmethod
    def of(cls, company: MirroredCompany, customers: Mapping[str, Customer]) -> QuestionOut:
        return cls(
            company_id=company.key,
            name=company.record.name,
            suggestions=[
                SuggestedOut.of(suggestion, customers[suggestion.customer_id])
                for suggestion in company.suggestions
                if suggestion.customer_id in customers
            ],
        )


class AnswerIn(BaseModel):
    """A person's word: the company is this customer, or it is not and is never suggested again."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"company_id": "ws1:65e9", "customer_id": "c5d1", "confirmed": True}]
        },
    )

    company_id: str = Field(min_length=1, max_length=600, description="As the question gives it.")
    customer_id: str = Field(min_length=1, max_length=300, description="As the suggestion gives it.")
    confirmed: bool = Field(
        description="True: it is this customer. False: it is not, and is never suggested again."
    )


def suggestion_routes(*, lists: Lists, customers: Customers, matches: DecideMatches) -> APIRouter:
    """Return the routes under /api/v1/customers/suggestions; they must precede those of one customer."""
    router = APIRouter(prefix="/api/v1/customers/suggestions", tags=["customers"], route_class=DetectorRoute)

    @router.get("")
    async def list_suggestions(
        identity: Member, limit: PageSize = 50, cursor: CursorText = None
    ) -> Page[QuestionOut]:
        """List companies that may be a customer, by like names or by the e-mail domain of their people."""
        organization = identity.organization_id
        portion = await lists.undecided(organization, position=decode_cursor(cursor), limit=limit)
        ids = {suggestion.customer_id for company in portion.items for suggestion in company.suggestions}
        suggested = await customers.by_ids(organization, ids)
        return Page(
            items=[QuestionOut.of(company, suggested) for company in portion.items],
            next_cursor=encode_cursor(portion.next) if portion.next else None,
        )

    @router.post("", status_code=204, dependencies=[Depends(csrf_protect)])
    async def answer(identity: Admin, body: Annotated[AnswerIn, Body()]) -> None:
        """Confirm or refuse one; the company is matched anew, and everything of it follows."""
        await matches.decide(
            identity.organization_id,
            body.company_id,
            body.customer_id,
            confirmed=body.confirmed,
            by=identity.known_by,
        )

    return router
