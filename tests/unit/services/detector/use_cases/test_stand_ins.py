"""Whose what is kept under a stand-in is: of the company's present customer, and of nobody else."""

from __future__ import annotations

from datetime import UTC, datetime

from services.detector.domain.customer import Customer
from services.detector.domain.identity import Subject, provisional_customer_id
from services.detector.use_cases.stand_ins import former_subjects, former_subjects_of, stand_in_ids
from shared.contracts.resources import CompanyChanged
from tests.unit.services.detector.fakes.customers import MemoryCustomers

ORG, WORKSPACE = "acme", "ws1"


def company(name: str) -> CompanyChanged:
    return CompanyChanged(
        organization_id=ORG,
        connection_id="con1",
        workspace_id=WORKSPACE,
        version="v",
        observed_at=datetime(2026, 6, 1, tzinfo=UTC),
        id=name,
    )


def stand_in(name: str, merged_into: str | None) -> Customer:
    identifier = provisional_customer_id(ORG, f"{WORKSPACE}:{name}")
    return Customer(identifier, ORG, name, provisional=True, merged_into=merged_into)


def test_a_stand_in_is_its_company_s_customer_s() -> None:
    """Where it was merged into whoever owns its company now."""
    owners = stand_in_ids(ORG, {"one": [company("a"), company("b")], "two": [company("c")]})
    held = {one.customer_id: one for one in (stand_in("a", "one"), stand_in("b", None), stand_in("c", "two"))}
    a, _, c = (Subject("customer", key).key for key in held)
    assert former_subjects(owners, held) == {"one": [a], "two": [c]}


def test_one_that_names_somebody_else_is_nobody_s() -> None:
    """Also where the other is looked at too, so that it matters to nobody who is looked at together."""
    held = {one.customer_id: one for one in (stand_in("a", "two"),)}
    assert former_subjects(stand_in_ids(ORG, {"one": [company("a")], "two": [company("b")]}), held) == {}


def test_a_chain_or_a_circle_is_not_followed() -> None:
    """A stand-in that names another stand-in, or itself, counts for nobody."""
    first = stand_in("a", stand_in("b", None).customer_id)
    second = stand_in("b", first.customer_id)
    held = {one.customer_id: one for one in (first, second)}
    assert former_subjects(stand_in_ids(ORG, {"one": [company("a"), company("b")]}), held) == {}


async def test_another_organization_s_stand_in_is_not_found() -> None:
    """The same company of the same workspace id stands for another customer elsewhere."""
    customers = MemoryCustomers()
    identifier = provisional_customer_id("other", f"{WORKSPACE}:a")
    await customers.save([Customer(identifier, "other", "a", provisional=True, merged_into="one")])
    assert await former_subjects_of(customers, ORG, {"one": [company("a")]}) == {}
