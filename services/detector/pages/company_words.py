"""Why a company is the customer that it is, in plain words."""

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
    """Return a sentence without its full stop; who decided and when stand beside it on the page."""
    if row.company.basis == "external_id":
        return f"its company_id {row.company.record.company_id} is the customer's external id"
    if row.company.basis == "name":
        return "its name is the customer's, and no other customer's"
    if row.company.basis == "person":
        return f"{(row.decided.by if row.decided else None) or 'somebody'} decided so"
    return "it is matched to nobody, and stands for itself"
