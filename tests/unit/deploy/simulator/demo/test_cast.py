"""Who is in the demo workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deploy.simulator.demo.cast import admin_named
from deploy.simulator.demo.library import table

if TYPE_CHECKING:
    from deploy.simulator.model import Workspace


def test_companies_carry_what_the_crm_knows(demo: Workspace) -> None:
    """Seats, renewal date (midnight, Unix seconds) and a success manager who works there."""
    emails = {admin.email for admin in demo.admins.values()}
    for company in demo.companies:
        attributes = company.custom_attributes
        assert attributes["csm"] in emails
        assert isinstance(attributes["seats"], int)
        assert isinstance(attributes["renewal_date"], int)
        assert attributes["renewal_date"] % 86_400 == 0
        assert company.website
        assert company.industry


def test_some_companies_can_only_be_matched_by_name(demo: Workspace) -> None:
    """They lack the CRM's id, or carry another one; and some names are alike."""
    without = [company for company in demo.companies if not company.company_id.startswith("acct_")]
    assert len(without) >= 6
    assert sum(company.company_id == "" for company in without) >= 2
    known = [company.company_id for company in demo.companies if company.company_id]
    assert len(known) == len(set(known))
    names = {company.name for company in demo.companies}
    assert {
        "Brightwater Pools",
        "Brightwater Pool Service",
        "Northgate Lifts",
        "Northgate Lifts (Ireland)",
    } <= names


def test_people_have_addresses_of_their_companies_or_private_ones(demo: Workspace) -> None:
    """Addresses are unique; a good part of the leads belongs to no company."""
    emails = [contact.email for contact in demo.contacts]
    assert len(emails) == len(set(emails))
    domains = {(contact.email or "").rpartition("@")[2] for contact in demo.contacts}
    assert all(domain == "gmail.com" or domain.endswith(".example") for domain in domains)
    leads = [contact for contact in demo.contacts if contact.role == "lead"]
    assert len(leads) >= 15
    assert any(not lead.company_ids for lead in leads)


def test_everybody_in_the_files_exists_once(demo: Workspace) -> None:
    """Names are unique, so that a story means one person."""
    names = [row["name"] for row in table("people.csv")]
    assert len(names) == len(set(names)) == len(demo.contacts)
    accounts = {row["name"] for row in table("companies.csv")}
    assert all(row["account"] in accounts for row in table("people.csv") if row["account"])


def test_user_counts_are_counted(demo: Workspace) -> None:
    """As many as there are contacts of the company."""
    for company in demo.companies:
        assert company.user_count == sum(company.id in contact.company_ids for contact in demo.contacts)


def test_staff_are_found_by_first_name(demo: Workspace) -> None:
    """And a name that nobody has is an error, not somebody else."""
    assert admin_named(demo, "Hannah").email == "hannah@crewlark.example"
    with pytest.raises(KeyError):
        admin_named(demo, "Zebedee")
