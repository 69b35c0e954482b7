"""Why a company is matched to its customer, in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.detector.use_cases.show_companies import CompanyRow

BASIS_CHOICES = (
    ("none", "to nobody"),
    ("external_id", "by external id"),
    ("name", "by name"),
    ("person", "by a person"),
)


def why_matched(row: CompanyRow) -> str:
    """Return why a company is matched, to follow "because"; a person's decision is shown beside it."""
    if row.company.basis == "external_id":
        return f"its company_id {row.company.record.company_id} is the customer's external id"
    if row.company.basis == "name":
        return "its name is the customer's, and no other customer's"
    if row.company.basis == "person":
        return f"{_who(row)} decided so"
    return "it is matched to nobody"


def in_short(row: CompanyRow) -> str:
    """Return the same in a word or two, to follow "by"; empty if it is matched to nobody."""
    if row.company.basis == "person":
        return _who(row)
    return {"external_id": "external id", "name": "name", "none": ""}[row.company.basis]


def _who(row: CompanyRow) -> str:
    return (row.decided.by if row.decided else "") or "somebody"
