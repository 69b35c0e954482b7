"""How the API shows companies of the workspaces, and takes what people decide about them.

Fields are added, never renamed or removed, within /api/v1.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from services.detector.domain.matching import MatchBasis

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.detector.domain.customer import Customer
    from services.detector.domain.matching import Decision
    from services.detector.use_cases.show_companies import CompanyRow, CompanyView

_COMPANY_EXAMPLE: dict[str, Any] = {
    "company_id": "ws1:65e9",
    "name": "Northwind Trading",
    "external_id": "acc-17",
    "website": "https://northwind.example",
    "customer": {"id": "c5d1", "name": "Northwind", "external_id": "acc-17", "known": True},
    "matched_by": "person",
    "decided_by": "ann@example.com",
    "decided_at": "2026-03-02T09:12:00Z",
}


class MatchedCustomerOut(BaseModel):
    """The customer that a company is matched to, or that stands for it alone."""

    id: str = Field(description="Earshot's own id of the customer.")
    name: str = Field(description="The customer's name.")
    external_id: str | None = Field(
        description="The organization's own id of the customer; null for a stand-in."
    )
    known: bool = Field(description="Whether it is on the organization's list; false for a stand-in.")

    @classmethod
    def of(cls, customer: Customer) -> MatchedCustomerOut:
        return cls(
            id=customer.customer_id,
            name=customer.name,
            external_id=customer.external_id,
            known=not customer.provisional,
        )


class CompanyOut(BaseModel):
    """A company of a workspace with its customer, and why it is that one."""

    model_config = ConfigDict(json_schema_extra={"examples": [_COMPANY_EXAMPLE]})

    company_id: str = Field(description="The workspace's id and Intercom's, as `workspace:company`.")
    name: str | None = Field(description="The company's name; null if it has none.")
    external_id: str | None = Field(description="Its `company_id` in Intercom; null if it has none.")
    website: str | None = Field(description="Its website as Intercom has it; null if it has none.")
    customer: MatchedCustomerOut | None = Field(
        description="Its customer; its own stand-in where it is matched to nobody; null until looked at."
    )
    matched_by: MatchBasis = Field(
        description="Why: `external_id`, `name`, `person` (decided_by says who); `none` if matched to nobody."
    )
    decided_by: str | None = Field(
        description="Who decided it: an e-mail address, or a name without one; null where no person did."
    )
    decided_at: datetime | None = Field(description="When; null where no person did, or long ago.")

    @classmethod
    def of(cls, row: CompanyRow) -> CompanyOut:
        return cls(**_fields(row))


class CompanyDecisionOut(BaseModel):
    """A person's word on a company: it is this customer, or it is not."""

    customer_id: str = Field(description="The customer it is about.")
    name: str | None = Field(description="The customer's name; null where it is gone.")
    confirmed: bool = Field(description="True: it is this customer. False: it is not.")
    by: str | None = Field(description="Who said so: an e-mail address, or a name without one.")
    at: datetime | None = Field(description="When; null where that was long ago.")

    @classmethod
    def of(cls, decision: Decision, named: Mapping[str, Customer]) -> CompanyDecisionOut:
        customer = named.get(decision.customer_id)
        return cls(
            customer_id=decision.customer_id,
            name=customer.name if customer else None,
            confirmed=decision.confirmed,
            by=decision.by or None,
            at=decision.at,
        )


class OneCompanyOut(CompanyOut):
    """A company with what moves along with it, and what people decided about it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **_COMPANY_EXAMPLE,
                    "people": 12,
                    "conversations": 34,
                    "decisions": [
                        {
                            "customer_id": "c5d1",
                            "name": "Northwind",
                            "confirmed": True,
                            "by": "ann@example.com",
                            "at": "2026-03-02T09:12:00Z",
                        }
                    ],
                }
            ]
        }
    )

    people: int = Field(description="Contacts that belong to it.")
    conversations: int = Field(description="Conversations that are its customer's because of it.")
    decisions: list[CompanyDecisionOut] = Field(
        description="What people decided, newest first; of each customer the last 20 words."
    )

    @classmethod
    def of_view(cls, view: CompanyView) -> OneCompanyOut:
        return cls(
            **_fields(view.row),
            people=view.people,
            conversations=view.conversations,
            decisions=[CompanyDecisionOut.of(decision, view.named) for decision in view.history],
        )


class CompanyIn(BaseModel):
    """The customer that a company is to be matched to, or parted from."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"customer_id": "c5d1"}]})

    customer_id: str = Field(min_length=1, max_length=300, description="As the list of customers gives it.")


def _fields(row: CompanyRow) -> dict[str, Any]:
    record, decided = row.company.record, row.decided
    return {
        "company_id": row.company.key,
        "name": record.name,
        "external_id": record.company_id,
        "website": record.website,
        "customer": MatchedCustomerOut.of(row.customer) if row.customer else None,
        "matched_by": row.company.basis,
        "decided_by": (decided.by or None) if decided else None,
        "decided_at": decided.at if decided else None,
    }
