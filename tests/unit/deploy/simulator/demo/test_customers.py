"""The vendor's own list of customers."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import TYPE_CHECKING

from deploy.simulator.demo.customers import customers_csv
from deploy.simulator.demo.library import table

if TYPE_CHECKING:
    from deploy.simulator.model import Workspace


def test_most_customers_are_matched_by_their_id(demo: Workspace) -> None:
    """The rest by name alone, exactly or nearly; two are not in Intercom at all."""
    rows = table("customers.csv")
    ids = {company.company_id for company in demo.companies}
    names = {company.name for company in demo.companies}
    folded = {name.casefold().replace("&", "and") for name in names}
    by_id = [row for row in rows if row["external_id"] in ids]
    by_name = [row for row in rows if row["external_id"] not in ids and row["name"] in names]
    nearly = [
        row
        for row in rows
        if row not in by_id
        and row not in by_name
        and row["name"].casefold().replace("&", "and").removesuffix(" ltd") in folded
    ]
    assert len(by_id) >= 45
    assert len(by_name) >= 3
    assert len(nearly) >= 3
    assert len(rows) == len(by_id) + len(by_name) + len(nearly) + 2


def test_owners_work_there(demo: Workspace) -> None:
    """Every owner is the address of a colleague."""
    emails = {admin.email for admin in demo.admins.values()}
    assert {row["owner"] for row in table("customers.csv")} <= emails


def test_renewal_dates_agree_with_the_workspace(demo: Workspace, now: int) -> None:
    """The CRM and Intercom name the same day."""
    in_crm = {
        row["external_id"]: row["renewal_date"] for row in csv.DictReader(io.StringIO(customers_csv(now)))
    }
    assert set(in_crm) == {row["external_id"] for row in table("customers.csv")}
    compared = 0
    for company in demo.companies:
        if company.company_id in in_crm:
            renewal = company.custom_attributes["renewal_date"]
            assert isinstance(renewal, int)
            day = date.fromisoformat(in_crm[company.company_id])
            assert (day - date(1970, 1, 1)).days * 86_400 == renewal
            compared += 1
    assert compared >= 45


def test_the_list_with_mistakes_has_two() -> None:
    """One row without a name, one that repeats an id."""
    rows = table("customers_with_mistakes.csv")
    ids = [row["external_id"] for row in rows]
    assert sum(not row["name"] for row in rows) == 1
    assert len(ids) - len(set(ids)) == 1
