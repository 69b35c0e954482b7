"""Stand-ins whose company found its customer: whatever is still stored under them counts for that customer.

A stand-in has one company and counts for one customer: the present owner of that company, provided that the
stand-in itself names the same one. No chain is followed, since a stand-in is merged into a customer of the
list and never into another stand-in. Everything stays within one organization, whose id is part of each id
and of each query.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.detector.domain.identity import Subject, provisional_customer_id, resource_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from services.detector.domain.customer import Customer
    from services.detector.ports import Customers
    from shared.contracts.resources import CompanyChanged


def stand_in_ids(organization_id: str, owned: Mapping[str, Sequence[CompanyChanged]]) -> dict[str, str]:
    """Return the ids of the stand-ins that these companies had, with the present owner of each."""
    return {
        provisional_customer_id(organization_id, resource_key(company.workspace_id, company.id)): owner
        for owner, companies in owned.items()
        for company in companies
    }


def former_subjects(owners: Mapping[str, str], customers: Mapping[str, Customer]) -> dict[str, list[str]]:
    """Return by customer the subject keys of the stand-ins that were merged into it.

    `owners` come from `stand_in_ids`; `found` holds the customers with those ids, and may hold others.
    """
    former: dict[str, list[str]] = {}
    for stand_in, owner in owners.items():
        customer = customers.get(stand_in)
        if customer is not None and customer.merged_into == owner:
            former.setdefault(owner, []).append(Subject("customer", stand_in).key)
    return former


async def former_subjects_of(
    customers: Customers, organization_id: str, owned: Mapping[str, Sequence[CompanyChanged]]
) -> dict[str, list[str]]:
    """Return by customer the subject keys of the stand-ins that were merged into it."""
    owners = stand_in_ids(organization_id, owned)
    return former_subjects(owners, await customers.by_ids(organization_id, owners))
