"""Stand-ins whose company found its customer: what is still kept under them counts as that customer's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.detector.domain.identity import Subject, provisional_customer_id, resource_key

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from services.detector.domain.customer import Customer
    from services.detector.ports import Customers
    from shared.contracts.resources import CompanyChanged


def stand_in_ids(organization_id: str, owned: Mapping[str, Sequence[CompanyChanged]]) -> set[str]:
    """Return the customers that stood for these companies before they had one."""
    return {
        provisional_customer_id(organization_id, resource_key(one.workspace_id, one.id))
        for companies in owned.values()
        for one in companies
    }


def former_subjects(found: Collection[Customer]) -> dict[str, list[str]]:
    """Return by customer the keys of the subjects that were merged into it, of those found."""
    former: dict[str, list[str]] = {}
    for one in found:
        if one.merged_into is not None:
            former.setdefault(one.merged_into, []).append(Subject("customer", one.customer_id).key)
    return former


async def former_subjects_of(
    customers: Customers, organization_id: str, owned: Mapping[str, Sequence[CompanyChanged]]
) -> dict[str, list[str]]:
    """Return by customer the keys of the subjects that stood for its companies and were merged into it."""
    found = await customers.by_ids(organization_id, stand_in_ids(organization_id, owned))
    return former_subjects(found.values())
